/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/job_limits.h"

#include "base/map.h"

struct limits_setter {
	struct plan *plan;
	const struct flow_type *type;
	const struct flow_options *options;
	struct map done; /* rules -> their copy with the limits */
	const struct job_rules *last, *last_new;
};

void job_limits_apply(struct job_rules *rules, const struct flow_limits *limits, struct arena *mem)
{
	const struct tree_limits *from = &limits->tree;
	struct tree_limits to = {0};

	if (limits->set & FLOW_LIMIT_LOG)
		rules->max_log_bytes = limits->max_log_bytes;
	if (rules->limits)
		to = *rules->limits;
	if (limits->set & FLOW_LIMIT_MEMORY)
		to.memory_bytes = from->memory_bytes;
	if (limits->set & FLOW_LIMIT_PROCESSES)
		to.n_processes = from->n_processes;
	if (limits->set & FLOW_LIMIT_CPU_TIME)
		to.cpu_s = from->cpu_s;
	if (limits->set & FLOW_LIMIT_FILES)
		to.n_files = from->n_files;
	if (limits->set & FLOW_LIMIT_STALL)
		to.stall_s = from->stall_s;
	rules->limits = tree_limits_any(&to) ? arena_memdup(mem, &to, sizeof(to)) : NULL;
}

static const struct job_rules *make_limited(struct limits_setter *l, const struct job_rules *rules)
{
	const struct flow_limits *limits = &l->options->limits;
	struct job_rules *r = arena_memdup(l->plan->mem, rules, sizeof(*rules));

	if (limits->has_timeout && l->type->limit_time)
		l->type->limit_time(r, l->options, l->plan->mem);
	else if (limits->has_timeout)
		r->timeout_s = limits->timeout_s;
	if (limits->has_retries)
		r->retry.max = limits->retries;
	job_limits_apply(r, limits, l->plan->mem);
	return r;
}

/* Jobs that share rules share the copy, too. */
static const struct job_rules *limited_rules(struct limits_setter *l, const struct job_rules *rules)
{
	if (rules->is_interactive)
		return rules;
	if (rules != l->last) {
		l->last = rules;
		l->last_new = map_get_address(&l->done, rules);
		if (!l->last_new) {
			l->last_new = make_limited(l, rules);
			map_set_address(&l->done, rules, (void *)l->last_new);
		}
	}
	return l->last_new;
}

static void limit_fallback(struct limits_setter *l, struct job_spec *job)
{
	struct job_spec *stages;

	if (!job->n_fallback)
		return;
	stages = arena_memdup(l->plan->mem, job->fallback, job->n_fallback * sizeof(*stages));
	for (uint32_t k = 0; k < job->n_fallback; k++)
		stages[k].rules = limited_rules(l, stages[k].rules);
	job->fallback = stages;
}

void job_limits_set(struct plan *plan, const struct flow_type *type,
		    const struct flow_options *options)
{
	struct limits_setter l = {.plan = plan, .type = type, .options = options};

	if (!options->limits.has_timeout && !options->limits.has_retries && !options->limits.set)
		return;
	for (size_t i = 0; i < plan->n_jobs; i++) {
		plan->jobs[i].rules = limited_rules(&l, plan->jobs[i].rules);
		limit_fallback(&l, &plan->jobs[i]);
	}
	map_done(&l.done);
}
