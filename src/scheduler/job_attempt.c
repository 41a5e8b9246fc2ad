/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/job_attempt.h"

static const struct job_attempt_extra no_extra;
static const struct job_attempt_use no_use;

static const struct job_attempt_extra *extra_of(const struct job_attempt *a)
{
	return a->extra ? a->extra : &no_extra;
}

struct job_result job_attempt_result(const struct job_attempt *a)
{
	const struct job_attempt_extra *extra = extra_of(a);
	const struct job_attempt_use *use = a->use ? a->use : &no_use;

	return (struct job_result){
		.status = (enum job_status)a->status,
		.reason = (enum job_reason)a->reason,
		.message = extra->message,
		.context = extra->context,
		.line = extra->line,
		.exit_status = a->exit_status,
		.term_signal = extra->term_signal,
		.pid = a->pid,
		.marks = a->marks,
		.is_uncounted = a->is_uncounted,
		.start_wall_s = a->start_wall_s,
		.duration_s = a->duration_s,
		.usage = use->usage,
		.peak_memory_kib = extra->peak_memory_kib,
		.cgroup_peak_kib = extra->cgroup_peak_kib,
		.log_stamp = use->log_stamp,
		.details = extra->details,
		.measures = extra->measures,
	};
}

const char *job_attempt_resources(const struct job_attempt *a)
{
	return extra_of(a)->resources;
}

const char *job_attempt_stage(const struct job_attempt *a)
{
	return extra_of(a)->stage;
}

static struct job_attempt_extra *get_extra(struct job_attempt *a, struct arena *mem)
{
	if (!a->extra)
		a->extra = arena_zalloc(mem, sizeof(*a->extra));
	return a->extra;
}

struct job_attempt *job_attempt_new(struct arena *mem, const char *resources, const char *stage)
{
	struct job_attempt *a = arena_zalloc(mem, sizeof(*a));

	a->status = JOB_RUNNING;
	if (resources || stage)
		*get_extra(a, mem) = (struct job_attempt_extra){.resources = resources,
								.stage = stage};
	return a;
}

static void keep_extra(struct job_attempt *a, struct arena *mem, const struct job_result *r)
{
	struct job_attempt_extra *extra;

	if (!r->message && !r->context && !r->details && !r->measures && !r->line &&
	    !r->term_signal && !r->peak_memory_kib && !r->cgroup_peak_kib)
		return;
	extra = get_extra(a, mem);
	extra->message = r->message;
	extra->context = r->context;
	extra->details = r->details;
	extra->measures = r->measures;
	extra->peak_memory_kib = r->peak_memory_kib;
	extra->cgroup_peak_kib = r->cgroup_peak_kib;
	extra->line = r->line;
	extra->term_signal = r->term_signal;
}

void job_attempt_end(struct job_attempt *a, struct arena *mem, const struct job_result *result)
{
	const struct job_usage *u = &result->usage;
	struct job_attempt_use use = {*u, result->log_stamp};

	a->status = (uint8_t)result->status;
	a->reason = (uint8_t)result->reason;
	a->marks = (uint8_t)result->marks;
	a->is_uncounted = result->is_uncounted;
	a->exit_status = result->exit_status;
	a->pid = result->pid;
	if (result->start_wall_s > 0) /* else the time when the start was reported is kept */
		a->start_wall_s = result->start_wall_s;
	a->duration_s = result->duration_s;
	if (u->user_s > 0 || u->system_s > 0 || u->max_rss_kib || result->log_stamp)
		a->use = arena_memdup(mem, &use, sizeof(use));
	keep_extra(a, mem, result);
}
