/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of one attempt of a job, kept until the end of the run. There may be a million of
 * them, so members that few attempts have are in separate structs.
 */
#ifndef SCHEDULER_JOB_ATTEMPT_H
#define SCHEDULER_JOB_ATTEMPT_H

#include "base/arena.h"
#include "job/job_result.h"

/* Members that few attempts have. Each may be NULL or 0. */
struct job_attempt_extra {
	const char *resources; /* see job_attempt_resources() */
	const char *stage;     /* see job_attempt_stage() */
	/* from the result */
	const char *message, *context, *details;
	const struct job_measures *measures;
	uint64_t peak_memory_kib, cgroup_peak_kib;
	uint32_t line;
	int32_t term_signal;
};

/* Members of attempts that really ran. */
struct job_attempt_use {
	struct job_usage usage;
	uint64_t log_stamp;
};

/* Newest first in job->attempts. */
struct job_attempt {
	struct job_attempt *before;
	const char *where;		   /* "local/3", a host, a device; from the backend */
	struct job_attempt_extra *extra;   /* NULL: all members are NULL or 0 */
	const struct job_attempt_use *use; /* NULL: not measured */
	double start_wall_s, duration_s;
	uint32_t number; /* from 1 */
	int32_t exit_status, pid;
	uint8_t status; /* enum job_status: JOB_RUNNING until it has ended */
	uint8_t reason; /* enum job_reason */
	uint8_t marks;
	bool is_uncounted;
};

/* The result of an attempt; the status is JOB_RUNNING while the attempt runs. Texts are valid as
 * long as the scheduler. */
struct job_result job_attempt_result(const struct job_attempt *a);
/* The units with numbers that it used, as JSON: {"PORT":[60003]}; NULL: none. */
const char *job_attempt_resources(const struct job_attempt *a);
/* The name of the fallback's stage that it ran; NULL: the job itself. */
const char *job_attempt_stage(const struct job_attempt *a);

/* For the scheduler only: begin and end an attempt. Texts are borrowed; they must be valid as long
 * as the attempt. */
struct job_attempt *job_attempt_new(struct arena *mem, const char *resources, const char *stage);
void job_attempt_end(struct job_attempt *a, struct arena *mem, const struct job_result *result);

#endif
