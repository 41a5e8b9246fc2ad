/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One start of a job, as it is kept until the run is over. There may be a million, most of which
 * passed without a remark: what few of them have is behind a pointer, and what all have is packed.
 */
#ifndef SCHEDULER_JOB_ATTEMPT_H
#define SCHEDULER_JOB_ATTEMPT_H

#include "base/arena.h"
#include "job/job_result.h"

/* What few attempts have. Each may be NULL or 0. */
struct job_attempt_extra {
	const char *resources; /* see job_attempt_resources() */
	const char *stage;     /* see job_attempt_stage() */
	/* of the result */
	const char *message, *context, *details;
	const struct job_measures *measures;
	uint32_t line;
	int32_t term_signal;
};

/* What is known of attempts that have really run. */
struct job_attempt_use {
	struct job_usage usage;
	uint64_t log_stamp;
};

/* Newest first in job->attempts. */
struct job_attempt {
	struct job_attempt *before;
	const char *where;		   /* "local/3", a host, a device; as the backend said */
	struct job_attempt_extra *extra;   /* NULL: nothing of it */
	const struct job_attempt_use *use; /* NULL: nothing was measured */
	double start_wall_s, duration_s;
	uint32_t number; /* from 1 */
	int32_t exit_status, pid;
	uint8_t status; /* enum job_status: JOB_RUNNING until it has ended */
	uint8_t reason; /* enum job_reason */
	uint8_t marks;
	bool is_uncounted;
};

/* How it ended; with status JOB_RUNNING: it goes on. Its texts live as long as the scheduler. */
struct job_result job_attempt_result(const struct job_attempt *a);
/* {"PORT":[60003]}: units that have numbers; NULL: none. */
const char *job_attempt_resources(const struct job_attempt *a);
/* Of the fallback that it is on; NULL: the job itself. */
const char *job_attempt_stage(const struct job_attempt *a);

/* The scheduler's: a running one, and its end. What the texts are in lives at least as long. */
struct job_attempt *job_attempt_new(struct arena *mem, const char *resources, const char *stage);
void job_attempt_end(struct job_attempt *a, struct arena *mem, const struct job_result *result);

#endif
