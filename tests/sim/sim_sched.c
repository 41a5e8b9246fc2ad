/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the scheduler in random worlds: sim_sched [--runs N] [--seed S] [--verbose]. Runs seeds S,
 * S+1 …; prints the first one that breaks a rule, with its trace and the command that runs it
 * again.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/state.h"
#include "sim.h"

void sim_fail(struct sim *m, const char *fmt, ...)
{
	va_list ap;

	printf("%s\nseed %" PRIu64 " at %.2f s: ", m->b.trace.s, m->seed, m->b.clock.now_s);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\nagain: sim_sched --runs 1 --seed %" PRIu64 "\n", m->seed);
	exit(1);
}

static void ask_to_stop(struct sim *m, enum sched_stop how)
{
	enum job_reason reason = how == STOP_DEADLINE ? REASON_RUN_DEADLINE : REASON_USER;

	if ((int)how <= m->stop || m->is_asked[how])
		return;
	m->is_asked[how] = true;
	m->reasons[how] = reason;
	sched_stop(m->b.s, how, reason, 0);
}

static void act(struct sim *m, const struct sim_action *a)
{
	struct backend *b = m->b.backends[a->which];

	str_printf(&m->b.trace, "-- %.2f s: action %d on %u: %u\n", m->b.clock.now_s, (int)a->what,
		   a->which, a->value);
	switch (a->what) {
	case ACT_STOP:
		ask_to_stop(m, (enum sched_stop)a->value);
		break;
	case ACT_PARALLEL:
		m->max_parallel = a->value;
		sched_set_max_parallel(m->b.s, a->value);
		break;
	case ACT_RESOURCE:
		m->limits[a->which].count = a->value;
		sched_set_resource(m->b.s, m->limits[a->which].name, a->value);
		break;
	case ACT_LANE:
		b->ops->set_parallel(b, a->value);
		rules_set_free(m, a->which);
		break;
	case ACT_PAUSE:
		b->ops->pause(b, a->value);
		if (!a->value)
			rules_set_free(m, a->which);
		break;
	case ACT_HOLD:
		m->next_hold = (enum sched_hold)a->value;
		sched_set_hold(m->b.s, m->next_hold, a->value ? "short" : NULL);
		break;
	}
}

/* The next event; simultaneous events come in any order. */
static bool let_time_pass(struct sim *m)
{
	double at_s = m->b.alarm_s, action_s = INFINITY;
	unsigned first = sim_below(m, m->b.n_backends);

	for (unsigned i = 0; i < m->b.n_backends; i++)
		at_s = fmin(at_s, fake_next_s(m->b.backends[i]));
	if (m->next_action < m->n_actions)
		action_s = fmax(m->actions[m->next_action].at_s, m->b.clock.now_s);
	if (isinf(fmin(at_s, action_s)))
		return false;
	if (action_s < at_s || (action_s == at_s && sim_chance(m, 50))) {
		m->b.clock.now_s = action_s;
		act(m, &m->actions[m->next_action++]);
		return true;
	}
	m->b.clock.now_s = fmax(m->b.clock.now_s, at_s);
	for (unsigned i = 0; i < m->b.n_backends; i++) {
		struct backend *b = m->b.backends[(first + i) % m->b.n_backends];

		if (fake_next_s(b) == at_s)
			return fake_step(b);
	}
	m->b.is_woken = true; /* the alarm */
	return true;
}

static void turn(struct sim *m)
{
	m->b.is_woken = false;
	m->b.n_turns++;
	rules_before_turn(m);
	sched_turn(m->b.s);
	rules_after_turn(m);
}

/* Whether more events have this time. They may come before the turn. */
static bool has_more_now(const struct sim *m)
{
	for (unsigned i = 0; i < m->b.n_backends; i++)
		if (fake_next_s(m->b.backends[i]) <= m->b.clock.now_s)
			return true;
	return false;
}

static void run(struct sim *m)
{
	sched_start(m->b.s);
	while (!sched_is_done(m->b.s)) {
		if (m->b.is_woken && !(has_more_now(m) && sim_chance(m, 50)))
			turn(m);
		else if (!let_time_pass(m))
			sim_fail(m, "the run stands still");
	}
}

static void simulate(uint64_t seed, bool is_verbose)
{
	static struct sim m; /* large */

	m = (struct sim){.seed = seed, .random = seed, .stop = -1};
	bed_init(&m.b, SIM_JOBS);
	sim_make_world(&m);
	rules_watch(&m);
	if (bed_load(&m.b) < 0) {
		diags_print(&m.b.diags, stdout, false, false);
		sim_fail(&m, "the plan was refused");
	}
	run(&m);
	rules_at_end(&m);
	reference_compare(&m);
	if (is_verbose)
		printf("%s-- seed %" PRIu64 ": %s\n", m.b.trace.s, seed, bed_letters(&m.b));
	bed_done(&m.b);
}

int main(int argc, char **argv)
{
	unsigned long runs = 2000;
	uint64_t seed = 1;
	bool is_verbose = false;
	double start_s = clock_now(clock_real());

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
			runs = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--verbose") == 0)
			is_verbose = true;
		else
			return fprintf(stderr, "usage: %s [--runs N] [--seed S] [--verbose]\n",
				       argv[0]),
			       2;
	}
	for (unsigned long i = 0; i < runs; i++)
		simulate(seed + i, is_verbose);
	printf("%lu runs, %.0f runs/s\n", runs, (double)runs / (clock_now(clock_real()) - start_s));
	return 0;
}
