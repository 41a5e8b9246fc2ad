/* SPDX-License-Identifier: Apache-2.0 */
/* Random worlds. The seed determines everything. */
#include "sim.h"

static const char *const backend_names[] = {"fake", "farm", "rack"};
static const char *const resource_names[SIM_RESOURCES] = {"LIC", "BOARD", "TOKEN"};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t sim_random(struct sim *m)
{
	return mix(m->random += UINT64_C(0x9e3779b97f4a7c15));
}

uint32_t sim_below(struct sim *m, uint32_t n)
{
	return (uint32_t)(sim_random(m) % n);
}

bool sim_chance(struct sim *m, unsigned percent)
{
	return sim_below(m, 100) < percent;
}

/* ---- outcomes of attempts ---- */

static const struct fake_outcome bad_ends[] = {
	{.status = JOB_FAILED, .reason = REASON_EXIT},
	{.status = JOB_FAILED, .reason = REASON_FAIL_PATTERN},
	{.status = JOB_KILLED, .reason = REASON_TIMEOUT},
	{.status = JOB_KILLED, .reason = REASON_LOST},
	{.status = JOB_KILLED, .reason = REASON_LAUNCH},
};

struct fake_outcome sim_outcome(const struct sim *m, uint32_t job, uint32_t attempt)
{
	uint64_t h = mix(m->seed * 1000003 + job * 7919 + attempt * 104729);
	struct fake_outcome o = {.status = JOB_PASSED};

	if (h % 100 < 3)
		return (struct fake_outcome){.submit = SUBMIT_REFUSED};
	if (h % 100 < 30)
		o = bad_ends[h / 100 % ARRAY_LEN(bad_ends)];
	/* Few different times, because simultaneous events are the most likely to find errors. */
	o.duration_s = (double)(h >> 16 & 7) * 0.5;
	o.start_delay_s = h >> 20 & 3 ? 0 : (double)(h >> 24 & 3) * 0.5;
	o.kill_delay_s = (double)(h >> 28 & 3) * 0.75;
	return o;
}

static struct fake_outcome script(const struct job *job, uint32_t attempt, void *ctx)
{
	struct sim *m = container_of(ctx, struct sim, b);
	uint64_t h = mix(m->seed ^ job->n * UINT64_C(0x51ed2701) ^ m->jobs[job->n].n_asked);

	if (h % 100 < 10)
		return (struct fake_outcome){.submit = SUBMIT_BUSY};
	return sim_outcome(m, job->n, attempt);
}

/* ---- the plan ---- */

static void make_rules(struct sim *m, struct job_rules *r)
{
	static const char *const targets[] = {"build", "run", "report"};
	static const enum retry_on ons[] = {RETRY_ANY, RETRY_INFRA, RETRY_JOB, RETRY_TIMEOUT};

	r->target = targets[sim_below(m, 3)];
	r->weight = (int32_t)sim_below(m, 3);
	r->timeout_s = sim_chance(m, 20) ? 100 + sim_below(m, 2) : 0;
	r->cpus = sim_chance(m, 25) ? 1 + sim_below(m, 5) : 1;
	r->is_finally = sim_chance(m, 8);
	if (sim_chance(m, 30))
		r->backend = backend_names[sim_below(m, m->b.n_backends)];
	if (sim_chance(m, 30))
		r->retry = (struct retry_rules){
			.max = 1 + sim_below(m, 2),
			.on = ons[sim_below(m, 4)],
			.backoff_s = 0.25 * sim_below(m, 4),
		};
}

/* As planning does for the names in rules. */
static void number_backend(const struct sim *m, struct job_spec *spec)
{
	spec->backend_no = 0;
	for (unsigned i = 0; i < m->b.n_backends && spec->rules->backend; i++)
		if (spec->rules->backend == backend_names[i])
			spec->backend_no = i + 1;
}

static void make_resources(struct sim *m, struct job_spec *spec)
{
	for (unsigned i = 0; i < SIM_RESOURCES; i++) {
		uint32_t limit = m->limits[i].count;

		if (!sim_chance(m, m->many_resources ? 50 : 20))
			continue;
		bed_resource(&m->b, spec, resource_names[i],
			     1 + sim_below(m, limit == RESOURCE_UNLIMITED ? 3 : limit));
	}
}

/* order: dependencies go backwards in it, so that the plan's own order says nothing. */
static void make_deps(struct sim *m, const uint32_t *order, uint32_t i)
{
	struct job_spec *jobs = m->b.plan->jobs, *spec = &jobs[order[i]];

	for (unsigned any = 0; any < 2; any++) {
		uint32_t n = sim_chance(m, any ? 25 : 60) ? 1 + sim_below(m, 3) : 0;

		while (n-- > 0 && i > 0) {
			struct job_spec *dep = &jobs[order[sim_below(m, i)]];

			if (dep->rules->is_finally && !spec->rules->is_finally)
				continue;
			(any ? bed_needs_any : bed_needs)(&m->b, spec, dep);
		}
	}
}

/* Stages with rules of their own; some wait for a job that may fail. */
static void make_fallback(struct sim *m, const uint32_t *order, uint32_t i)
{
	struct job_spec *jobs = m->b.plan->jobs, *spec = &jobs[order[i]];
	struct job_spec *stages = arena_array(m->b.plan->mem, SIM_STAGES, sizeof(*stages));
	uint32_t n = sim_chance(m, 30) ? 1 + sim_below(m, SIM_STAGES) : 0;

	for (uint32_t k = 0; k < n; k++) {
		struct job_rules *rules = arena_zalloc(m->b.plan->mem, sizeof(*rules));

		job_stage_init(&stages[k], spec);
		stages[k].stage = k ? "second" : "first";
		stages[k].argv = spec->argv;
		stages[k].command = spec->command;
		stages[k].rules = rules;
		*rules = *spec->rules;
		make_rules(m, rules);
		number_backend(m, &stages[k]);
		rules->is_finally = spec->rules->is_finally;
		rules->resources = NULL;
		rules->n_resources = 0;
		make_resources(m, &stages[k]);
	}
	spec->fallback = stages;
	spec->n_fallback = n;
	while (n && i > 0 && sim_chance(m, 40)) {
		struct job_spec *dep = &jobs[order[sim_below(m, i)]];

		if (dep->rules->is_finally && !spec->rules->is_finally)
			continue;
		bed_holds(&m->b, spec, dep);
	}
}

static void make_plan(struct sim *m)
{
	uint32_t n = sim_below(m, SIM_JOBS + 1), order[SIM_JOBS];

	m->many_resources = sim_chance(m, 40);

	m->b.plan->is_by_id = sim_chance(m, 50);

	for (uint32_t i = 0; i < n; i++) {
		struct job_spec *spec = bed_job(&m->b, "j%u", i);
		uint32_t k = sim_below(m, i + 1);

		order[i] = order[k];
		order[k] = i;
		make_rules(m, bed_rules(spec));
		number_backend(m, spec);
		make_resources(m, spec);
	}
	for (uint32_t i = 0; i < n; i++) {
		make_deps(m, order, i);
		make_fallback(m, order, i);
	}
}

/* Its effect on the other jobs, counted the slow way. */
static void derive(struct sim *m)
{
	const struct plan *p = m->b.plan;

	for (size_t i = 0; i < p->n_jobs; i++) {
		const struct job_spec *spec = &p->jobs[i];

		m->jobs[i].kill_level = -1;
		m->jobs[i].is_epilogue = spec->rules->is_finally || spec->n_any;
		for (uint32_t k = 0; k < job_n_deps(spec); k++)
			m->jobs[spec->deps[k]].n_dependents++;
	}
	for (size_t round = 0; round < p->n_jobs; round++)
		for (size_t i = 0; i < p->n_jobs; i++)
			for (uint32_t k = 0; k < p->jobs[i].n_needs; k++)
				if (m->jobs[p->jobs[i].deps[k]].is_epilogue)
					m->jobs[i].is_epilogue = true;
}

/* ---- requests from outside ---- */

static void add_action(struct sim *m, struct sim_action a)
{
	unsigned at = m->n_actions++;

	while (at > 0 && m->actions[at - 1].at_s > a.at_s) {
		m->actions[at] = m->actions[at - 1];
		at--;
	}
	m->actions[at] = a;
}

/* A change and its reversal, so that no job waits for ever. */
static void add_change(struct sim *m, struct sim_action a, uint32_t was)
{
	add_action(m, a);
	a.value = was;
	a.at_s += 0.5 * (1 + sim_below(m, 8));
	add_action(m, a);
}

static void make_actions(struct sim *m)
{
	struct sim_action a = {.at_s = 0.5 * sim_below(m, 12)};

	if (sim_chance(m, 15)) {
		a.what = ACT_PARALLEL;
		a.value = 1 + sim_below(m, 4);
		add_change(m, a, m->max_parallel);
	}
	if (sim_chance(m, 15)) {
		a.what = ACT_RESOURCE;
		a.which = sim_below(m, SIM_RESOURCES);
		a.value = sim_below(m, 5);
		add_change(m, a, m->limits[a.which].count);
	}
	a.which = sim_below(m, m->b.n_backends);
	if (sim_chance(m, 15)) {
		a.what = ACT_LANE;
		a.value = 1 + sim_below(m, 4);
		add_change(m, a, m->b.backends[a.which]->max_parallel);
	}
	if (sim_chance(m, 10)) {
		a.what = ACT_PAUSE;
		a.value = true;
		add_change(m, a, false);
	}
	if (sim_chance(m, 15)) {
		a.what = ACT_HOLD;
		a.value = sim_chance(m, 50) ? HOLD_ALL : HOLD_ALL_BUT_ONE;
		add_change(m, a, HOLD_NOTHING);
	}
	a.what = ACT_STOP;
	for (unsigned n = sim_chance(m, 30) ? 1 + sim_below(m, 3) : 0; n > 0; n--) {
		a.at_s = 0.25 * sim_below(m, 32);
		a.value = sim_below(m, STOP_KILL + 1);
		add_action(m, a);
	}
}

void sim_make_world(struct sim *m)
{
	m->b.n_backends = 0;
	for (unsigned n = 1 + sim_below(m, 3); n > 0; n--)
		bed_backend(&m->b, backend_names[m->b.n_backends], script,
			    sim_chance(m, 70) ? 1 + sim_below(m, 5) : 0);
	for (unsigned i = 0; i < SIM_RESOURCES; i++) {
		m->limits[i].name = resource_names[i];
		m->limits[i].count = sim_chance(m, 70) ? 1 + sim_below(m, 4) : RESOURCE_UNLIMITED;
	}
	m->max_parallel = sim_chance(m, 40) ? 1 + sim_below(m, 5) : 0;
	m->b.options = (struct sched_options){
		.max_parallel = m->max_parallel,
		.max_failures = sim_chance(m, 20) ? 1 + sim_below(m, 4) : 0,
		.limits = m->limits,
		.n_limits = SIM_RESOURCES,
	};
	make_plan(m);
	derive(m);
	make_actions(m);
}
