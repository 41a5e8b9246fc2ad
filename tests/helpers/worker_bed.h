/* SPDX-License-Identifier: Apache-2.0 */
/* Device workers on a loop, with the test driver, in a scratch root of their own. */
#ifndef HELPERS_WORKER_BED_H
#define HELPERS_WORKER_BED_H

#include "device/worker/worker.h"

enum { BED_RANKS = 4 };

struct bed_rank {
	struct worker_bed *bed;
	struct device_worker *worker;
	struct device_worker_options options;
	bool is_open, has_failed, has_ended, has_died, has_answered;
	enum dvs_class open_class;
	enum run_phase phase; /* told last */
	struct device_result result;
	struct arena *mem; /* of result */
	char *open_text, *why, *diagnosis;
	int status;
	char *own_log;
};

struct worker_bed {
	struct ev_loop *loop;
	struct bed_rank ranks[BED_RANKS];
	struct job_block block;
	struct job_rules rules;
	struct job_spec spec;
	const char *argv[2];
	struct device_request request;
	char *base, *root, *odir, *log, *lock, *state; /* base: the directory around root */
	uint64_t epoch;
};

/* In main(), before anything else: this program is workers and probes, too. */
void worker_bed_dispatch(int argc, char **argv);

struct worker_bed *worker_bed_new(void);
void worker_bed_free(struct worker_bed *b);

/* Starts rank's worker with these options of the driver, without waiting. */
void worker_bed_start(struct worker_bed *b, unsigned rank, const char *options);
/* … and waits until it is open. */
void worker_bed_open(struct worker_bed *b, unsigned rank, const char *options);
/* Sends job to rank 0 alone. */
void worker_bed_send(struct worker_bed *b, const char *job);
/* … and waits for the result. */
const struct device_result *worker_bed_run(struct worker_bed *b, const char *job);
/* Sends a rank of a gang. */
void worker_bed_send_rank(struct worker_bed *b, unsigned rank, const char *job);

typedef bool bed_condition(const struct bed_rank *r);
bool bed_is_open(const struct bed_rank *r);
bool bed_has_ended(const struct bed_rank *r);
bool bed_has_died(const struct bed_rank *r);
bool bed_has_answered(const struct bed_rank *r);
bool bed_is_armed(const struct bed_rank *r);
/* Turns the loop until it is so. */
void worker_bed_wait(struct worker_bed *b, unsigned rank, bed_condition *is_so);
/* Turns the loop until the driver of rank is inside of that call, which it must not leave soon. */
void worker_bed_wait_for_call(struct worker_bed *b, unsigned rank, enum driver_call call);
/* Turns the loop until the run of rank is there, where it must stay for a while. */
void worker_bed_wait_for_phase(struct worker_bed *b, unsigned rank, enum run_phase phase);

#endif
