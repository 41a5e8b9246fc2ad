/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data that printers show of a run: counts, times, running jobs, failures. It uses no clock
 * (`now` is in seconds on the run's clock), no terminal and no scheduler. The cost of a change does
 * not depend on the size of the run.
 */
#ifndef PRINTERS_TALLY_H
#define PRINTERS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "job/job_status.h"

#define TALLY_FAILURES 1000u /* kept; older ones are only counted */

/* A job at a change of its state. Strings are borrowed for the call, id and where as long as the
 * job runs. */
struct tally_job {
	const char *id, *where, *message, *log_path;
	double started_s; /* of its attempt */
	uint32_t n, target;
	enum job_status status;
	enum job_reason reason;
	bool is_flaky;
};

struct tally_running {
	struct list link, in_target; /* longest first */
	const char *id, *where;	     /* borrowed; where may be NULL */
	double started_s;
	uint32_t n, target;
};

struct tally_failure {
	char *id, *message, *log_path; /* log_path may be NULL */
	double at_s;
	enum job_status status;
};

struct tally_target {
	char *name;
	uint32_t n[JOB_STATUS_COUNT], total;
	double started_s, ended_s; /* NAN: not yet */
	struct list running;	   /* of tally_running.in_target */
	uint32_t version;	   /* changes whenever its row does */
};

struct tally {
	struct tally_target *targets; /* in the order they were added */
	uint32_t n_targets, n_jobs;
	uint32_t n[JOB_STATUS_COUNT], total;
	uint32_t n_flaky;
	uint32_t n_cancelled; /* killed because of another job or of the user: not failures */
	double started_s, ended_s;
	struct list running; /* of tally_running.link */
	struct tally_running **run_of;
	struct tally_failure *failures; /* a ring: number i is at [i % TALLY_FAILURES] */
	uint64_t n_failures;
	uint64_t version;
};

void tally_init(struct tally *t, uint32_t n_jobs, double now);
void tally_done(struct tally *t);
/* Before the first change. n: number of its jobs by status, JOB_STATUS_COUNT numbers. */
void tally_add_target(struct tally *t, const char *name, const uint32_t *n);
/* Returns true if the job has failed: tally_failure() then has it as the last one. */
bool tally_change(struct tally *t, const struct tally_job *job, enum job_status was, double now);
/* The run has ended: times do not grow any more. */
void tally_end(struct tally *t, double now);

uint32_t tally_n_done(const uint32_t *n); /* jobs that are final */
/* Rounded down, so that 100 means all; 100 if total is 0. */
unsigned tally_percent(uint32_t done, uint32_t total);
double tally_elapsed(const struct tally *t, double now);
bool tally_target_is_begun(const struct tally_target *t);
bool tally_target_is_done(const struct tally_target *t);
/* Does a job of the target run, or wait in the queue? */
bool tally_target_is_at_work(const struct tally_target *t);
double tally_target_elapsed(const struct tally_target *t, double now);
/* NULL: nothing runs. */
const struct tally_running *tally_target_longest(const struct tally_target *t);
/* Digits of the largest number in any row, all jobs' total included if with_sum. */
unsigned tally_digits(const struct tally *t, bool with_sum);
/* Number i of [tally_first_failure(t), t->n_failures). */
const struct tally_failure *tally_failure(const struct tally *t, uint64_t i);
uint64_t tally_first_failure(const struct tally *t);

#endif
