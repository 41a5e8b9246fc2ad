/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causes of the end of a run: root failures in buckets of similar ones, each with the number of
 * jobs that were cancelled because of it; and jobs that the user stopped. Has counts and job
 * numbers only, no layout.
 */
#ifndef REPORT_ENDING_CAUSES_H
#define REPORT_ENDING_CAUSES_H

#include "run/results.h"

#define CAUSES_NO_JOB UINT32_MAX

struct bucket {
	const char *key; /* the key of its messages: bucketer_key() */
	enum job_reason reason;
	enum job_status status; /* status of the first job */
	uint32_t first; /* a job; the others follow by causes.next[]; the one that cancelled most
			   comes first */
	uint32_t last;
	uint32_t n_jobs, n_cancelled;
};

struct causes {
	struct arena *mem;
	struct bucket **buckets; /* those with most failed and cancelled jobs first */
	size_t n_buckets;
	uint32_t *next;		  /* by job: the next one in its bucket, or CAUSES_NO_JOB */
	uint32_t *n_cancelled_by; /* by job in a bucket: number of jobs cancelled because of it */
	/* n_failed: FAILED. The next three are KILLED jobs, by the class of their reason. */
	uint32_t n_passed, n_failed, n_killed, n_cancelled, n_stopped;
	uint32_t n_flaky, n_leaky, n_fallback;
	/* By reason of class user: jobs that were stopped, and jobs that were cancelled because of
	 * these. */
	uint32_t stopped[REASON_COUNT], stopped_more[REASON_COUNT];
	uint32_t n_unexplained; /* cancelled, but the cause is not a job of the run */
};

/* next and ctx: as for results_write(). */
void causes_find(struct causes *ret, size_t n_jobs, results_next *next, void *ctx);
void causes_done(struct causes *c);

#endif
