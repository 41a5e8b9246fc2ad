/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.json, in DVSim's format: facts about jobs (meta), their times (timing), their memory and
 * CPU time (compute). The processes of each job are measured, not the whole machine as in DVSim.
 * Memory is sampled twice a second, a few jobs at a time so that the loop is not delayed. CPU time
 * and the largest memory of one process come from the kernel, also for short jobs.
 */
#include "observers/instrument.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dvsim/dv_block.h"
#include "observers/instrument_data.h"

#define SAMPLE_S 0.5
enum { JOBS_AT_ONCE = 16 };

static struct instrument *instrument_own(struct observer *o)
{
	return container_of(o, struct instrument, base);
}

/* ---- samples ---- */

static void sample_job(struct instrument *o, const struct job *job)
{
	struct measured *m = &o->jobs[job->n];
	struct job_load load;

	if (!job->backend->ops->measure || !job->backend->ops->measure(job->backend, job, &load))
		return;
	m->n_samples++;
	m->sum_rss += (double)load.rss_bytes;
	m->max_rss = fmax(m->max_rss, (double)load.rss_bytes);
}

/* Backwards: a job that ends meanwhile is replaced by one that was measured already. */
static void sample_some(struct instrument *o)
{
	for (unsigned i = 0; i < JOBS_AT_ONCE && o->next > 0; i++) {
		o->next--;
		if (o->next < o->n_running)
			sample_job(o, o->running[o->next]);
	}
}

static void sample_machine(struct instrument *o)
{
	struct machine_memory m;

	machine_read_memory(&m);
	o->n_samples++;
	o->sum_rss += (double)m.own_rss_bytes;
	o->sum_vms += (double)m.own_vms_bytes;
	o->sum_used += (double)m.used_bytes;
	o->max_rss = m.own_rss_bytes > o->max_rss ? m.own_rss_bytes : o->max_rss;
	o->max_used = m.used_bytes > o->max_used ? m.used_bytes : o->max_used;
	o->max_swap = m.swap_bytes > o->max_swap ? m.swap_bytes : o->max_swap;
}

/* The timers do not keep the loop alive. */
static void instrument_arm(struct instrument *o, ev_timer *w, double after_s)
{
	ev_timer_set(w, after_s, 0);
	ev_timer_start(o->env.loop, w);
	ev_unref(o->env.loop);
}

static void instrument_disarm(struct instrument *o, ev_timer *w)
{
	if (!o->env.loop || !ev_is_active(w))
		return;
	ev_ref(o->env.loop);
	ev_timer_stop(o->env.loop, w);
}

static void instrument_look(struct instrument *o)
{
	sample_some(o);
	if (o->next > 0)
		instrument_arm(o, &o->more, 0);
	else
		instrument_arm(o, &o->round, SAMPLE_S);
}

static void on_more(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)revents;
	ev_ref(loop);
	instrument_look(w->data);
}

static void on_round(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct instrument *o = w->data;

	(void)revents;
	ev_ref(loop);
	sample_machine(o);
	o->next = o->n_running;
	instrument_look(o);
}

/* ---- events ---- */

static double instrument_now_s(const struct instrument *o)
{
	return clock_now(sched_clock(o->sched));
}

static void instrument_on_run_started(struct observer *base, const struct sched *s)
{
	struct instrument *o = instrument_own(base);
	size_t n = sched_n_jobs(s);

	o->sched = s;
	o->start_s = instrument_now_s(o);
	o->jobs = xcalloc(n + 1, sizeof(*o->jobs));
	o->running = xcalloc(n + 1, sizeof(*o->running));
	for (size_t i = 0; i < n; i++)
		o->jobs[i].start_s = o->jobs[i].end_s = NAN;
	if (!(o->kinds & INSTRUMENT_COMPUTE))
		return;
	o->start_cpu_s = machine_own_cpu_s();
	o->start_real_s = clock_now(clock_real());
	machine_read_cpus(&o->cpus);
	sample_machine(o);
	if (o->env.loop)
		instrument_arm(o, &o->round, SAMPLE_S);
}

static void instrument_begin(struct instrument *o, const struct job *job)
{
	struct measured *m = &o->jobs[job->n];

	if (isnan(m->start_s))
		m->start_s = instrument_now_s(o);
	m->running_at = (uint32_t)o->n_running;
	o->running[o->n_running++] = job;
}

/* The start of a short job may be reported late: the backend measured its duration exactly. */
static void instrument_end(struct instrument *o, const struct job *job)
{
	struct measured *m = &o->jobs[job->n];
	const struct job *last = o->running[--o->n_running];

	o->running[m->running_at] = last;
	o->jobs[last->n].running_at = m->running_at;
	if (job->n_attempts == 1)
		m->start_s = fmin(m->start_s, instrument_now_s(o) - job->attempts->duration_s);
}

static void instrument_on_job_changed(struct observer *base, const struct job *job,
				      enum job_status was)
{
	struct instrument *o = instrument_own(base);
	enum job_status now = job_status(job);

	if (now == was)
		return;
	if (was == JOB_RUNNING)
		instrument_end(o, job);
	if (now == JOB_RUNNING)
		instrument_begin(o, job);
	if (job_status_is_final(now))
		o->jobs[job->n].end_s = instrument_now_s(o);
}

/* ---- the ends ---- */

char *instrument_dir(const struct plan *plan, const struct run_dir *run)
{
	return xstrdup(plan->dv ? plan->dv->reports_dir : run_dir_path(run));
}

static void instrument_on_run_ended(struct observer *base, const struct sched *s)
{
	struct instrument *o = instrument_own(base);
	_cleanup_(freep) char *dir = instrument_dir(sched_plan(s), o->env.run);
	_cleanup_(freep) char *path = xasprintf("%s/metrics.json", dir);

	instrument_disarm(o, &o->round);
	instrument_disarm(o, &o->more);
	if (instrument_write(o, dir, path) < 0)
		observer_break(base, "the metrics %s cannot be written (%s)", path,
			       strerror(errno));
}

static void instrument_on_destroy(struct observer *base)
{
	struct instrument *o = instrument_own(base);

	instrument_disarm(o, &o->round);
	instrument_disarm(o, &o->more);
	machine_cpus_done(&o->cpus);
	free(o->jobs);
	free(o->running);
	free(base->broken_why);
	free(o);
}

static const struct observer_ops ops = {
	.name = "instrument",
	.run_started = instrument_on_run_started,
	.job_changed = instrument_on_job_changed,
	.run_ended = instrument_on_run_ended,
	.destroy = instrument_on_destroy,
};

static unsigned instrument_kind_of(const char *word)
{
	static const char *const words[] = {"meta", "timing", "compute"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i]) == 0)
			return 1u << i;
	return INSTRUMENT_META | INSTRUMENT_TIMING | INSTRUMENT_COMPUTE;
}

struct observer *observer_instrument_create(const struct observer_env *env, struct error *err)
{
	struct instrument *o;

	(void)err;
	if (!env->instrument || !*env->instrument)
		return NULL;
	o = xcalloc(1, sizeof(*o));
	o->base.ops = &ops;
	o->env = *env;
	for (const char *const *w = env->instrument; *w; w++)
		o->kinds |= instrument_kind_of(*w);
	ev_init(&o->round, on_round);
	ev_init(&o->more, on_more);
	o->round.data = o->more.data = o;
	return &o->base;
}
