/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks of a gang. Each has its own start; only the run's fails a job for its time. What a
 * rank is doing is read off its board, so it works while the driver hangs. Idleness convicts
 * nobody: a rank stalls if something that it owns runs and does not move; and if nobody owns
 * anything that runs, and not all are over, it is a deadlock.
 *
 * One timer per gang, set to whatever is due next: nothing is polled.
 */
#include <math.h>
#include <stdio.h>

#include "backends/chips/chips.h"

/* A main thread that does not beat is stopped, or its machine is. A driver call that must not wait
 * may take so long. */
static const double beat_limit_s = 3, instant_call_s = 10;
/* A request that was sent has been read by then. */
static const double read_limit_s = 5;
/* Between two looks at a rank that is with its driver. */
static const double look_least_s = 0.02, look_most_s = 1;
/* A timer that fires so late does because nobody was there; and how long nothing is judged then:
 * some heartbeats. */
static const double away_s = 1, quiet_s = 0.3;

/* What one look finds. */
struct look {
	struct gang *g;
	double now_s;
	uint64_t now_ns;
	double next_s;	/* when to look again */
	bool has_acted; /* the gang may be gone */
};

/* Workers may have been stopped with us: their clocks begin anew when we are back. */
static bool is_due(struct look *l, double since_s, double limit_s)
{
	if (limit_s <= 0)
		return false;
	since_s = fmax(since_s, l->g->chips->back_s);
	if (l->now_s >= since_s + limit_s)
		return true;
	l->next_s = fmin(l->next_s, since_s + limit_s);
	return false;
}

/* A board's time on our clock: both are monotonic, of one machine. */
static double seconds_ago(const struct look *l, uint64_t ns)
{
	return l->now_ns > ns ? (double)(l->now_ns - ns) * 1e-9 : 0;
}

static bool is_due_ns(struct look *l, uint64_t since_ns, double limit_s)
{
	return since_ns && is_due(l, l->now_s - seconds_ago(l, since_ns), limit_s);
}

static const struct board *board_of(const struct rank *r)
{
	return device_worker_board(r->unit->worker);
}

static bool is_this_run(const struct gang *g, const struct board *b)
{
	return atomic_load_explicit(&b->epoch, memory_order_acquire) == g->epoch;
}

static enum run_phase phase_of(const struct gang *g, const struct board *b)
{
	if (!is_this_run(g, b))
		return PHASE_NONE;
	return (enum run_phase)atomic_load_explicit(&b->phase, memory_order_acquire);
}

static uint64_t stamp_of(const struct board *b, enum run_phase p)
{
	return atomic_load_explicit(&b->stamp_ns[p], memory_order_acquire);
}

static void convict(struct look *l, uint32_t rank, enum dvs_class class, const char *text)
{
	l->has_acted = true;
	gang_convict(l->g, rank, class, text);
}

/* "load was not done within 60s; driver sim is in load() for 60.2s" */
static void convict_for_time(struct look *l, uint32_t rank, enum dvs_class class,
			     enum chips_clock clock, double limit_s)
{
	const struct board *b = board_of(&l->g->ranks[rank]);
	enum driver_call call = (enum driver_call)atomic_load(&b->call);
	_cleanup_(str_done) struct str text = {0};

	if (clock == CLOCK_RUN)
		str_add(&text, "timed out: the run took longer than ");
	else
		str_printf(&text, "%s was not done within ", chips_clock_name(clock));
	duration_add(&text, limit_s);
	if (call != CALL_NONE)
		str_printf(&text, "; driver %s is in %s() for %.1fs", l->g->chips->s->driver_name,
			   board_call_name(call), seconds_ago(l, atomic_load(&b->call_since_ns)));
	convict(l, rank, class, text.s);
}

/* ---- one rank ---- */

/* While somebody opens or runs, beats, calls and progress change without a word. */
static void look_again_soon(struct look *l)
{
	double stall_s = l->g->job->request->stall_s;
	double pause_s = stall_s > 0 ? fmin(fmax(stall_s / 4, look_least_s), look_most_s)
				     : look_most_s;

	l->next_s = fmin(l->next_s, l->now_s + pause_s);
}

static void look_at_open(struct look *l, struct rank *r)
{
	struct unit *u = r->unit;
	double limit_s = l->g->job->request->open_s;
	char text[128];

	if (u->state != UNIT_OPENING)
		return;
	look_again_soon(l);
	if (is_due(l, u->changed_s, limit_s)) {
		unit_is_late(u, limit_s);
	} else if (is_due_ns(l, atomic_load(&board_of(r)->beat_ns), beat_limit_s)) {
		snprintf(text, sizeof(text),
			 "while it opened device %d its worker gave no heartbeat for %gs",
			 u->device->id, beat_limit_s);
		unit_fail_open(u, DVS_WEDGE, text);
	} else {
		return;
	}
	l->has_acted = true;
}

static void look_at_beat(struct look *l, uint32_t rank)
{
	const struct board *b = board_of(&l->g->ranks[rank]);

	if (is_due_ns(l, atomic_load(&b->beat_ns), beat_limit_s))
		convict(l, rank, DVS_LOST, "its worker does not answer: no heartbeat for 3s");
}

static void look_at_reading(struct look *l, uint32_t rank)
{
	const struct rank *r = &l->g->ranks[rank];

	if (!is_this_run(l->g, board_of(r)) && is_due(l, r->sent_s, read_limit_s))
		convict(l, rank, DVS_LOST,
			"its worker does not answer: it has not read its request");
}

static bool is_instant(enum driver_call call)
{
	return call == CALL_LAUNCH || call == CALL_POLL || call == CALL_ABORT ||
	       call == CALL_CLASSIFY || call == CALL_IS_USABLE;
}

/* What comes after the run, or after a fault, whatever phase it was in. */
static void look_at_cleanup(struct look *l, uint32_t rank)
{
	const struct board *b = board_of(&l->g->ranks[rank]);
	const double *budget_s = l->g->chips->s->budget_s;
	enum driver_call call = (enum driver_call)atomic_load(&b->call);
	enum chips_clock clock = call == CALL_RESET ? CLOCK_RESET : CLOCK_FINISH;

	if (call != CALL_FINISH && call != CALL_LEAVE && call != CALL_UNLOAD && call != CALL_RESET)
		return;
	if (is_due_ns(l, atomic_load(&b->call_since_ns), budget_s[clock]))
		convict_for_time(l, rank, DVS_POISON, clock, budget_s[clock]);
}

/* A call that must not wait, and does. */
static void look_at_call(struct look *l, uint32_t rank)
{
	const struct board *b = board_of(&l->g->ranks[rank]);
	enum driver_call call = (enum driver_call)atomic_load(&b->call);
	double limit_s = l->g->job->request->stall_s > 0 ? l->g->job->request->stall_s
							 : instant_call_s;
	char text[160];

	if (!is_instant(call) || !is_due_ns(l, atomic_load(&b->call_since_ns), limit_s))
		return;
	snprintf(text, sizeof(text), "stalled: driver %s does not come back from %s()",
		 l->g->chips->s->driver_name, board_call_name(call));
	convict(l, rank, DVS_STALL, text);
}

/* Evidence: it owns something that runs, and nothing moves. The naive rule asks for none. */
static void look_at_progress(struct look *l, uint32_t rank)
{
	const struct board *b = board_of(&l->g->ranks[rank]);
	bool is_naive = l->g->chips->s->watch == WATCH_IDLE;
	double limit_s = l->g->job->request->stall_s;
	uint64_t at_ns = atomic_load(&b->progress_ns);
	char text[128];

	if (!is_naive && atomic_load(&b->evidence) != 1)
		return;
	if (!is_due_ns(l, at_ns ? at_ns : stamp_of(b, PHASE_LAUNCHED), limit_s))
		return;
	snprintf(text, sizeof(text), "stalled: no progress for %gs at step %llu of %llu%s", limit_s,
		 (unsigned long long)atomic_load(&b->done),
		 (unsigned long long)atomic_load(&b->total), is_naive ? " (watchdog: idle)" : "");
	convict(l, rank, DVS_STALL, text);
}

static void look_at_phase(struct look *l, uint32_t rank)
{
	const struct chips_settings *s = l->g->chips->s;
	struct rank *r = &l->g->ranks[rank];
	const struct board *b = board_of(r);
	enum run_phase phase = phase_of(l->g, b);

	if (phase < PHASE_LOADED) {
		if (is_due(l, r->sent_s, s->budget_s[CLOCK_LOAD]))
			convict_for_time(l, rank, DVS_POISON, CLOCK_LOAD, s->budget_s[CLOCK_LOAD]);
	} else if (phase < PHASE_ARMED) {
		if (is_due_ns(l, stamp_of(b, PHASE_LOADED), s->budget_s[CLOCK_JOIN] + 1))
			convict_for_time(l, rank, DVS_STALL, CLOCK_JOIN, s->budget_s[CLOCK_JOIN]);
	} else if (phase == PHASE_LAUNCHED) {
		look_at_progress(l, rank);
	} else if (phase > PHASE_LAUNCHED) {
		if (is_due_ns(l, stamp_of(b, phase), s->budget_s[CLOCK_FINISH]))
			convict_for_time(l, rank, DVS_POISON, CLOCK_FINISH,
					 s->budget_s[CLOCK_FINISH]);
	}
}

static void look_at_rank(struct look *l, uint32_t rank)
{
	static void (*const looks[])(struct look *, uint32_t) = {
		look_at_beat, look_at_reading, look_at_call, look_at_cleanup, look_at_phase};
	struct rank *r = &l->g->ranks[rank];

	if (r->state == RANK_OPENING)
		look_at_open(l, r);
	if (r->state < RANK_SENT || r->state == RANK_ENDED || r->is_convicted || l->g->is_ending)
		return;
	look_again_soon(l);
	for (size_t i = 0; i < ARRAY_LEN(looks) && !l->has_acted; i++)
		looks[i](l, rank);
}

/* ---- all of them ---- */

static bool is_running(const struct gang *g, uint32_t rank)
{
	const struct rank *r = &g->ranks[rank];

	return r->state == RANK_RUNNING && r->unit->worker && !r->is_convicted &&
	       phase_of(g, board_of(r)) <= PHASE_LAUNCHED;
}

/* Who is not over; of those, one that owns something that runs, rather than one that waits for
 * others. */
static int slowest(const struct gang *g)
{
	int found = -1;

	for (uint32_t i = 0; i < g->n; i++)
		if (is_running(g, i) &&
		    (found < 0 || atomic_load(&board_of(&g->ranks[i])->evidence) == 1))
			found = (int)i;
	return found;
}

/* The run's clock: from the release on, without one from each rank's own start. */
static void look_at_run(struct look *l)
{
	const struct gang *g = l->g;
	double limit_s = g->job->request->run_s;
	int rank;

	if (g->is_ending || !g->is_released || limit_s <= 0)
		return;
	if (!g->job->request->has_barrier) {
		for (uint32_t i = 0; i < g->n && !l->has_acted; i++)
			if (is_running(g, i) && is_due(l, g->ranks[i].sent_s, limit_s))
				convict_for_time(l, i, DVS_TIMEOUT, CLOCK_RUN, limit_s);
		return;
	}
	rank = slowest(g);
	if (rank >= 0 && is_due(l, g->released_s, limit_s))
		convict_for_time(l, (uint32_t)rank, DVS_TIMEOUT, CLOCK_RUN, limit_s);
}

static void describe(const struct gang *g, struct look *l, struct str *out)
{
	static const char *const words[] = {"idle", "running", "waiting for other ranks"};

	for (uint32_t i = 0; i < g->n; i++) {
		const struct board *b;
		uint32_t evidence;

		if (!is_running(g, i))
			continue;
		b = board_of(&g->ranks[i]);
		evidence = atomic_load(&b->evidence);
		str_printf(out, "; rank %u is %s at step %llu for %.1fs", i,
			   words[evidence < ARRAY_LEN(words) ? evidence : 0],
			   (unsigned long long)atomic_load(&b->done),
			   seconds_ago(l, atomic_load(&b->progress_ns)));
	}
}

/* Nobody owns anything that runs, and not all are over: without this a cycle of waits would last
 * until the run's clock. Drivers that report nothing are left to that clock. */
static void look_at_deadlock(struct look *l)
{
	const struct gang *g = l->g;
	double limit_s = g->job->request->stall_s;
	_cleanup_(str_done) struct str text = {0};
	uint64_t last_ns = 0;
	int first = -1;

	if (g->is_ending || !g->is_released || limit_s <= 0 || g->chips->s->watch == WATCH_IDLE)
		return;
	for (uint32_t i = 0; i < g->n; i++) {
		const struct rank *r = &g->ranks[i];
		const struct board *b;
		uint64_t at_ns;

		if (r->state == RANK_ENDED)
			continue;
		if (!is_running(g, i)) /* opening, finishing, or on its way out: it may still move
					  the others */
			return;
		b = board_of(r);
		at_ns = atomic_load(&b->progress_ns);
		if (atomic_load(&b->evidence) == 1 || phase_of(g, b) != PHASE_LAUNCHED ||
		    at_ns == stamp_of(b, PHASE_LAUNCHED))
			return;
		last_ns = at_ns > last_ns ? at_ns : last_ns;
		first = first < 0 ? (int)i : first;
	}
	if (first < 0 || !is_due_ns(l, last_ns, limit_s))
		return;
	str_add(&text, "deadlock: nothing runs and nothing can");
	describe(g, l, &text);
	convict(l, (uint32_t)first, DVS_DEADLOCK, text.s);
}

/* Somebody whose worker is still to be heard of; of those, one that runs. */
static int unfinished(const struct gang *g)
{
	int found = slowest(g);

	for (uint32_t i = 0; i < g->n && found < 0; i++)
		if (g->ranks[i].state >= RANK_SENT && g->ranks[i].state < RANK_ENDED)
			found = (int)i;
	return found;
}

static void look_at_wall(struct look *l)
{
	const struct gang *g = l->g;
	int rank = unfinished(g);

	if (g->is_ending || !g->is_started || rank < 0 ||
	    !is_due(l, g->started_s, g->chips->s->wall_s))
		return;
	convict(l, (uint32_t)rank, DVS_TIMEOUT, "the attempt as a whole took longer than 'wall'");
}

/* It has its request, and is not one that only waits for the release. */
static bool can_be_waited_for(const struct gang *g, uint32_t rank)
{
	enum rank_state state = g->ranks[rank].state;

	return state >= RANK_SENT && state != RANK_ENDED && (g->is_released || state != RANK_ARMED);
}

/* Somebody says that a peer did not come. Who else is not done has had its time to say why. */
static void look_at_accused(struct look *l)
{
	struct gang *g = l->g;
	char text[128];

	if (g->is_ending || !isfinite(g->accuse_at_s))
		return;
	if (l->now_s < g->accuse_at_s) {
		l->next_s = fmin(l->next_s, g->accuse_at_s);
		return;
	}
	for (uint32_t i = 0; i < g->n; i++) {
		if (!can_be_waited_for(g, i))
			continue;
		snprintf(text, sizeof(text),
			 "the others waited for it in vain; its driver is in %s()",
			 board_call_name(
				 (enum driver_call)atomic_load(&board_of(&g->ranks[i])->call)));
		convict(l, i, DVS_STALL, text);
		return;
	}
	l->has_acted = true;
	gang_give_up(g); /* those that are left wait themselves, or were not there yet */
}

/* The grace is over: what is left is killed. */
static void look_at_ending(struct look *l)
{
	struct gang *g = l->g;

	if (isfinite(g->diagnose_by_s) && g->cause >= 0) {
		if (l->now_s < g->diagnose_by_s) {
			l->next_s = fmin(l->next_s, g->diagnose_by_s);
		} else {
			g->diagnose_by_s = INFINITY;
			str_add(&g->context,
				"its worker did not answer when it was asked what it does\n");
			unit_kill(g->ranks[g->cause].unit);
		}
	}
	if (l->now_s < g->kill_at_s) {
		l->next_s = fmin(l->next_s, g->kill_at_s);
		return;
	}
	g->kill_at_s = INFINITY;
	for (uint32_t i = 0; i < g->n; i++)
		if (g->ranks[i].state != RANK_ENDED)
			unit_kill(g->ranks[i].unit);
}

static void on_watch(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	gang_settle(w->data);
}

void watch_init(struct gang *g)
{
	ev_init(&g->watch, on_watch);
	g->watch.data = g;
	g->look_due_s = INFINITY;
}

bool watch_is_quiet(struct chips *c, double due_s)
{
	double now_s = chips_now(c);

	if (now_s > due_s + away_s)
		c->back_s = now_s;
	return now_s < c->back_s + quiet_s;
}

static void look_at(struct gang *g, double due_s)
{
	ev_timer_stop(g->chips->loop, &g->watch);
	g->look_due_s = due_s;
	if (!isfinite(due_s))
		return;
	ev_timer_set(&g->watch, fmax(due_s - chips_now(g->chips), 0.001), 0);
	ev_timer_start(g->chips->loop, &g->watch);
}

/* Nothing here ends a gang: convicting and killing only send. */
void watch_again(struct gang *g)
{
	struct look l = {
		.g = g,
		.now_s = chips_now(g->chips),
		.now_ns = board_now_ns(),
		.next_s = INFINITY,
	};

	if (watch_is_quiet(g->chips, g->look_due_s)) {
		look_at(g, l.now_s + quiet_s);
		return;
	}
	for (uint32_t i = 0; i < g->n && !l.has_acted; i++)
		look_at_rank(&l, i);
	if (!l.has_acted)
		look_at_deadlock(&l);
	if (!l.has_acted)
		look_at_run(&l);
	if (!l.has_acted)
		look_at_wall(&l);
	if (!l.has_acted)
		look_at_accused(&l);
	look_at_ending(&l);
	look_at(g, l.has_acted ? l.now_s + 0.001 : l.next_s);
}
