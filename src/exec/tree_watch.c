/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/tree_watch.h"

#include <math.h>

static const double first_pause_s = 0.1, pause_most_s = 1, pause_least_s = 0.02;
/* Without limits only the peak is wanted, and short jobs are left alone. */
static const double first_pause_for_peak_s = 1;
/* After a sample that took long: so many times as long until the next, within bounds. */
static const double rest_factor = 20, rest_most_s = 5;
static const double rest_factor_for_peak = 200, rest_most_for_peak_s = 60;
/* CPU time is counted in ticks of 10 ms: less than this is the error of a sum. */
static const double cpu_step_s = 0.005;

static bool tree_watch_has_limits(const struct tree_watch *w)
{
	const struct tree_limits *l = &w->limits;

	return l->memory_bytes || l->n_processes || l->cpu_s > 0 || l->stall_s > 0;
}

void tree_watch_begin(struct tree_watch *w, const struct tree_limits *limits, double now_s)
{
	*w = (struct tree_watch){.limits = *limits, .last = {.at_s = now_s}};
	w->pause_s = tree_watch_has_limits(w) ? first_pause_s : first_pause_for_peak_s;
}

uint64_t tree_watch_asks_twice(const struct tree_watch *w)
{
	return w->limits.memory_bytes ? w->limits.memory_bytes : w->peak_bytes + 1;
}

/*
 * Only time that samples bear witness to counts: of a long gap (everything was stopped, or the
 * machine was busy with others) it is not known what the job could have done.
 */
static void tree_watch_note_idle(struct tree_watch *w, const struct tree_sample *s)
{
	bool is_active = s->is_runnable || s->log_stamp != w->last.log_stamp ||
			 fabs(s->cpu_s - w->active_cpu_s) >= cpu_step_s;

	if (is_active) {
		w->idle_s = 0;
		w->active_cpu_s = s->cpu_s;
	} else {
		w->idle_s += fmin(s->at_s - w->last.at_s, 2 * w->pause_s);
	}
}

static struct over_limit tree_watch_over(const struct tree_watch *w, const struct tree_sample *s)
{
	const struct tree_limits *l = &w->limits;

	if (l->memory_bytes && s->memory_bytes > l->memory_bytes)
		return (struct over_limit){REASON_MEMORY_LIMIT, (double)l->memory_bytes,
					   (double)s->memory_bytes};
	if (l->n_processes && s->n_processes > l->n_processes)
		return (struct over_limit){REASON_PROCESS_LIMIT, l->n_processes, s->n_processes};
	if (l->cpu_s > 0 && s->cpu_s > l->cpu_s)
		return (struct over_limit){REASON_CPU_LIMIT, l->cpu_s, s->cpu_s};
	if (l->stall_s > 0 && w->idle_s >= l->stall_s)
		return (struct over_limit){REASON_STALL, l->stall_s, w->idle_s};
	return (struct over_limit){.reason = REASON_NONE};
}

/* Half the time that is left at the present growth. */
static double time_to_limit(double was, double is, double limit, double elapsed_s)
{
	if (limit <= 0 || is <= was)
		return INFINITY;
	return elapsed_s * (limit - is) / (is - was) / 2;
}

static double tree_watch_pause(const struct tree_watch *w, const struct tree_sample *s)
{
	const struct tree_limits *l = &w->limits;
	double elapsed_s = s->at_s - w->last.at_s, pause_s = fmin(2 * w->pause_s, pause_most_s);

	pause_s = fmin(pause_s, time_to_limit((double)w->last.memory_bytes, (double)s->memory_bytes,
					      (double)l->memory_bytes, elapsed_s));
	pause_s = fmin(pause_s, time_to_limit(w->last.n_processes, s->n_processes, l->n_processes,
					      elapsed_s));
	pause_s = fmin(pause_s, time_to_limit(w->last.cpu_s, s->cpu_s, l->cpu_s, elapsed_s));
	if (l->stall_s > 0)
		pause_s = fmin(pause_s, l->stall_s - w->idle_s);
	return fmax(pause_s, pause_least_s);
}

struct over_limit tree_watch_take(struct tree_watch *w, const struct tree_sample *s)
{
	struct over_limit over;

	if (s->memory_bytes > w->peak_bytes)
		w->peak_bytes = s->memory_bytes;
	tree_watch_note_idle(w, s);
	over = tree_watch_over(w, s);
	w->pause_s = tree_watch_pause(w, s);
	w->last = *s;
	return over;
}

void tree_watch_slow_down(struct tree_watch *w, double cost_s)
{
	double rest_s = tree_watch_has_limits(w)
				? fmin(rest_factor * cost_s, rest_most_s)
				: fmin(rest_factor_for_peak * cost_s, rest_most_for_peak_s);

	w->pause_s = fmax(w->pause_s, rest_s);
}

struct over_limit tree_watch_end(const struct tree_limits *limits, const struct job_usage *usage,
				 uint64_t own_rss_kib)
{
	double cpu_s = usage->user_s + usage->system_s;

	if (limits->memory_bytes && usage->max_rss_kib > own_rss_kib &&
	    usage->max_rss_kib > limits->memory_bytes / 1024)
		return (struct over_limit){REASON_MEMORY_LIMIT, (double)limits->memory_bytes,
					   (double)usage->max_rss_kib * 1024};
	if (limits->cpu_s > 0 && cpu_s > limits->cpu_s)
		return (struct over_limit){REASON_CPU_LIMIT, limits->cpu_s, cpu_s};
	return (struct over_limit){.reason = REASON_NONE};
}
