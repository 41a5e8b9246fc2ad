/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/watch.h"

#include <math.h>

#include "base/attr.h"

/* No heartbeat for beat_limit_s: the worker is stopped, or the machine stalls. A driver call that
 * must not block may take instant_call_s. */
static const double beat_limit_s = 3, instant_call_s = 10;
/* Time limit for a worker to read its request. */
static const double read_limit_s = 5;
/* Time between two looks at a rank in its driver. */
static const double look_least_s = 0.02, look_most_s = 1;

struct look {
	const struct watch_view *v;
	struct verdict *ret;
};

static void look_again_at(struct look *l, double at_s)
{
	l->ret->next_s = fmin(l->ret->next_s, at_s);
}

/* Workers may have been stopped together with the loop, so their clocks begin anew when it
 * resumes. */
static bool watch_is_due(struct look *l, double since_s, double limit_s)
{
	double due_s = fmax(since_s, l->v->back_s) + limit_s;

	if (limit_s <= 0)
		return false;
	if (l->v->now_s >= due_s)
		return true;
	look_again_at(l, due_s);
	return false;
}

/* A board's time on our clock: both are monotonic, of one machine. */
static double seconds_ago(uint64_t now_ns, uint64_t ns)
{
	return now_ns > ns ? (double)(now_ns - ns) * 1e-9 : 0;
}

static bool is_due_ns(struct look *l, uint64_t since_ns, double limit_s)
{
	return since_ns &&
	       watch_is_due(l, l->v->now_s - seconds_ago(l->v->now_ns, since_ns), limit_s);
}

static struct str *fail_rank(struct look *l, uint32_t rank, enum dvs_class class)
{
	l->ret->kind = VERDICT_FAIL;
	l->ret->rank = rank;
	l->ret->class = class;
	return &l->ret->text;
}

/* "load was not done within 60s; driver sim is in load() for 60.2s" */
static void fail_for_time(struct look *l, uint32_t rank, enum dvs_class class,
			  enum chips_clock clock, double limit_s)
{
	const struct watch_rank *r = &l->v->ranks[rank];
	struct str *text = fail_rank(l, rank, class);

	if (clock == CLOCK_RUN)
		str_add(text, "timed out: the run took longer than ");
	else
		str_printf(text, "%s was not done within ", chips_clock_name(clock));
	duration_add(text, limit_s);
	if (r->call != CALL_NONE)
		str_printf(text, "; driver %s is in %s() for %.1fs", l->v->s->driver_name,
			   board_call_name(r->call), seconds_ago(l->v->now_ns, r->call_since_ns));
}

/* ---- one rank ---- */

/* Heartbeats, calls and progress change without an event, so they are read regularly; more often
 * while progress counts. */
static void look_again_soon(struct look *l, const struct watch_rank *r)
{
	double stall_s = l->v->q->stall_s, pause_s = look_most_s;

	if (stall_s > 0 && (r->phase == PHASE_ARMED || r->phase == PHASE_LAUNCHED))
		pause_s = fmin(fmax(stall_s / 4, look_least_s), look_most_s);

	look_again_at(l, l->v->now_s + pause_s);
}

void watch_add_silence(struct str *out)
{
	str_printf(out, "no heartbeat for %gs", beat_limit_s);
}

static void look_at_beat(struct look *l, uint32_t rank)
{
	if (!is_due_ns(l, l->v->ranks[rank].beat_ns, beat_limit_s))
		return;
	str_add(fail_rank(l, rank, DVS_LOST), "its worker does not answer: ");
	watch_add_silence(&l->ret->text);
}

static void look_at_reading(struct look *l, uint32_t rank)
{
	const struct watch_rank *r = &l->v->ranks[rank];

	if (!r->has_read && watch_is_due(l, r->sent_s, read_limit_s))
		str_add(fail_rank(l, rank, DVS_LOST),
			"its worker does not answer: it has not read its request");
}

static bool is_instant(enum driver_call call)
{
	return call == CALL_LAUNCH || call == CALL_POLL || call == CALL_ABORT ||
	       call == CALL_CLASSIFY || call == CALL_IS_USABLE;
}

/* Calls after the run, or after a fault, in any phase. */
static void look_at_cleanup(struct look *l, uint32_t rank)
{
	const struct watch_rank *r = &l->v->ranks[rank];
	enum chips_clock clock = r->call == CALL_RESET ? CLOCK_RESET : CLOCK_FINISH;
	double limit_s = l->v->s->budget_s[clock];

	if (r->call != CALL_FINISH && r->call != CALL_LEAVE && r->call != CALL_UNLOAD &&
	    r->call != CALL_RESET)
		return;
	if (is_due_ns(l, r->call_since_ns, limit_s))
		fail_for_time(l, rank, DVS_POISON, clock, limit_s);
}

/* A call that must not block takes too long. */
static void look_at_call(struct look *l, uint32_t rank)
{
	const struct watch_rank *r = &l->v->ranks[rank];
	double stall_s = l->v->q->stall_s, limit_s = stall_s > 0 ? stall_s : instant_call_s;

	if (is_instant(r->call) && is_due_ns(l, r->call_since_ns, limit_s))
		str_printf(fail_rank(l, rank, DVS_STALL),
			   "stalled: driver %s does not come back from %s()", l->v->s->driver_name,
			   board_call_name(r->call));
}

/* Evidence of a stall: the rank owns running work, and there is no progress. WATCH_IDLE needs no
 * running work. */
static void look_at_progress(struct look *l, uint32_t rank)
{
	const struct watch_rank *r = &l->v->ranks[rank];
	bool is_naive = l->v->s->watch == WATCH_IDLE;
	double limit_s = l->v->q->stall_s;

	if (!is_naive && r->evidence != 1)
		return;
	if (!is_due_ns(l, r->progress_ns ? r->progress_ns : r->launched_ns, limit_s))
		return;
	str_printf(fail_rank(l, rank, DVS_STALL),
		   "stalled: no progress for %gs at step %llu of %llu%s", limit_s,
		   (unsigned long long)r->done, (unsigned long long)r->total,
		   is_naive ? " (watchdog: idle)" : "");
}

/* The join cannot begin before the last rank is loaded, for which there is another clock. 0: one is
 * not loaded yet. */
static uint64_t join_began_ns(const struct watch_view *v, uint32_t rank)
{
	uint64_t last_ns = v->ranks[rank].loaded_ns;

	for (uint32_t i = 0; v->q->has_join && i < v->n; i++) {
		const struct watch_rank *r = &v->ranks[i];

		if (r->stage != STAGE_ENDED && (!r->has_read || r->phase < PHASE_LOADED))
			return 0;
		last_ns = r->loaded_ns > last_ns ? r->loaded_ns : last_ns;
	}
	return last_ns;
}

/* After the run, between calls: look_at_cleanup() has the clocks of the calls. */
static void look_at_finish(struct look *l, uint32_t rank)
{
	const struct watch_rank *r = &l->v->ranks[rank];
	double limit_s = l->v->s->budget_s[CLOCK_FINISH];
	uint64_t since_ns = r->call_returned_ns > r->phase_ns ? r->call_returned_ns : r->phase_ns;

	if (r->call == CALL_NONE && is_due_ns(l, since_ns, limit_s))
		fail_for_time(l, rank, DVS_POISON, CLOCK_FINISH, limit_s);
}

static void look_at_phase(struct look *l, uint32_t rank)
{
	const double *budget_s = l->v->s->budget_s;
	const struct watch_rank *r = &l->v->ranks[rank];

	if (r->phase < PHASE_LOADED) {
		if (watch_is_due(l, r->sent_s, budget_s[CLOCK_LOAD]))
			fail_for_time(l, rank, DVS_POISON, CLOCK_LOAD, budget_s[CLOCK_LOAD]);
	} else if (r->phase < PHASE_ARMED) {
		if (budget_s[CLOCK_JOIN] > 0 &&
		    is_due_ns(l, join_began_ns(l->v, rank), budget_s[CLOCK_JOIN] + 1))
			fail_for_time(l, rank, DVS_STALL, CLOCK_JOIN, budget_s[CLOCK_JOIN]);
	} else if (r->phase == PHASE_LAUNCHED) {
		look_at_progress(l, rank);
	} else if (r->phase > PHASE_LAUNCHED) {
		look_at_finish(l, rank);
	}
}

static void look_at_rank(struct look *l, uint32_t rank)
{
	static void (*const looks[])(struct look *, uint32_t) = {
		look_at_beat, look_at_reading, look_at_call, look_at_cleanup, look_at_phase};
	const struct watch_rank *r = &l->v->ranks[rank];

	if (r->stage == STAGE_BEFORE || r->stage == STAGE_ENDED || r->is_given_up)
		return;
	look_again_soon(l, r);
	for (size_t i = 0; i < ARRAY_LEN(looks) && l->ret->kind == VERDICT_NONE; i++)
		looks[i](l, rank);
}

static void look_at_ranks(struct look *l)
{
	for (uint32_t i = 0; i < l->v->n && l->ret->kind == VERDICT_NONE; i++)
		look_at_rank(l, i);
}

/* ---- all of them ---- */

static bool is_running(const struct watch_rank *r)
{
	return r->stage == STAGE_RUNNING && r->has_worker && !r->is_given_up &&
	       r->phase <= PHASE_LAUNCHED;
}

/* A rank that still runs, preferably one that owns running work and does not wait for others; -1:
 * none. */
static int find_slowest_rank(const struct watch_view *v)
{
	int found = -1;

	for (uint32_t i = 0; i < v->n; i++)
		if (is_running(&v->ranks[i]) && (found < 0 || v->ranks[i].evidence == 1))
			found = (int)i;
	return found;
}

/* The clock of the run: it starts at the release or, without a barrier, at each rank's request. */
static void look_at_run(struct look *l)
{
	const struct watch_view *v = l->v;
	double limit_s = v->q->run_s;
	int rank;

	if (!v->is_released)
		return;
	if (!v->q->has_barrier) {
		for (uint32_t i = 0; i < v->n && l->ret->kind == VERDICT_NONE; i++)
			if (is_running(&v->ranks[i]) &&
			    watch_is_due(l, v->ranks[i].sent_s, limit_s))
				fail_for_time(l, i, DVS_TIMEOUT, CLOCK_RUN, limit_s);
		return;
	}
	rank = find_slowest_rank(v);
	if (rank >= 0 && watch_is_due(l, v->released_s, limit_s))
		fail_for_time(l, (uint32_t)rank, DVS_TIMEOUT, CLOCK_RUN, limit_s);
}

static void watch_describe(const struct watch_view *v, struct str *out)
{
	static const char *const words[] = {"idle", "running", "waiting for other ranks"};

	for (uint32_t i = 0; i < v->n; i++) {
		const struct watch_rank *r = &v->ranks[i];

		if (is_running(r))
			str_printf(out, "; rank %u is %s at step %llu for %.1fs", i,
				   words[r->evidence < ARRAY_LEN(words) ? r->evidence : 0],
				   (unsigned long long)r->done,
				   seconds_ago(v->now_ns, r->progress_ns));
	}
}

/* The end of a rank counts as progress: others may have waited for it. */
static double moved_at(const struct watch_view *v, uint64_t last_progress_ns)
{
	return fmax(v->moved_s, v->now_s - seconds_ago(v->now_ns, last_progress_ns));
}

/* A deadlock: no rank owns running work, and not all are over. Without this rule ranks that wait
 * for each other would last until the clock of the run. Only that clock ends drivers that report
 * nothing. */
static void look_at_deadlock(struct look *l)
{
	const struct watch_view *v = l->v;
	uint64_t last_ns = 0;
	int first = -1;

	if (!v->is_released)
		return;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct watch_rank *r = &v->ranks[i];

		if (r->stage == STAGE_ENDED)
			continue;
		if (!is_running(r)) /* others may still progress by it */
			return;
		if (r->evidence == 1 || r->phase != PHASE_LAUNCHED || !r->has_reported)
			return;
		last_ns = r->progress_ns > last_ns ? r->progress_ns : last_ns;
		first = first < 0 ? (int)i : first;
	}
	if (first < 0 || !watch_is_due(l, moved_at(v, last_ns), v->q->stall_s))
		return;
	str_add(fail_rank(l, (uint32_t)first, DVS_DEADLOCK),
		"deadlock: nothing runs and nothing can");
	watch_describe(v, &l->ret->text);
}

/* A rank that has a request and has not ended, preferably one that runs; -1: none. */
static int find_unfinished_rank(const struct watch_view *v)
{
	int found = find_slowest_rank(v);

	for (uint32_t i = 0; i < v->n && found < 0; i++)
		if (v->ranks[i].stage != STAGE_BEFORE && v->ranks[i].stage != STAGE_ENDED &&
		    !v->ranks[i].is_given_up)
			found = (int)i;
	return found;
}

static void look_at_wall(struct look *l)
{
	int rank = find_unfinished_rank(l->v);

	if (rank >= 0 && watch_is_due(l, l->v->started_s, l->v->s->wall_s))
		str_add(fail_rank(l, (uint32_t)rank, DVS_TIMEOUT),
			"the attempt as a whole took longer than 'wall'");
}

/* A rank reported a missing peer, and the time is over in which the peer could report its own
 * error: the first rank that has not ended is the cause. */
static void look_at_missing(struct look *l)
{
	const struct watch_view *v = l->v;

	if (v->now_s < v->missing_at_s) {
		look_again_at(l, v->missing_at_s);
		return;
	}
	for (uint32_t i = 0; i < v->n; i++) {
		const struct watch_rank *r = &v->ranks[i];

		if (r->is_given_up || (r->stage != STAGE_SENT && r->stage != STAGE_RUNNING))
			continue;
		str_printf(fail_rank(l, i, DVS_STALL),
			   "the other ranks waited for it; its driver is in %s()",
			   board_call_name(r->call));
		return;
	}
	l->ret->kind = VERDICT_GIVE_UP; /* ranks that are left are armed or not opened yet */
}

static void look_at_ending(struct look *l)
{
	const struct watch_view *v = l->v;

	if (v->now_s >= v->diagnose_by_s)
		l->ret->kind = VERDICT_NO_ANSWER;
	else if (v->now_s >= v->kill_at_s)
		l->ret->kind = VERDICT_KILL;
	look_again_at(l, fmin(v->diagnose_by_s, v->kill_at_s));
}

void watch_look(const struct watch_view *v, struct verdict *ret)
{
	static void (*const looks[])(struct look *) = {look_at_ranks, look_at_deadlock, look_at_run,
						       look_at_wall, look_at_missing};
	struct look l = {v, ret};

	*ret = (struct verdict){.next_s = INFINITY};
	look_at_ending(&l);
	if (v->is_ending)
		return;
	for (size_t i = 0; i < ARRAY_LEN(looks) && ret->kind == VERDICT_NONE; i++)
		looks[i](&l);
}

/* ---- a unit that opens or closes ---- */

enum open_verdict watch_look_at_open(const struct watch_open *o, double *ret_next_s)
{
	double beat_s = o->now_s - seconds_ago(o->now_ns, o->beat_ns);

	*ret_next_s = o->late_at_s;
	if (o->now_s >= o->late_at_s)
		return OPEN_IS_LATE;
	if (!o->is_open)
		return OPEN_GOES_ON;
	*ret_next_s = fmin(o->late_at_s, o->now_s + look_most_s);
	if (o->beat_ns && o->now_s >= fmax(beat_s, o->back_s) + beat_limit_s)
		return OPEN_IS_SILENT;
	return OPEN_GOES_ON;
}
