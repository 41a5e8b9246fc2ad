/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records events before other observers are called: one record when an attempt starts, one when it
 * has ended or the job is final. The loop only calls write(2). The clerk syncs the records to disk,
 * 0.1 s after one was written and not more often. The formats are defined in run/.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/proc_id.h"
#include "observers/observers.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/taken_record.h"
#include "scheduler/sched.h"

static const double SYNC_AFTER_S = 0.1;

struct journal_observer {
	struct observer base;
	struct observer_env env;
	struct journal *journal;
	const struct sched *sched; /* while the run goes on */
	ev_timer sync;
};

static struct journal_observer *journal_observer_of(struct observer *o)
{
	return container_of(o, struct journal_observer, base);
}

/* ---- sync ---- */

/* The directory gets its final name when the run is published. */
static char *journal_path(const struct journal_observer *o)
{
	return xasprintf("%s/%s", run_dir_path(o->env.run), JOURNAL_NAME);
}

static void sync_now(struct journal_observer *o)
{
	_cleanup_(freep) char *path = journal_path(o);
	int errnum = 0;

	if (o->env.clerk && !clerk_is_gone(o->env.clerk)) {
		errnum = journal_flush(o->journal);
		clerk_sync(o->env.clerk, path);
	} else {
		errnum = journal_sync(o->journal);
	}
	if (errnum)
		observer_break(&o->base, "the journal %s cannot be synced (%s)", path,
			       strerror(errnum));
}

static void on_sync(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)revents;
	ev_ref(loop);
	sync_now(w->data);
}

/* The timer does not keep the loop alive: the last sync is at the end of the run. */
static void sync_soon(struct journal_observer *o)
{
	if (!o->env.loop || ev_is_active(&o->sync))
		return;
	ev_timer_set(&o->sync, SYNC_AFTER_S, 0);
	ev_timer_start(o->env.loop, &o->sync);
	ev_unref(o->env.loop);
}

static void sync_stop(struct journal_observer *o)
{
	if (!o->env.loop || !ev_is_active(&o->sync))
		return;
	ev_ref(o->env.loop);
	ev_timer_stop(o->env.loop, &o->sync);
}

/* ---- records ---- */

static struct json_out *journal_begin_record(struct journal_observer *o, const struct sched *s,
					     const char *ev)
{
	return journal_begin(o->journal, ev, clock_wall(sched_clock(s)));
}

static void journal_commit_record(struct journal_observer *o)
{
	int errnum = journal_commit(o->journal);
	_cleanup_(freep) char *path = errnum ? journal_path(o) : NULL;

	if (errnum)
		observer_break(&o->base, "the journal %s cannot be written (%s): %s", path,
			       strerror(errnum),
			       journal_is_empty(o->journal)
				       ? "this run cannot be resumed. Should dvsched be killed, "
					 "its results are lost"
				       : "it ends at its last whole record. Should dvsched be "
					 "killed, later results are lost");
	else
		sync_soon(o);
}

static void journal_write_run(struct journal_observer *o, const struct sched *s)
{
	const struct plan *plan = sched_plan(s);
	struct json_out *out = journal_begin_record(o, s, "run");
	_cleanup_(freep) char *cwd = path_cwd();
	struct proc_id self;

	proc_id_self(&self);
	jout_key_int(out, "version", JOURNAL_SCHEMA_VERSION);
	jout_key_string(out, "run", run_dir_id(o->env.run));
	jout_key_string(out, "name", plan->name);
	jout_key_string(out, "flow", plan->flow);
	jout_key_string(out, "cfg_path", plan->cfg_path);
	jout_key_string(out, "scratch_root", plan->scratch_root);
	jout_key_string(out, "parent", plan->parent);
	jout_key_bool(out, "nested", plan->is_nested);
	jout_key_bool(out, "rehearsal", plan->is_rehearsal);
	jout_key_int(out, "n_jobs", (int64_t)sched_n_jobs(s));
	jout_key_int(out, "pid", self.pid);
	jout_key_int(out, "start_ticks", (int64_t)self.start_ticks);
	jout_key_int(out, "pid_space", (int64_t)self.pid_space);
	jout_key_string(out, "boot", self.boot);
	jout_key_string(out, "host", self.host);
	jout_key_string(out, "cwd", cwd);
	if (o->env.timestamp) {
		jout_key_int(out, "timestamp", (int64_t)o->env.timestamp);
		jout_key_string(out, "branch", o->env.branch);
	}
	jout_key_strings(out, "argv", o->env.argv);
	journal_commit_record(o);
}

/* ---- jobs that an earlier run has settled ---- */

static bool journal_is_taken(const struct job *job)
{
	const struct sched_past *past = sched_past_of(job);

	return past && past->is_taken;
}

struct taken_from {
	const struct sched *sched;
	const char *run;
};

static bool is_taken_from(const void *ctx, size_t i)
{
	const struct taken_from *t = ctx;
	const struct job *job = sched_job(t->sched, i);

	return journal_is_taken(job) && strcmp(sched_past_of(job)->run, t->run) == 0;
}

/* first: the first job that was taken from this run. */
static void write_taken_from(struct journal_observer *o, const struct taken_from *from,
			     size_t first)
{
	_cleanup_(str_done) struct str jobs = {0};

	while (first < sched_n_jobs(from->sched) && !o->base.is_broken) {
		struct json_out *out;

		str_clear(&jobs);
		number_ranges_add(&jobs, is_taken_from, from, sched_n_jobs(from->sched), &first);
		if (!jobs.len)
			return;
		out = journal_begin_record(o, from->sched, TAKEN_RECORD_EV);
		jout_key_string(out, "from", from->run);
		jout_key_string(out, "jobs", jobs.s);
		journal_commit_record(o);
	}
}

static void write_taken(struct journal_observer *o, const struct sched *s)
{
	struct map seen = {0};

	for (size_t i = 0; i < sched_n_jobs(s); i++) {
		const struct job *job = sched_job(s, i);
		struct taken_from from = {.sched = s};

		if (!journal_is_taken(job))
			continue;
		from.run = sched_past_of(job)->run;
		if (!map_set(&seen, from.run, o))
			write_taken_from(o, &from, i);
	}
	map_done(&seen);
}

/*
 * Syncs the first record, then publishes the run. If that fails, the one who has made the directory
 * tries again and reports it; the journal goes on in the directory as it is.
 */
static void journal_publish(struct journal_observer *o)
{
	struct error err = {0};
	int errnum = journal_sync(o->journal);

	if (errnum)
		observer_break(&o->base, "the journal cannot be synced (%s)", strerror(errnum));
	if (run_dir_publish(o->env.run, &err) < 0)
		error_done(&err);
}

/* The clerk has died. */
static void on_clerk_died(void *ctx, const struct clerk_end *end)
{
	struct journal_observer *o = ctx;
	struct json_out *out;

	if (o->base.is_broken)
		return;
	out = journal_begin_record(o, o->sched, "clerk");
	jout_key_int(out, "pid", end->pid);
	jout_key_string(out, "message", end->how);
	if (end->next)
		jout_key_int(out, "next_pid", end->next);
	journal_commit_record(o);
}

static void watch_clerk(struct journal_observer *o, const struct sched *s)
{
	o->sched = s;
	if (o->env.clerk)
		clerk_set_died(o->env.clerk, s ? on_clerk_died : NULL, o);
}

static void on_journal_run_started(struct observer *base, const struct sched *s)
{
	struct journal_observer *o = journal_observer_of(base);

	journal_write_run(o, s);
	if (!base->is_broken)
		journal_publish(o);
	write_taken(o, s);
	watch_clerk(o, s);
	if (sched_plan(s)->is_rehearsal)
		journal_gather(o->journal);
}

/* The newest attempt, if it has ended; else NULL. */
static const struct job_attempt *ended_attempt(const struct job *job)
{
	const struct job_attempt *a = job->attempts;

	return a && job_status_is_final((enum job_status)a->status) ? a : NULL;
}

static void journal_write_job(struct journal_observer *o, const struct job *job,
			      const struct job_attempt *ended)
{
	const struct job_attempt *a = job->attempts;
	struct job_result result = ended ? job_attempt_result(ended) : (struct job_result){0};
	const struct job *cause = sched_root_cause(job->sched, job);
	bool is_start = job_status(job) == JOB_RUNNING;
	struct job_record record = {
		.n = job->n,
		.id = job->spec->id,
		.status = job_status(job),
		.reason = (enum job_reason)job->reason,
		.marks = job->marks,
		.message = job->message,
		.cause = cause ? cause->n : JOB_RECORD_NO_CAUSE,
		.backend = is_start && job->backend ? job->backend->ops->name : NULL,
		.attempt = a ? a->number : 0,
		.where = is_start && a ? a->where : NULL,
		.stage = a ? job_attempt_stage(a) : NULL,
		.resources = is_start && a ? job_attempt_resources(a) : NULL,
		.result = ended ? &result : NULL,
	};

	job_record_write(journal_begin_record(o, job->sched, JOB_RECORD_EV), &record);
	journal_commit_record(o);
}

static void on_journal_job_changed(struct observer *base, const struct job *job,
				   enum job_status was)
{
	const struct job_attempt *ended = ended_attempt(job);

	/* A job that becomes ready has no record; the end of an attempt has one. */
	if (job_status(job) == JOB_QUEUED && (!ended || was == JOB_SCHEDULED))
		return;
	if (was == JOB_SCHEDULED && journal_is_taken(job)) /* recorded by write_taken() */
		return;
	journal_write_job(journal_observer_of(base), job,
			  job_status(job) == JOB_RUNNING ? NULL : ended);
}

static void on_kill_signal(struct observer *base, const struct sched *s, int signum)
{
	struct journal_observer *o = journal_observer_of(base);
	struct json_out *out = journal_begin_record(o, s, "signal");

	jout_key_int(out, "signal", signum);
	journal_commit_record(o);
}

static void on_launches_held(struct observer *base, const struct sched *s, const char *why)
{
	struct journal_observer *o = journal_observer_of(base);
	struct json_out *out = journal_begin_record(o, s, "hold");

	jout_key_string(out, "why", why);
	journal_commit_record(o);
}

static void on_journal_run_ended(struct observer *base, const struct sched *s)
{
	struct journal_observer *o = journal_observer_of(base);
	struct json_out *out = journal_begin_record(o, s, JOURNAL_END_EV);
	const uint32_t *n = sched_tally(s);

	watch_clerk(o, NULL);
	jout_key_int(out, "passed", n[JOB_PASSED]);
	jout_key_int(out, "failed", n[JOB_FAILED]);
	jout_key_int(out, "killed", n[JOB_KILLED]);
	jout_key_int(out, "flaky", sched_n_flaky(s));
	journal_commit_record(o);
	sync_stop(o);
	if (!base->is_broken)
		sync_now(o);
}

static void on_journal_destroy(struct observer *base)
{
	struct journal_observer *o = journal_observer_of(base);

	sync_stop(o);
	watch_clerk(o, NULL);
	journal_free(o->journal);
	free(base->broken_why);
	free(o);
}

static const struct observer_ops ops = {
	.name = "journal",
	.run_started = on_journal_run_started,
	.job_changed = on_journal_job_changed,
	.launches_held = on_launches_held,
	.kill_signal = on_kill_signal,
	.run_ended = on_journal_run_ended,
	.destroy = on_journal_destroy,
};

struct observer *observer_journal_create(const struct observer_env *env, struct error *err)
{
	struct journal *journal = journal_create(run_dir_fd(env->run), err);
	struct journal_observer *o;

	if (!journal)
		return NULL;
	o = xcalloc(1, sizeof(*o));
	o->base.ops = &ops;
	o->env = *env;
	o->journal = journal;
	ev_init(&o->sync, on_sync);
	o->sync.data = o;
	return &o->base;
}
