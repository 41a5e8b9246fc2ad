/* SPDX-License-Identifier: Apache-2.0 */
#include "io/vigil.h"

#include <signal.h>

#include "base/proc_stat.h"

/*
 * A file server that is restarted, or a disk that is checked, may need minutes, so a helper that
 * hangs in the kernel is killed only after 15 minutes.
 */
const struct vigil_limits vigil_limits_default = {
	.look_s = 5,
	.stopped_look_s = 1,
	.stopped_looks = 3,
	.continues = 3,
	.warn_s = 60,
	.kill_s = 900,
};

void vigil_shorten(struct vigil_limits *limits, double most_s)
{
	double least_s = limits->warn_s + limits->look_s;

	if (most_s < least_s)
		most_s = least_s;
	if (most_s < limits->kill_s)
		limits->kill_s = most_s;
}

static enum vigil_act vigil_judge_stopped(struct vigil_memory *m, const struct vigil_limits *limits)
{
	if (++m->n_stopped < limits->stopped_looks)
		return VIGIL_WAIT;
	m->n_stopped = 0;
	return m->n_continued++ < limits->continues ? VIGIL_CONTINUE : VIGIL_KILL;
}

static bool vigil_moves(struct vigil_memory *m, const struct vigil_sight *sight)
{
	bool moves = sight->has_answered || sight->cpu_ticks != m->cpu_ticks ||
		     sight->switches != m->switches;

	m->cpu_ticks = sight->cpu_ticks;
	m->switches = sight->switches;
	return moves;
}

enum vigil_act vigil_judge(struct vigil_memory *m, const struct vigil_limits *limits,
			   const struct vigil_sight *sight)
{
	if (sight->state == 0 || sight->state == 'Z' || sight->state == 'X')
		return VIGIL_GONE;
	if (sight->state == 'T')
		return vigil_judge_stopped(m, limits);
	m->n_stopped = 0;
	if (vigil_moves(m, sight)) {
		m->silent_s = 0;
		m->was_warned = false;
		return VIGIL_WAIT;
	}
	m->silent_s += limits->look_s;
	if (m->silent_s >= limits->kill_s)
		return VIGIL_KILL;
	if (m->silent_s < limits->warn_s || m->was_warned)
		return VIGIL_WAIT;
	m->was_warned = true;
	return VIGIL_WARN;
}

struct vigil_sight vigil_look(pid_t pid)
{
	struct vigil_sight sight = {0};
	struct proc_stat st;

	if (!proc_stat_read(pid, &st)) {
		/* Not reaped yet, so it exists: /proc cannot be read, or no descriptor is free. */
		sight.state = kill(pid, 0) == 0 ? '?' : 0;
		return sight;
	}
	sight.state = st.state;
	sight.cpu_ticks = st.cpu_ticks;
	sight.switches = proc_switches_read(pid);
	return sight;
}

static void vigil_next(struct vigil *v)
{
	const struct vigil_limits *l = v->limits;

	ev_timer_stop(v->loop, &v->look);
	ev_timer_set(&v->look, v->memory.n_stopped ? l->stopped_look_s : l->look_s, 0);
	ev_timer_start(v->loop, &v->look);
}

static void on_look(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vigil *v = w->data;
	struct vigil_sight sight = vigil_look(v->pid);
	enum vigil_act act;

	(void)loop;
	(void)revents;
	sight.has_answered = v->has_answered || !v->is_asked;
	act = vigil_judge(&v->memory, v->limits, &sight);
	if (sight.has_answered && act != VIGIL_GONE) {
		v->has_answered = false;
		v->is_asked = true;
		v->ops->ask(v);
	}
	vigil_next(v);
	if (act != VIGIL_WAIT)
		v->ops->act(v, act, &sight);
}

void vigil_init(struct vigil *v, struct ev_loop *loop, pid_t pid, const struct vigil_limits *limits,
		const struct vigil_ops *ops)
{
	*v = (struct vigil){.loop = loop,
			    .pid = pid,
			    .limits = limits ? limits : &vigil_limits_default,
			    .ops = ops};
	ev_init(&v->look, on_look);
	v->look.data = v;
}

void vigil_start(struct vigil *v)
{
	v->memory = (struct vigil_memory){0};
	v->is_asked = false;
	vigil_next(v);
}

void vigil_answered(struct vigil *v)
{
	v->has_answered = true;
}

void vigil_stop(struct vigil *v)
{
	if (v->loop)
		ev_timer_stop(v->loop, &v->look);
}
