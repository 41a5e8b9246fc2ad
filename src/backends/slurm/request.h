/* SPDX-License-Identifier: Apache-2.0 */
/* What jobs ask of Slurm: the keys of the backend's settings and of jobs (`slurm: {…}`), and the
 * options of sbatch that they become. docs/reference/backends.md has their meaning. */
#ifndef BACKENDS_SLURM_REQUEST_H
#define BACKENDS_SLURM_REQUEST_H

#include "backends/farm/farm_backend.h"
#include "backends/slurm/sites.h"
#include "base/diag.h"
#include "config/fields.h"
#include "job/job_spec.h"

enum request_key {
	REQUEST_PARTITION,
	REQUEST_ACCOUNT,
	REQUEST_QOS,
	REQUEST_CONSTRAINT,
	REQUEST_LICENCES,
	REQUEST_GPUS,
	REQUEST_CPUS,
	REQUEST_MEMORY,
	REQUEST_TIME,
	REQUEST_KEYS
};

struct request_value {
	const char *option; /* "--partition=main"; NULL: not asked for */
	uint64_t number;    /* of CPUS; MiB of MEMORY; minutes of TIME */
	const char *text;
	struct src_pos pos;
};

/* All strings are in one arena. */
struct slurm_request {
	struct farm_request farm;
	struct request_value at[REQUEST_KEYS];
	bool has_own_keys;	    /* of jobs, not of the backend */
	const char *const *options; /* NULL-terminated; NULL: none */
	struct src_pos options_pos;
};

/* Reads the keys of the settings; errors go to the diags of f. */
void request_read_settings(struct arena *mem, struct cfg_fields *f, struct slurm_request *ret);
/* The request of jobs with these rules: base, with the keys of the job over it. Reports errors. */
void request_read_job(struct arena *mem, const struct slurm_request *base,
		      const struct job_rules *rules, struct slurm_request *ret,
		      struct diags *diags);
/* Reports what no node of the cluster has. rules: its CPUs; name: of the job, for messages. */
void request_check_sites(const struct slurm_request *r, const struct sites *sites,
			 const struct job_spec *spec, struct diags *diags);
/* Appends the options of sbatch. cpus: if the request has no CPUs; n: so many times CPUs and
 * memory. */
void request_add(const struct slurm_request *r, uint64_t cpus, uint64_t n,
		 struct command_words *words);

#endif
