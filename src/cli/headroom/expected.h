/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory each job of a plan is expected to need: its limit, else what it took in earlier
 * runs. */
#ifndef CLI_HEADROOM_EXPECTED_H
#define CLI_HEADROOM_EXPECTED_H

#include "headroom/watermarks.h"
#include "run/past_memory.h"
#include "scheduler/sched.h"

struct expected {
	struct past_memory *past; /* NULL: nothing is known */
	bool is_off;		  /* by --min-free-memory 0 */
};

/* max_parallel: the most jobs at a time; 0: one per CPU. */
void expected_init(struct expected *e, const struct plan *plan, uint32_t max_parallel,
		   const struct watermark_limits *limits);
void expected_done(struct expected *e);
/* A job that took less waits for no memory: twice as much fits for all that may run at a time, or
 * it is not worth an account. */
uint64_t expected_least_kib(uint64_t available_bytes, uint32_t max_parallel);
/* sched_expected_memory, ctx: const struct expected *. */
uint32_t expected_mib(const struct job_spec *spec, void *ctx);

#endif
