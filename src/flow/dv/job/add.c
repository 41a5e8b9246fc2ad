/* SPDX-License-Identifier: Apache-2.0 */
/* Adds the jobs of a configuration to the plan. Of jobs with the same id the first is kept, as in
 * DVSim. */
#include <string.h>

#include "flow/dv/block.h"
#include "flow/dv/job/job.h"
#include "flow/text.h"

struct adding {
	struct job_maker *m;
	uint32_t *place; /* job -> its index in the plan, or that of the first with its id */
	size_t n_twins;
	const char *twin;
};

/* One warning per configuration about all jobs whose ids the plan had already. */
static void report_twins(const struct adding *a)
{
	struct mode_reader *r = &a->m->cfg->reader;
	struct diag *d;

	if (a->n_twins == 0)
		return;
	d = a->n_twins == 1 ? diag_warning(r->diags, cfg_start(r->cfg),
					   "the job '%s' is defined more than once",
					   text_printable(r->mem, a->twin))
			    : diag_warning(r->diags, cfg_start(r->cfg),
					   "%zu jobs are defined more than once: '%s', …",
					   a->n_twins, text_printable(r->mem, a->twin));
	diag_hint(d,
		  "the first definition is kept; configurations of the same name need a 'variant'");
}

static void place_job(struct adding *a, const struct job_spec *job, size_t i)
{
	struct plan *plan = a->m->plan;
	struct map *ids = &a->m->cfg->all->ids;
	uintptr_t next = plan->n_jobs + 1;
	uintptr_t first = (uintptr_t)map_set(ids, job->id, (void *)next);

	if (first) {
		map_set(ids, job->id, (void *)first);
		a->place[i] = (uint32_t)(first - 1);
		if (a->n_twins++ == 0)
			a->twin = job->id;
		return;
	}
	a->place[i] = (uint32_t)plan->n_jobs;
	if (job != &plan->jobs[plan->n_jobs])
		plan->jobs[plan->n_jobs] = *job;
	plan->n_jobs++;
}

/* Makes indices into the plan out of indices into the added jobs. */
static void settle_deps(const struct job_spec *job, const uint32_t *place)
{
	uint32_t *deps = (uint32_t *)job->deps; /* only the flow writes to it until then */

	for (uint32_t k = 0; k < job_n_deps(job); k++)
		deps[k] = place[deps[k]];
}

void job_maker_add_jobs(struct job_maker *m, const struct job_spec *jobs, size_t n)
{
	struct plan *plan = m->plan;
	struct adding a = {.m = m,
			   .place = arena_array(m->cfg->reader.mem, n + 1, sizeof(uint32_t))};
	size_t first = plan->n_jobs;

	if (!plan->jobs || jobs != plan->jobs + plan->n_jobs)
		dv_plan_reserve(plan, n);
	for (size_t i = 0; i < n; i++)
		place_job(&a, &jobs[i], i);
	for (size_t i = first; i < plan->n_jobs; i++)
		settle_deps(&plan->jobs[i], a.place);
	report_twins(&a);
}
