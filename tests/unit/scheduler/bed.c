/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- the host ---- */

static void on_wake(struct sched_host *h)
{
	container_of(h, struct bed, host)->is_woken = true;
}

static void on_alarm(struct sched_host *h, double at_s)
{
	container_of(h, struct bed, host)->alarm_s = at_s;
}

/* ---- the record ---- */

static void count_resources(struct bed *b, const struct job *job, bool has_begun)
{
	const struct job_rules *rules = job->spec->rules;

	for (uint32_t i = 0; i < rules->n_resources; i++) {
		uint32_t *n = map_get(&b->peaks, rules->resources[i].name);

		if (!n) {
			n = arena_array(b->plan->mem, 2, sizeof(*n));
			map_set(&b->peaks, rules->resources[i].name, n);
		}
		n[0] += has_begun ? rules->resources[i].count : -rules->resources[i].count;
		n[1] = n[0] > n[1] ? n[0] : n[1];
	}
}

static void record_begin(struct bed *b, const struct job *job)
{
	b->n_running++;
	b->peak = b->n_running > b->peak ? b->n_running : b->peak;
	count_resources(b, job, true);
	if (job->n_attempts == 1)
		str_printf(&b->started, "%s ", job->spec->id);
}

static void on_job_changed(struct observer *o, const struct job *job, enum job_status was)
{
	struct bed *b = container_of(o, struct bed, observer);
	enum job_status now = job_status(job);

	str_printf(&b->trace, "%s %s>%s", job->spec->id, job_status_name(was),
		   job_status_name(now));
	if (job->reason)
		str_printf(&b->trace, " %s", job_reason_name((enum job_reason)job->reason));
	str_addc(&b->trace, '\n');
	if (now == JOB_RUNNING) {
		record_begin(b, job);
	} else if (was == JOB_RUNNING) {
		b->n_running--;
		count_resources(b, job, false);
	}
	if (job_status_is_final(now))
		str_printf(&b->ended, "%s ", job->spec->id);
	if (b->on_change)
		b->on_change(b, job, was);
}

static void on_run_started(struct observer *o, const struct sched *s)
{
	(void)s;
	container_of(o, struct bed, observer)->n_run_started++;
}

static void on_run_ended(struct observer *o, const struct sched *s)
{
	(void)s;
	container_of(o, struct bed, observer)->n_run_ended++;
}

static void on_kill_signal(struct observer *o, const struct sched *s, int signum)
{
	struct bed *b = container_of(o, struct bed, observer);

	(void)s;
	b->n_kill_signals++;
	b->signum = signum;
}

static const struct observer_ops recorder_ops = {
	.name = "recorder",
	.run_started = on_run_started,
	.job_changed = on_job_changed,
	.kill_signal = on_kill_signal,
	.run_ended = on_run_ended,
};

/* ---- life ---- */

void bed_init(struct bed *b, size_t room)
{
	*b = (struct bed){.room = room, .alarm_s = INFINITY};
	b->plan = plan_new();
	b->plan->jobs = arena_array(b->plan->mem, room ? room : 1, sizeof(struct job_spec));
	b->plan->name = "bed";
	b->block = (struct job_block){.name = "bed", .scratch_path = "/scratch/bed"};
	clock_virtual_init(&b->clock, 1e9);
	b->host = (struct sched_host){.clock = &b->clock.clock, .wake = on_wake, .alarm = on_alarm};
	b->observer.ops = &recorder_ops;
	diags_init(&b->diags);
	str_add(&b->trace, "");
	str_add(&b->started, "");
	str_add(&b->ended, "");
}

void bed_done(struct bed *b)
{
	sched_free(b->s);
	for (unsigned i = 0; i < b->n_backends; i++)
		b->backends[i]->ops->destroy(b->backends[i]);
	free(b->observer.broken_why);
	diags_done(&b->diags);
	str_done(&b->trace);
	str_done(&b->started);
	str_done(&b->ended);
	map_done(&b->peaks);
	plan_free(b->plan);
}

/* ---- the plan ---- */

struct job_spec *bed_job(struct bed *b, const char *fmt, ...)
{
	static const char *const argv[] = {"true", NULL};
	struct job_spec *spec = &b->plan->jobs[b->plan->n_jobs];
	struct job_rules *rules = arena_zalloc(b->plan->mem, sizeof(*rules));
	va_list ap;

	assert(b->plan->n_jobs < b->room);
	b->plan->n_jobs++;
	va_start(ap, fmt);
	spec->id = spec->name = arena_vprintf(b->plan->mem, fmt, ap);
	va_end(ap);
	*rules = (struct job_rules){.target = "t", .weight = 1, .cpus = 1};
	spec->rules = rules;
	spec->block = &b->block;
	spec->argv = argv;
	spec->command = "true";
	spec->pos = (struct src_pos){"bed.hjson", (unsigned)b->plan->n_jobs, 3};
	return spec;
}

struct job_rules *bed_rules(struct job_spec *spec)
{
	return (struct job_rules *)spec->rules;
}

static void add_dep(struct bed *b, struct job_spec *spec, const struct job_spec *dep)
{
	uint32_t n = job_n_deps(spec);
	uint32_t *deps = (uint32_t *)spec->deps;

	if ((n & (n - 1)) == 0) {
		deps = arena_array(b->plan->mem, n ? n * 2 : 1, sizeof(*deps));
		if (n)
			memcpy(deps, spec->deps, n * sizeof(*deps));
		spec->deps = deps;
	}
	deps[n] = (uint32_t)(dep - b->plan->jobs);
}

void bed_needs(struct bed *b, struct job_spec *spec, const struct job_spec *dep)
{
	assert(spec->n_any == 0);
	add_dep(b, spec, dep);
	spec->n_needs++;
}

void bed_needs_any(struct bed *b, struct job_spec *spec, const struct job_spec *dep)
{
	assert(spec->n_held == 0);
	add_dep(b, spec, dep);
	spec->n_any++;
}

void bed_holds(struct bed *b, struct job_spec *spec, const struct job_spec *dep)
{
	add_dep(b, spec, dep);
	spec->n_held++;
}

void bed_resource(struct bed *b, struct job_spec *spec, const char *name, uint32_t count)
{
	struct job_rules *rules = bed_rules(spec);
	uint32_t n = rules->n_resources;
	struct resource_need *needs = arena_array(b->plan->mem, n + 1, sizeof(*needs));

	if (n)
		memcpy(needs, rules->resources, n * sizeof(*needs));
	needs[n] = (struct resource_need){name, count, {"bed.hjson", spec->pos.line, 40 + n}};
	rules->resources = needs;
	rules->n_resources = n + 1;
}

/* ---- running ---- */

static struct fake_outcome pass_after_a_second(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)job, (void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

struct backend *bed_backend(struct bed *b, const char *name, fake_script *script,
			    uint32_t max_parallel)
{
	struct fake_options options = {
		.name = name,
		.script = script ? script : pass_after_a_second,
		.script_ctx = b,
		.max_parallel = max_parallel,
		.clock = &b->clock,
	};

	assert(b->n_backends < BED_BACKENDS);
	return b->backends[b->n_backends++] = fake_new(&options);
}

int bed_load(struct bed *b)
{
	if (b->n_backends == 0)
		bed_backend(b, NULL, NULL, 0);
	b->s = sched_new(&b->options, &b->host);
	for (unsigned i = 0; i < b->n_backends; i++)
		sched_add_backend(b->s, b->backends[i], i + 1);
	if (sched_load(b->s, b->plan, &b->diags) < 0)
		return -1;
	sched_subscribe(b->s, &b->observer);
	return 0;
}

bool bed_step(struct bed *b)
{
	struct backend *next = b->backends[0];

	if (b->is_woken || b->alarm_s <= b->clock.now_s) {
		b->is_woken = false;
		b->n_turns++;
		sched_turn(b->s);
		return true;
	}
	for (unsigned i = 1; i < b->n_backends; i++)
		if (fake_next_s(b->backends[i]) < fake_next_s(next))
			next = b->backends[i];
	if (fake_next_s(next) <= b->alarm_s)
		return fake_step(next);
	b->clock.now_s = b->alarm_s;
	return true;
}

void bed_run(struct bed *b)
{
	if (b->n_run_started == 0)
		sched_start(b->s);
	while (!sched_is_done(b->s))
		if (!bed_step(b)) {
			fprintf(stderr, "the run stands still:\n%s", b->trace.s);
			abort();
		}
}

void bed_go(struct bed *b)
{
	if (bed_load(b) < 0) {
		diags_print(&b->diags, stderr, false, false);
		abort();
	}
	bed_run(b);
}

/* ---- reading ---- */

const struct job *bed_find(const struct bed *b, const char *id)
{
	for (size_t i = 0; i < sched_n_jobs(b->s); i++)
		if (strcmp(sched_job(b->s, i)->spec->id, id) == 0)
			return sched_job(b->s, i);
	fprintf(stderr, "no job '%s'\n", id);
	abort();
}

enum job_status bed_status(const struct bed *b, const char *id)
{
	return job_status(bed_find(b, id));
}

enum job_reason bed_reason(const struct bed *b, const char *id)
{
	return (enum job_reason)bed_find(b, id)->reason;
}

const char *bed_letters(const struct bed *b)
{
	size_t n = sched_n_jobs(b->s);
	char *letters = arena_array(b->plan->mem, n + 1, 1);

	for (size_t i = 0; i < n; i++)
		letters[i] = job_status_letter(job_status(sched_job(b->s, i)));
	return letters;
}

const char *bed_message(const struct bed *b)
{
	return b->diags.first ? b->diags.first->msg : "";
}
