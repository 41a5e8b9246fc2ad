/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog ends no healthy run. Random gangs whose drivers keep the rules: every call returns
 * within its budget, running work makes progress within `stall`, a wait ends soon after its event,
 * some ranks never report progress, ranks load and end at different times, and messages of workers
 * are late. No rank may be ended.
 *
 * DVSCHED_WATCHDOG_RUNS: number of gangs; DVSCHED_WATCHDOG_SEED: number of the first one.
 */
#include "chips_double.h"

#include <math.h>

enum { MOST_STEPS = 6, MOST_RANKS = 4 };

/* What a rank does between launch and its end. */
enum step_kind {
	STEP_COMPUTE, /* something of its own runs, and moves */
	STEP_IDLE,    /* nothing does, for less than `stall` */
	STEP_WAIT,    /* until another rank is so far, or has ended */
	STEP_KINDS
};

struct step {
	enum step_kind kind;
	unsigned n_ticks;   /* COMPUTE */
	unsigned rank, far; /* WAIT */
};

enum where {
	AT_OPEN,
	AT_REQUEST,
	AT_LOAD,
	AT_JOIN,
	AT_ARMED,
	AT_LAUNCH,
	AT_STEP,
	AT_FINISH,
	AT_LEAVE,
	AT_WORD
};

struct rank_story {
	struct device_worker *w;
	enum where at;
	bool is_silent; /* never calls progress() */
	bool is_over;
	struct step steps[MOST_STEPS];
	unsigned n_steps, step, tick;
	bool waits, has_noticed;
	double due_s;
};

static struct story {
	unsigned seed, random;
	double stall_s;
	uint32_t n;
	struct rank_story ranks[MOST_RANKS];
	struct fake_job *job;
} st;

static unsigned below(unsigned n)
{
	return next_random(&st.random) % n;
}

/* Often short, sometimes nearly as long as it may be. */
static double within(double most_s)
{
	double part = (double)(1 + below(1000)) / 1000;

	return most_s * 0.95 * (below(4) ? part * part * part : part);
}

static void call(struct rank_story *r, enum driver_call c)
{
	struct board *b = &r->w->board;

	if (c == CALL_NONE)
		atomic_store(&b->call_returned_ns, board_now_ns());
	else
		atomic_store(&b->call_since_ns, board_now_ns());
	atomic_store(&b->call, c);
}

static void report(struct rank_story *r, uint32_t evidence)
{
	struct board *b = &r->w->board;

	if (r->is_silent)
		return;
	atomic_store(&b->has_reported, 1);
	atomic_store(&b->progress_ns, board_now_ns());
	atomic_store(&b->evidence, evidence);
}

/* ---- a random gang ---- */

/* Waits go to lower ranks, so that they end. */
static void random_step(struct step *s, unsigned rank)
{
	s->kind = (enum step_kind)below(rank ? STEP_KINDS : STEP_WAIT);
	s->n_ticks = 1 + below(3);
	if (s->kind != STEP_WAIT)
		return;
	s->rank = below(rank);
	s->far = 1 + below(MOST_STEPS);
}

static void random_rank(struct rank_story *r, unsigned rank)
{
	*r = (struct rank_story){.is_silent = below(5) == 0, .n_steps = below(MOST_STEPS + 1)};
	for (unsigned i = 0; i < r->n_steps; i++)
		random_step(&r->steps[i], rank);
}

static bool is_waited_out(const struct step *s)
{
	const struct rank_story *other = &st.ranks[s->rank];

	return other->is_over || (other->at == AT_STEP && other->step >= s->far);
}

static void begin(unsigned seed)
{
	static const double stalls_s[] = {0.2, 1, 10};
	struct chips_request *q;

	memset(&st, 0, sizeof(st));
	st.seed = seed;
	st.random = seed * 2654435761u + 1;
	below(2);
	st.n = 1 + below(MOST_RANKS);
	st.stall_s = stalls_s[below(3)];
	world_init(st.n);
	for (int i = 0; i < CLOCK_COUNT; i++)
		world.settings.budget_s[i] = 5;
	world.has_beats = true;
	world_begin();
	for (unsigned i = 0; i < st.n; i++)
		random_rank(&st.ranks[i], i);
	st.job = job_new(st.n);
	q = &st.job->request;
	q->stall_s = st.stall_s;
	q->run_s = 0;
	q->has_barrier = st.n > 1 && below(4) > 0;
	q->has_join = st.n > 1 && below(4) > 0;
	job_submit(st.job);
}

/* ---- what a rank does ---- */

static bool are_all_loaded(void)
{
	for (unsigned i = 0; i < st.n; i++)
		if (st.ranks[i].at <= AT_LOAD)
			return false;
	return true;
}

static void do_step(struct rank_story *r)
{
	struct step *s = &r->steps[r->step];

	if (r->step == r->n_steps) {
		worker_reaches(r->w, PHASE_RAN);
		call(r, CALL_FINISH);
		r->at = AT_FINISH;
		r->due_s = within(world.settings.budget_s[CLOCK_FINISH]);
		return;
	}
	if (s->kind == STEP_COMPUTE && r->tick < s->n_ticks) {
		r->tick++;
		report(r, 1);
		r->due_s = within(r->is_silent ? 3 * st.stall_s : st.stall_s);
		return;
	}
	if (s->kind == STEP_IDLE && r->tick++ == 0) {
		report(r, 0);
		r->due_s = within(st.stall_s);
		return;
	}
	if (s->kind == STEP_WAIT && !r->waits) {
		r->waits = true;
		report(r, 2);
	}
	if (s->kind == STEP_WAIT && !is_waited_out(s)) {
		r->due_s = INFINITY; /* checked when another rank makes progress */
		return;
	}
	if (s->kind == STEP_WAIT && !r->has_noticed) {
		r->has_noticed = true;
		r->due_s = within(st.stall_s);
		return;
	}
	r->step++;
	r->tick = 0;
	r->waits = r->has_noticed = false;
	report(r, below(2) ? 0 : 1);
	r->due_s = within(st.stall_s / 2);
}

static void wake_who_waits(void)
{
	for (unsigned i = 0; i < st.n; i++) {
		struct rank_story *r = &st.ranks[i];

		if (isinf(r->due_s) && !r->is_over && (r->at != AT_JOIN || are_all_loaded()))
			r->due_s = world.clock.now_s;
	}
}

static void go_on(struct rank_story *r, enum where at, double after_s)
{
	r->at = at;
	r->due_s = after_s;
}

static void do_next(struct rank_story *r)
{
	const double *budget_s = world.settings.budget_s;

	switch (r->at) {
	case AT_OPEN:
		go_on(r, AT_REQUEST, within(1));
		worker_opens(r->w);
		break;
	case AT_REQUEST:
		if (r->w->state != FAKE_RUNS) {
			r->due_s = INFINITY;
			break;
		}
		worker_reaches(r->w, PHASE_TAKEN);
		call(r, CALL_LOAD);
		go_on(r, AT_LOAD, within(budget_s[CLOCK_LOAD] - 1));
		break;
	case AT_LOAD:
		worker_reaches(r->w, PHASE_LOADED);
		call(r, CALL_JOIN);
		go_on(r, AT_JOIN,
		      st.job->request.has_join ? INFINITY : within(budget_s[CLOCK_JOIN]));
		break;
	case AT_JOIN:
		if (!r->tick++ && st.job->request.has_join) { /* the last one is loaded */
			r->due_s = within(budget_s[CLOCK_JOIN]);
			break;
		}
		r->tick = 0;
		call(r, CALL_NONE);
		go_on(r, AT_ARMED, 0);
		worker_reaches(r->w, PHASE_ARMED);
		break;
	case AT_ARMED:
		if (r->w->waits_for_go && !r->w->is_released) {
			r->due_s = INFINITY;
			break;
		}
		call(r, CALL_LAUNCH);
		go_on(r, AT_LAUNCH, within(st.stall_s));
		break;
	case AT_LAUNCH:
		call(r, CALL_NONE);
		atomic_store(&r->w->board.has_reported, 0);
		atomic_store(&r->w->board.evidence, 0);
		go_on(r, AT_STEP, 0);
		worker_reaches(r->w, PHASE_LAUNCHED);
		break;
	case AT_STEP:
		do_step(r);
		break;
	case AT_FINISH:
		worker_reaches(r->w, PHASE_FINISHED);
		call(r, CALL_LEAVE);
		go_on(r, AT_LEAVE, within(budget_s[CLOCK_FINISH]));
		break;
	case AT_LEAVE:
		call(r, CALL_NONE);
		atomic_store(&r->w->board.beat_ns, 0);
		r->w->has_word = true;
		go_on(r, AT_WORD, within(1));
		break;
	case AT_WORD:
		r->is_over = true;
		r->due_s = INFINITY;
		worker_ends(r->w, DVS_OK, false);
		break;
	}
}

static bool are_all_over(void)
{
	for (unsigned i = 0; i < st.n; i++)
		if (!st.ranks[i].is_over)
			return false;
	return true;
}

static void live_through(unsigned seed)
{
	begin(seed);
	for (unsigned i = 0; i < st.n; i++) {
		st.ranks[i].w = worker_on((int32_t)i);
		st.ranks[i].due_s = world.clock.now_s + within(20);
	}
	while (!are_all_over() && st.job->state != FAKE_ENDED) {
		struct rank_story *next = &st.ranks[0];
		enum where was;

		for (unsigned i = 1; i < st.n; i++)
			if (st.ranks[i].due_s < next->due_s)
				next = &st.ranks[i];
		assert_true(isfinite(next->due_s));
		world_pass(fmax(next->due_s - world.clock.now_s, 0));
		if (next->w->is_killed || next->w->is_cancelled || next->w->is_asked)
			break;
		was = next->at;
		do_next(next);
		next->due_s += world.clock.now_s;
		if (isfinite(next->due_s) || next->at != was || next->is_over)
			wake_who_waits();
	}
	if (st.job->state != FAKE_ENDED || st.job->result.status != JOB_PASSED) {
		for (unsigned i = 0; i < 20 && st.job->state != FAKE_ENDED; i++) {
			world_pass(3);
			for (uint32_t k = 0; k < st.n; k++)
				if (worker_on((int32_t)k) && worker_on((int32_t)k)->is_killed)
					worker_dies(worker_on((int32_t)k));
		}
		fail_msg("seed %u: a run that was well was ended: %s", seed, st.job->message);
	}
	world_done();
}

static unsigned number(const char *name, unsigned usual)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

static void no_run_that_is_well_is_ended(void **state)
{
	unsigned first = number("DVSCHED_WATCHDOG_SEED", 1);
	unsigned n = number("DVSCHED_WATCHDOG_RUNS", 100 * 1000);

	(void)state;
	for (unsigned i = 0; i < n; i++)
		live_through(first + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_run_that_is_well_is_ended),
	};

	return RUN(tests);
}
