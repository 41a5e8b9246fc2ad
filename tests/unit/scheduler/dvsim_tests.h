/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests that follow DVSim's share. */
#ifndef DVSIM_TESTS_H
#define DVSIM_TESTS_H

#include "bed.h"
#include "cmocka_all.h"

/* job_0 … job_n-1 */
static inline void add_jobs(struct bed *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bed_job(b, "job_%u", i);
}

static inline void assert_all_passed(const struct bed *b)
{
	assert_int_equal(sched_tally(b->s)[JOB_PASSED], sched_n_jobs(b->s));
}

struct ending {
	enum job_status status;
	double duration_s;
};

static inline struct fake_outcome as_scripted(const struct job *job, uint32_t attempt, void *ctx)
{
	const struct ending *e = ((struct bed *)ctx)->ctx;

	(void)job, (void)attempt;
	return (struct fake_outcome){
		.status = e->status, .reason = REASON_SCRIPTED, .duration_s = e->duration_s};
}

#endif
