/* SPDX-License-Identifier: Apache-2.0 */
/* Writes metrics.json, with DVSim's keys; unknown values are left out. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "dvsim/dv_block.h"
#include "dvsim/dv_files.h"
#include "observers/instrument_data.h"

enum { INDENT = 2, DECIMALS = 9 };

static void write_bytes(struct json_out *j, const char *key, double bytes)
{
	jout_key_int(j, key, (int64_t)(bytes + 0.5));
}

/* Times that are not known are left out. */
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

/* In real time, even if the run's clock is virtual. */
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
	for (uint32_t i = 0; i < job_n_deps(spec); i++)
		jout_string(j, plan->jobs[spec->deps[i]].id);
	jout_array_end(j);
	jout_key_string(j, "status", words[job_status(job)]);
	jout_object_end(j);
}

static void write_compute(struct json_out *j, const struct job *job, const struct measured *m)
{
	double cpu_s = 0, ran_s = 0, max = m->max_rss;

	for (const struct job_attempt *a = job->attempts; a; a = a->before) {
		struct job_result r = job_attempt_result(a);

		cpu_s += r.usage.user_s + r.usage.system_s;
		ran_s += r.duration_s;
		max = fmax(max, (double)r.usage.max_rss_kib * 1024);
	}
	jout_key(j, "compute");
	jout_object(j);
	if (max > 0)
		write_bytes(j, "max_rss_bytes", max);
	if (m->n_samples)
		jout_key_real(j, "avg_rss_bytes", m->sum_rss / m->n_samples, 1);
	if (max > 0 && ran_s > 0) /* max is 0 if the backend measures nothing */
		jout_key_real(j, "avg_cpu_percent", 100 * cpu_s / ran_s, 3);
	jout_key_int(j, "num_samples", m->n_samples);
	jout_object_end(j);
}

static void instrument_write_job(struct json_out *j, const struct instrument *o,
				 const struct job *job)
{
	const struct measured *m = &o->jobs[job->n];

	jout_key(j, job->spec->id);
	jout_object(j);
	if (o->kinds & INSTRUMENT_META)
		write_meta(j, sched_plan(o->sched), job);
	if (o->kinds & INSTRUMENT_TIMING)
		write_times(j, m->start_s, m->end_s);
	if (o->kinds & INSTRUMENT_COMPUTE)
		write_compute(j, job, m);
	jout_object_end(j);
}

static void instrument_write_all(struct json_out *j, const struct instrument *o, double end_s)
{
	jout_object(j);
	jout_key(j, "scheduler");
	jout_object(j);
	if (o->kinds & INSTRUMENT_TIMING)
		write_times(j, o->start_s, end_s);
	if (o->kinds & INSTRUMENT_COMPUTE)
		write_machine(j, o);
	jout_object_end(j);
	jout_key(j, "jobs");
	jout_object(j);
	for (size_t i = 0; i < sched_n_jobs(o->sched); i++)
		instrument_write_job(j, o, sched_job(o->sched, i));
	jout_object_end(j);
	jout_object_end(j);
}

int instrument_write(const struct instrument *o, const char *dir, const char *path)
{
	_cleanup_(freep) char *beside = xasprintf("%s.tmp", path);
	double end_s = clock_now(sched_clock(o->sched));
	struct json_out j;
	int fd, errnum;

	if (fs_mkdirs(dir, 0777) < 0)
		return -1;
	fd = fs_create_new_at(AT_FDCWD, beside, 0666);
	if (fd < 0)
		return -1;
	jout_init(&j, fd, INDENT);
	instrument_write_all(&j, o, end_s);
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
