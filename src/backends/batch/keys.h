/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What jobs may ask of a batch system that is described in the configuration:
 *
 *   requests: { queue: "-q <value>", memory: "-M <MiB>" }     words for the command that submits
 *   defaults: { queue: "normal" }
 *
 * A job's own keys, `batch: { queue: "long" }`, replace defaults. A key whose words have <bytes>,
 * <KiB>, <MiB> or <GiB> is a size, with <seconds> or <minutes> a duration, else a text. `cpus`
 * is the job's cpus unless it is given.
 */
#ifndef BACKENDS_BATCH_KEYS_H
#define BACKENDS_BATCH_KEYS_H

#include "backends/batch/template.h"
#include "backends/farm/farm_backend.h"
#include "job/job_spec.h"

enum batch_kind { BATCH_TEXT, BATCH_COUNT, BATCH_SIZE, BATCH_DURATION };

struct batch_key {
	const char *name;
	template words;
	enum batch_kind kind;
};

struct batch_keys {
	struct batch_key *at;
	size_t n;
};

/* The values of keys, in their order. All strings are in one arena. */
struct batch_request {
	struct farm_request farm;
	const char **values; /* texts as written; NULL: not asked for */
	bool has_own_keys;   /* of jobs, not of the backend */
};

/* Reads `requests`, `defaults` and `mode`. */
void batch_keys_read(struct cfg_fields *f, struct batch_keys *ret, struct batch_request *defaults);
/* The request of jobs with these rules. Reports errors. */
void batch_request_read(struct arena *mem, const struct batch_keys *keys,
			const struct batch_request *defaults, const struct job_rules *rules,
			struct batch_request *ret, struct diags *diags);
/* Appends the words of all values. cpus: if the request has none; n: so many times CPUs and
 * sizes. */
void batch_request_add(const struct batch_keys *keys, const struct batch_request *r, uint64_t cpus,
		       uint64_t n, struct command_words *to);

#endif
