/* SPDX-License-Identifier: Apache-2.0 */
/* A gang and the boards of its workers, copied for the watchdog. */
#include "backends/chips/gang.h"

static enum watch_stage stage_of(const struct rank *r)
{
	static const enum watch_stage stages[] = {
		[RANK_OPENING] = STAGE_BEFORE, [RANK_OPEN] = STAGE_BEFORE,
		[RANK_SENT] = STAGE_SENT,      [RANK_TAKEN] = STAGE_SENT,
		[RANK_ARMED] = STAGE_ARMED,    [RANK_RUNNING] = STAGE_RUNNING,
		[RANK_ENDED] = STAGE_ENDED,
	};

	return stages[r->state];
}

static uint64_t stamp_of(const struct board *b, enum run_phase p)
{
	return atomic_load_explicit(&b->stamp_ns[p], memory_order_acquire);
}

static void view_board(const struct gang *g, const struct board *b, struct watch_rank *ret)
{
	ret->has_read = atomic_load_explicit(&b->epoch, memory_order_acquire) == g->epoch;
	if (ret->has_read)
		ret->phase = (enum run_phase)atomic_load_explicit(&b->phase, memory_order_acquire);
	ret->call = (enum driver_call)atomic_load(&b->call);
	ret->call_since_ns = atomic_load(&b->call_since_ns);
	ret->beat_ns = atomic_load(&b->beat_ns);
	ret->done = atomic_load(&b->done);
	ret->total = atomic_load(&b->total);
	ret->evidence = atomic_load(&b->evidence); /* before progress_ns: board.h */
	ret->progress_ns = atomic_load(&b->progress_ns);
	ret->has_reported = atomic_load(&b->has_reported);
	ret->call_returned_ns = atomic_load(&b->call_returned_ns);
	ret->loaded_ns = stamp_of(b, PHASE_LOADED);
	ret->launched_ns = stamp_of(b, PHASE_LAUNCHED);
	ret->phase_ns = stamp_of(b, ret->phase);
}

void gang_view(const struct gang *g, struct watch_rank *ranks, struct watch_view *ret)
{
	const struct chips *c = g->chips;

	*ret = (struct watch_view){
		.s = c->s,
		.q = g->job->request,
		.now_s = c->turn_s,
		.back_s = c->back_s,
		.now_ns = board_now_ns(),
		.is_ending = g->is_ending,
		.is_released = g->is_released,
		.started_s = g->started_s,
		.released_s = g->released_s,
		.moved_s = g->moved_s,
		.missing_at_s = g->missing_at_s,
		.kill_at_s = g->kill_at_s,
		.diagnose_by_s = g->diagnose_by_s,
		.n = g->n,
		.ranks = ranks,
	};
	for (uint32_t i = 0; i < g->n; i++) {
		const struct rank *r = &g->ranks[i];

		ranks[i] = (struct watch_rank){.stage = stage_of(r),
					       .is_given_up = r->is_given_up,
					       .sent_s = r->sent_s,
					       .loaded_ns = r->end.stamp_ns[PHASE_LOADED]};

		ranks[i].has_worker = r->unit->worker && r->unit->holder == &g->holder;
		if (ranks[i].has_worker)
			view_board(g, device_worker_board(r->unit->worker), &ranks[i]);
	}
}
