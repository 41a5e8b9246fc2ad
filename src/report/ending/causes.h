/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a run ended as it did: root failures in buckets of alike ones, each with the jobs that were
 * cancelled because of it; and what the user's own doing stopped. Counts and job numbers only: how
 * it is shown is others' business.
 */
#ifndef REPORT_ENDING_CAUSES_H
#define REPORT_ENDING_CAUSES_H

#include "run/results.h"

#define CAUSES_NO_JOB UINT32_MAX

struct bucket {
	const char *key; /* what is common to the messages */
	enum job_reason reason;
	enum job_status status; /* of the first */
	uint32_t first;		/* job; the others: causes.next[]; who cancelled most comes first */
	uint32_t last;
	uint32_t n_jobs, n_cancelled;
};

struct causes {
	struct arena *mem;
	struct bucket **buckets; /* the one that cost most jobs first */
	size_t n_buckets;
	uint32_t *next;		  /* by job: the next one in its bucket, or CAUSES_NO_JOB */
	uint32_t *n_cancelled_by; /* by job: cancelled because of it, where it is in a bucket */
	/* By class of the reason, of KILLED jobs only but for FAILED ones. */
	uint32_t n_passed, n_failed, n_killed, n_cancelled, n_stopped;
	uint32_t n_flaky, n_leaky, n_fallback;
	/* By reason of class user: jobs stopped, and those cancelled because of such ones. */
	uint32_t stopped[REASON_COUNT], stopped_more[REASON_COUNT];
	uint32_t n_unexplained; /* cancelled, and the cause is not among the jobs */
};

/* Rows come as for results_write(). */
void causes_find(struct causes *ret, size_t n_jobs, results_next *next, void *ctx);
void causes_done(struct causes *c);

#endif
