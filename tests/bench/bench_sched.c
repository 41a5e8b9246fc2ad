/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cost of the scheduler alone: a million jobs on the fake backend in virtual time, many jobs that
 * wait for a resource, and a fan-in. An observer counts its calls.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/fake/fake.h"
#include "base/mem.h"
#include "scheduler/sched.h"

struct bench {
	struct plan *plan;
	struct job_block block;
	struct job_rules rules[2];
	struct clock_virtual clock;
	struct sched_host host;
	struct observer observer;
	struct backend *fake;
	struct sched *s;
	bool is_woken;
	uint64_t n_changes;
	double load_s, run_s, cpu_s;
};

static void on_wake(struct sched_host *h)
{
	container_of(h, struct bench, host)->is_woken = true;
}

static void on_alarm(struct sched_host *h, double at_s)
{
	(void)h, (void)at_s;
}

static void on_job_changed(struct observer *o, const struct job *job, enum job_status was)
{
	(void)job, (void)was;
	container_of(o, struct bench, observer)->n_changes++;
}

static const struct observer_ops counter_ops = {.name = "count", .job_changed = on_job_changed};

static double now(void)
{
	return clock_now(clock_real());
}

static void init(struct bench *b, size_t n_jobs, const char *id_format)
{
	static const char *const argv[] = {"true", NULL};

	*b = (struct bench){.block = {.name = "bench", .scratch_path = "/scratch/bench"}};
	b->plan = plan_new();
	b->plan->jobs = arena_array(b->plan->mem, n_jobs, sizeof(struct job_spec));
	b->plan->n_jobs = n_jobs;
	for (unsigned i = 0; i < 2; i++)
		b->rules[i] = (struct job_rules){.target = "bench", .weight = 1, .cpus = 1};
	for (size_t i = 0; i < n_jobs; i++) {
		struct job_spec *spec = &b->plan->jobs[i];

		spec->id = spec->name = arena_printf(b->plan->mem, id_format, (unsigned)i);
		spec->rules = &b->rules[0];
		spec->block = &b->block;
		spec->argv = argv;
	}
	clock_virtual_init(&b->clock, 1e9);
	b->host = (struct sched_host){.clock = &b->clock.clock, .wake = on_wake, .alarm = on_alarm};
	b->observer.ops = &counter_ops;
}

/* Without the time of other programs. */
static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Different durations, so that the order of ends differs from that of starts. */
static struct fake_outcome some_time(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED,
				     .duration_s = 1 + (job->n * 7919u % 1000) * 1e-3};
}

static void begin(struct bench *b, uint32_t max_parallel, const struct resource_limit *limit)
{
	struct sched_options options = {.limits = limit, .n_limits = limit != NULL};
	struct fake_options fake = {
		.script = some_time, .max_parallel = max_parallel, .clock = &b->clock};
	double start_s = now();
	struct diags diags;

	diags_init(&diags);
	b->fake = fake_new(&fake);
	b->s = sched_new(&options, &b->host);
	sched_add_backend(b->s, b->fake, 1);
	if (sched_load(b->s, b->plan, &diags) < 0)
		abort();
	sched_subscribe(b->s, &b->observer);
	b->load_s = now() - start_s;
	diags_done(&diags);
	sched_start(b->s);
}

static void step(struct bench *b)
{
	if (!b->is_woken && !fake_step(b->fake))
		abort();
	b->is_woken = false;
	sched_turn(b->s);
}

static void run(struct bench *b, uint32_t max_parallel, const struct resource_limit *limit)
{
	double start_cpu_s = cpu(), start_s;

	begin(b, max_parallel, limit);
	start_s = now();
	while (!sched_is_done(b->s))
		step(b);
	b->run_s = now() - start_s;
	b->cpu_s = cpu() - start_cpu_s;
	assert(sched_tally(b->s)[JOB_PASSED] == b->plan->n_jobs);
}

static void done(struct bench *b)
{
	sched_free(b->s);
	b->fake->ops->destroy(b->fake);
	plan_free(b->plan);
}

/* n jobs in layers; each but those of the first depends on two or three of the layer before: twice
 * as many edges as jobs. */
static void layers(size_t n_jobs, unsigned n_layers, uint32_t max_parallel)
{
	size_t width = n_jobs / n_layers, n_edges = 0, bytes;
	struct bench b;

	init(&b, n_jobs, "layers:job.%u");
	for (size_t i = width; i < n_jobs; i++) {
		uint32_t n = i % 9 < 2 ? 3 : 2, *deps = arena_array(b.plan->mem, n, sizeof(*deps));
		size_t before = (i / width - 1) * width;

		deps[0] = (uint32_t)(before + i % width);
		deps[1] = (uint32_t)(before + (i * 7919 + 13) % width);
		deps[n - 1] = (uint32_t)(before + (i * 104729 + 7) % width);
		b.plan->jobs[i].deps = deps;
		b.plan->jobs[i].n_needs = n;
		n_edges += n;
	}
	run(&b, max_parallel, NULL);
	bytes = sched_memory(b.s) / n_jobs;
	printf("%zu jobs, %zu edges, %u layers, %u at a time: load %.2f s, run %.2f s, CPU %.2f s, "
	       "%.2f us per job; %zu bytes per job and %zu of its spec and dependencies\n",
	       n_jobs, n_edges, n_layers, max_parallel, b.load_s, b.run_s, b.cpu_s,
	       b.cpu_s * 1e6 / (double)n_jobs, bytes,
	       sizeof(struct job_spec) + n_edges * sizeof(uint32_t) / n_jobs);
	assert(b.n_changes == 3 * n_jobs);
	done(&b);
}

/* All jobs except ten ask for one of ten licences. Measures the cost of a change while many jobs
 * wait. */
static double crowd_once(unsigned n_waiting)
{
	enum { CHANGES = 1500 };
	struct resource_need need = {.name = "LIC", .count = 1};
	struct resource_limit limit = {.name = "LIC", .count = 10};
	uint64_t n_before;
	struct bench b;
	double start_s, us;

	init(&b, n_waiting + 10, "crowd.%u");
	b.rules[1].resources = &need;
	b.rules[1].n_resources = 1;
	for (unsigned i = 0; i < n_waiting; i++)
		b.plan->jobs[i + 10].rules = &b.rules[1];
	begin(&b, 0, &limit);
	while (b.n_changes < n_waiting + 100)
		step(&b); /* all are ready, the first have run */
	n_before = b.n_changes;
	start_s = cpu();
	while (b.n_changes < n_before + CHANGES)
		step(&b);
	us = (cpu() - start_s) * 1e6 / (double)(b.n_changes - n_before);
	while (!sched_is_done(b.s))
		step(&b);
	done(&b);
	return us;
}

static double crowd(unsigned n_waiting)
{
	double least_us = INFINITY;

	for (unsigned i = 0; i < 5; i++)
		least_us = fmin(least_us, crowd_once(n_waiting));
	printf("%u jobs wait for 10 licences: %.3f us per change\n", n_waiting, least_us);
	return least_us;
}

static void fan_in(unsigned n)
{
	struct bench b;
	uint32_t *deps;

	init(&b, n + 1, "fan.%u");
	deps = arena_array(b.plan->mem, n, sizeof(*deps));
	for (unsigned i = 0; i < n; i++)
		deps[i] = i;
	b.plan->jobs[n].deps = deps;
	b.plan->jobs[n].n_needs = n;
	run(&b, 0, NULL);
	printf("one job depends on %u: load %.3f s, run %.3f s, %.3f us per job\n", n, b.load_s,
	       b.run_s, b.run_s * 1e6 / n);
	done(&b);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	double few, many;

	layers(n, 10, 0);
	layers(n, 10, 64);
	few = crowd(1000);
	many = crowd(100000);
	printf("100 times the crowd: %.1f times the cost of a change\n", many / few);
	fan_in(1000);
	fan_in(100000);
	return 0;
}
