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

	if (!options->limits.has_timeout && !options->limits.has_retries)
		return;
	for (size_t i = 0; i < plan->n_jobs; i++) {
		plan->jobs[i].rules = limited_rules(&l, plan->jobs[i].rules);
		limit_fallback(&l, &plan->jobs[i]);
	}
	map_done(&l.done);
}
