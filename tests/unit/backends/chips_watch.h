/* SPDX-License-Identifier: Apache-2.0 */
/* The input of the watchdog: a gang whose ranks are well, for a test to change. */
#ifndef TESTS_UNIT_BACKENDS_CHIPS_WATCH_H
#define TESTS_UNIT_BACKENDS_CHIPS_WATCH_H

#include <math.h>

#include "../base/unit.h"
#include "backends/chips/watch.h"

enum { MOST = 4 };

/* A gang whose ranks run and are well. The element behind the last rank is no rank. */
struct rig {
	struct chips_settings s;
	struct chips_request q;
	struct watch_rank ranks[MOST + 1];
	struct watch_view v;
	struct verdict verdict;
};

static const double now_s = 1000;

/* A board's time of so long ago. */
static inline uint64_t ago(double s)
{
	return (uint64_t)((now_s - s) * 1e9);
}

static inline void rig_init(struct rig *r, uint32_t n)
{
	*r = (struct rig){
		.s = {.driver_name = "sim",
		      .budget_s = {[CLOCK_LOAD] = 30,
				   [CLOCK_JOIN] = 60,
				   [CLOCK_FINISH] = 50,
				   [CLOCK_RESET] = 40}},
		.q = {.stall_s = 10, .run_s = 600, .has_barrier = true, .has_join = true},
		.v = {.now_s = now_s,
		      .back_s = -INFINITY,
		      .now_ns = ago(0),
		      .is_released = true,
		      .started_s = now_s - 10,
		      .released_s = now_s - 10,
		      .missing_at_s = INFINITY,
		      .kill_at_s = INFINITY,
		      .diagnose_by_s = INFINITY,
		      .n = n},
	};
	for (uint32_t i = 0; i < n; i++)
		r->ranks[i] = (struct watch_rank){.stage = STAGE_RUNNING,
						  .has_worker = true,
						  .has_read = true,
						  .sent_s = now_s - 20,
						  .phase = PHASE_LAUNCHED,
						  .loaded_ns = ago(15),
						  .launched_ns = ago(10),
						  .phase_ns = ago(10),
						  .beat_ns = ago(0.1)};
	/* It would be ended at once, it runs, and it has not loaded. */
	r->ranks[n] = (struct watch_rank){.stage = STAGE_RUNNING,
					  .has_worker = true,
					  .phase = PHASE_NONE,
					  .evidence = 1,
					  .beat_ns = ago(500),
					  .progress_ns = ago(0)};
}

static inline const struct verdict *look(struct rig *r)
{
	str_done(&r->verdict.text);
	r->v.s = &r->s;
	r->v.q = &r->q;
	r->v.ranks = r->ranks;
	watch_look(&r->v, &r->verdict);
	return &r->verdict;
}

static inline void is_well(struct rig *r)
{
	const struct verdict *v = look(r);

	if (v->kind != VERDICT_NONE)
		fail_msg("rank %u: %s", v->rank, v->text.s ? v->text.s : "no text");
}

static inline void fails(struct rig *r, uint32_t rank, enum dvs_class class, const char *text)
{
	const struct verdict *v = look(r);

	assert_int_equal(v->kind, VERDICT_FAIL);
	assert_int_equal(v->rank, rank);
	assert_int_equal(v->class, class);
	assert_string_equal(v->text.s, text);
}

static inline void looks_again_in(struct rig *r, double s)
{
	is_well(r);
	if (fabs(r->verdict.next_s - now_s - s) > 1e-6)
		fail_msg("%g s, not %g", r->verdict.next_s - now_s, s);
}

static inline void rig_done(struct rig *r)
{
	str_done(&r->verdict.text);
}

#endif
