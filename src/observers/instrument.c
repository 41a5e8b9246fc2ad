/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.json, in DVSim's shape: what the jobs were (meta), when they ran (timing), what they took
 * (compute). A job's processes are measured, not the whole machine as there: memory by a look at
 * them twice a second, few jobs at a time so that the loop goes on; CPU time and the most memory of
 * one process by the kernel, however short the job was.
 */
#include "observers/instrument.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "observers/machine.h"
#include "observers/observers.h"
#include "run/dv_files.h"
#include "scheduler/sched.h"

#define SAMPLE_S 0.5
enum { JOBS_AT_ONCE = 16, INDENT = 2, DECIMALS = 9 };
enum { META = 1, TIMING = 2, COMPUTE = 4 };

struct measured {
	double start_s, end_s; /* NAN: it never did */
	double sum_rss, max_rss;
	uint32_t n_samples;
	uint32_t running_at; /* while it runs: its index in running */
};

struct instrument {
	struct observer base;
	struct observer_env env;
	unsigned kinds;
	const struct sched *sched;
	struct measured *jobs; /* by job->n */
	const struct job **running;
	size_t n_running, next; /* next: how many of this round are still to be looked at */
	ev_timer round, more;
	/* Of the machine, and of this process. */
	double start_s, start_real_s, start_cpu_s, sum_rss, sum_vms, sum_used;
	uint64_t max_rss, max_used, max_swap;
	struct machine_cpus cpus;
	uint32_t n_samples;
};

static struct instrument *own(struct observer *o)
{
	return container_of(o, struct instrument, base);
}

/* ---- looking ---- */

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

/* Backwards: a job that ends meanwhile is replaced by one that was looked at already. */
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

/* Timers of ours keep no loop alive. */
static void arm(struct instrument *o, ev_timer *w, double after_s)
{
	ev_timer_set(w, after_s, 0);
	ev_timer_start(o->env.loop, w);
	ev_unref(o->env.loop);
}

static void disarm(struct instrument *o, ev_timer *w)
{
	if (!o->env.loop || !ev_is_active(w))
		return;
	ev_ref(o->env.loop);
	ev_timer_stop(o->env.loop, w);
}

static void look(struct instrument *o)
{
	sample_some(o);
	if (o->next > 0)
		arm(o, &o->more, 0);
	else
		arm(o, &o->round, SAMPLE_S);
}

static void on_more(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)revents;
	ev_ref(loop);
	look(w->data);
}

static void on_round(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct instrument *o = w->data;

	(void)revents;
	ev_ref(loop);
	sample_machine(o);
	o->next = o->n_running;
	look(o);
}

/* ---- listening ---- */

static double now_s(const struct instrument *o)
{
	return clock_now(sched_clock(o->sched));
}

static void on_run_started(struct observer *base, const struct sched *s)
{
	struct instrument *o = own(base);
	size_t n = sched_n_jobs(s);

	o->sched = s;
	o->start_s = now_s(o);
	o->jobs = xcalloc(n + 1, sizeof(*o->jobs));
	o->running = xcalloc(n + 1, sizeof(*o->running));
	for (size_t i = 0; i < n; i++)
		o->jobs[i].start_s = o->jobs[i].end_s = NAN;
	if (!(o->kinds & COMPUTE))
		return;
	o->start_cpu_s = machine_own_cpu_s();
	o->start_real_s = clock_now(clock_real());
	machine_read_cpus(&o->cpus);
	sample_machine(o);
	if (o->env.loop)
		arm(o, &o->round, SAMPLE_S);
}

static void begin(struct instrument *o, const struct job *job)
{
	struct measured *m = &o->jobs[job->n];

	if (isnan(m->start_s))
		m->start_s = now_s(o);
	m->running_at = (uint32_t)o->n_running;
	o->running[o->n_running++] = job;
}

/* A short job may have ended before we heard of its start: who ran it knows better. */
static void end(struct instrument *o, const struct job *job)
{
	struct measured *m = &o->jobs[job->n];
	const struct job *last = o->running[--o->n_running];

	o->running[m->running_at] = last;
	o->jobs[last->n].running_at = m->running_at;
	if (job->n_attempts == 1)
		m->start_s = fmin(m->start_s, now_s(o) - job->attempts->result.duration_s);
}

static void on_job_changed(struct observer *base, const struct job *job, enum job_status was)
{
	struct instrument *o = own(base);
	enum job_status now = job_status(job);

	if (now == was)
		return;
	if (was == JOB_RUNNING)
		end(o, job);
	if (now == JOB_RUNNING)
		begin(o, job);
	if (job_status_is_final(now))
		o->jobs[job->n].end_s = now_s(o);
}

/* ---- writing ---- */

static void write_bytes(struct json_out *j, const char *key, double bytes)
{
	jout_key_int(j, key, (int64_t)(bytes + 0.5));
}

/* Nothing that is not known. */
static void write_times(struct json_out *j, double start_s, double end_s)
{
	jout_key(j, "timing");
	jout_object(j);
	if (!isnan(start_s))
		jout_key_real(j, "start_time", start_s, DECIMALS);
	if (!isnan(end_s))
		jout_key_real(j, "end_time", end_s, DECIMALS);
	if (!isnan(start_s) && !isnan(end_s))
		jout_key_real(j, "duration", end_s - start_s, DECIMALS);
	jout_object_end(j);
}

static void write_cores(struct json_out *j, const struct instrument *o,
			const struct machine_cpus *now)
{
	jout_key_real(j, "sys_cpu_percent", machine_percent(&o->cpus, now, 0), 3);
	jout_key(j, "sys_cpu_per_core");
	jout_array(j);
	for (size_t i = 1; i < now->n; i++)
		jout_real(j, machine_percent(&o->cpus, now, i), 3);
	jout_array_end(j);
}

/* In real time, whatever the run's own clock. */
static void write_machine(struct json_out *j, const struct instrument *o)
{
	double duration_s = clock_now(clock_real()) - o->start_real_s;
	double cpu_s = machine_own_cpu_s() - o->start_cpu_s;
	struct machine_cpus now;

	machine_read_cpus(&now);
	jout_key(j, "compute");
	jout_object(j);
	write_bytes(j, "scheduler_max_rss_bytes", (double)o->max_rss);
	write_bytes(j, "scheduler_avg_rss_bytes", o->sum_rss / o->n_samples);
	write_bytes(j, "scheduler_vms_bytes", o->sum_vms / o->n_samples);
	jout_key_real(j, "scheduler_cpu_percent", duration_s > 0 ? 100 * cpu_s / duration_s : 0, 3);
	jout_key_real(j, "scheduler_cpu_time", cpu_s, 6);
	write_bytes(j, "sys_max_rss_bytes", (double)o->max_used);
	write_bytes(j, "sys_avg_rss_bytes", o->sum_used / o->n_samples);
	write_bytes(j, "sys_swap_used_bytes", (double)o->max_swap);
	write_cores(j, o, &now);
	jout_key_int(j, "num_samples", o->n_samples);
	jout_object_end(j);
	machine_cpus_done(&now);
}

static void write_meta(struct json_out *j, const struct plan *plan, const struct job *job)
{
	static const char *const words[JOB_STATUS_COUNT] = {"Scheduled", "Queued", "Running",
							    "Passed",	 "Failed", "Killed"};
	const struct job_spec *spec = job->spec;
	const char *variant = dv_files_variant(spec);
	const struct dv_block *dv = spec->block->dv;
	const char *tool = dv ? dv->tool : spec->rules->tool;

	jout_key(j, "meta");
	jout_object(j);
	jout_key_string(j, "name", spec->subject ? spec->subject : spec->name);
	jout_key_string(j, "job_type", dv_files_job_type(spec));
	jout_key_string(j, "target", spec->rules->target);
	jout_key_string(j, "tool", tool ? tool : "none");
	jout_key_string(j, "block", dv ? dv->name : spec->block->name);
	if (variant)
		jout_key_string(j, "block_variant", variant);
	if (spec->rules->backend)
		jout_key_string(j, "backend", spec->rules->backend);
	jout_key(j, "dependencies");
	jout_array(j);
	for (uint32_t i = 0; i < spec->n_needs + spec->n_any; i++)
		jout_string(j, plan->jobs[spec->deps[i]].id);
	jout_array_end(j);
	jout_key_string(j, "status", words[job_status(job)]);
	jout_object_end(j);
}

static void write_compute(struct json_out *j, const struct job *job, const struct measured *m)
{
	double cpu_s = 0, ran_s = 0, max = m->max_rss;

	for (const struct job_attempt *a = job->attempts; a; a = a->before) {
		cpu_s += a->result.usage.user_s + a->result.usage.system_s;
		ran_s += a->result.duration_s;
		max = fmax(max, (double)a->result.usage.max_rss_kib * 1024);
	}
	jout_key(j, "compute");
	jout_object(j);
	if (max > 0)
		write_bytes(j, "max_rss_bytes", max);
	if (m->n_samples)
		jout_key_real(j, "avg_rss_bytes", m->sum_rss / m->n_samples, 1);
	if (max > 0 && ran_s > 0) /* no memory: nobody measured it */
		jout_key_real(j, "avg_cpu_percent", 100 * cpu_s / ran_s, 3);
	jout_key_int(j, "num_samples", m->n_samples);
	jout_object_end(j);
}

static void write_job(struct json_out *j, const struct instrument *o, const struct job *job)
{
	const struct measured *m = &o->jobs[job->n];

	jout_key(j, job->spec->id);
	jout_object(j);
	if (o->kinds & META)
		write_meta(j, sched_plan(o->sched), job);
	if (o->kinds & TIMING)
		write_times(j, m->start_s, m->end_s);
	if (o->kinds & COMPUTE)
		write_compute(j, job, m);
	jout_object_end(j);
}

static void write_all(struct json_out *j, const struct instrument *o, double end_s)
{
	jout_object(j);
	jout_key(j, "scheduler");
	jout_object(j);
	if (o->kinds & TIMING)
		write_times(j, o->start_s, end_s);
	if (o->kinds & COMPUTE)
		write_machine(j, o);
	jout_object_end(j);
	jout_key(j, "jobs");
	jout_object(j);
	for (size_t i = 0; i < sched_n_jobs(o->sched); i++)
		write_job(j, o, sched_job(o->sched, i));
	jout_object_end(j);
	jout_object_end(j);
}

char *instrument_dir(const struct plan *plan, const struct run_dir *run)
{
	return xstrdup(plan->dv ? plan->dv->reports_dir : run_dir_path(run));
}

static int write_file(const struct instrument *o, const char *dir, const char *path)
{
	_cleanup_(freep) char *beside = xasprintf("%s.tmp", path);
	double end_s = now_s(o);
	struct json_out j;
	int fd, errnum;

	if (fs_mkdirs(dir, 0777) < 0)
		return -1;
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	jout_init(&j, fd, INDENT);
	write_all(&j, o, end_s);
	errnum = jout_done(&j);
	if (close(fd) < 0 && !errnum)
		errnum = errno;
	if (!errnum && rename(beside, path) == 0)
		return 0;
	errnum = errnum ? errnum : errno;
	unlink(beside);
	errno = errnum;
	return -1;
}

static void on_run_ended(struct observer *base, const struct sched *s)
{
	struct instrument *o = own(base);
	_cleanup_(freep) char *dir = instrument_dir(sched_plan(s), o->env.run);
	_cleanup_(freep) char *path = xasprintf("%s/metrics.json", dir);

	disarm(o, &o->round);
	disarm(o, &o->more);
	if (write_file(o, dir, path) < 0)
		observer_break(base, "the metrics %s cannot be written (%s)", path,
			       strerror(errno));
}

static void on_destroy(struct observer *base)
{
	struct instrument *o = own(base);

	disarm(o, &o->round);
	disarm(o, &o->more);
	machine_cpus_done(&o->cpus);
	free(o->jobs);
	free(o->running);
	free(base->broken_why);
	free(o);
}

static const struct observer_ops ops = {
	.name = "instrument",
	.run_started = on_run_started,
	.job_changed = on_job_changed,
	.run_ended = on_run_ended,
	.destroy = on_destroy,
};

static unsigned kind_of(const char *word)
{
	static const char *const words[] = {"meta", "timing", "compute"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i]) == 0)
			return 1u << i;
	return META | TIMING | COMPUTE;
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
		o->kinds |= kind_of(*w);
	ev_init(&o->round, on_round);
	ev_init(&o->more, on_more);
	o->round.data = o->more.data = o;
	return &o->base;
}
