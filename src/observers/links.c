/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passed/ failed/ killed/ running/ in each block's scratch path: a job that has a directory has a
 * link to it in the one of its status. The clerk does all file work. Creating a file takes longer
 * than starting a short job, so running/ has only jobs that have run for a second, and passed/ is
 * made only if the plan asks for it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "job/file_name.h"
#include "job/job_paths.h"
#include "observers/observers.h"
#include "scheduler/sched.h"

static const double shown_after_s = 1;

static const char *const groups[JOB_STATUS_COUNT] = {
	[JOB_RUNNING] = "running",
	[JOB_PASSED] = "passed",
	[JOB_FAILED] = "failed",
	[JOB_KILLED] = "killed",
};

/* An attempt without a link: it has not run for a second. */
struct young {
	const struct job *job;
	double start_s;
	uint32_t attempt;
};

struct links_observer {
	struct observer base;
	struct clerk *clerk;
	struct ev_loop *loop;	 /* NULL: none */
	ev_timer timer;		 /* fires when the oldest of `young` has run for a second */
	VEC(struct young) young; /* oldest first, from `first` on */
	size_t first;
	bool *is_shown; /* by job: it has a link in running/ */
	bool has_passed, is_shared;
};

static struct links_observer *links_observer_of(struct observer *o)
{
	return container_of(o, struct links_observer, base);
}

/* ---- the beginning ---- */

static void reset_block(struct links_observer *o, const char *scratch_path)
{
	for (int status = 0; status < JOB_STATUS_COUNT; status++) {
		_cleanup_(freep) char *dir = NULL;

		if (!groups[status])
			continue;
		dir = xasprintf("%s/%s", scratch_path, groups[status]);
		if (status == JOB_PASSED && !o->has_passed)
			clerk_trash(o->clerk, dir); /* an empty one would mean that no job passed */
		else
			clerk_reset_dir(o->clerk, dir);
	}
}

static void on_links_run_started(struct observer *base, const struct sched *s)
{
	struct links_observer *o = links_observer_of(base);
	struct map paths = {0};
	const struct map_entry *e;
	size_t at = 0;

	o->has_passed = sched_plan(s)->has_passed_links;
	o->is_shown = xcalloc(sched_n_jobs(s), sizeof(*o->is_shown));
	if (o->is_shared)
		return; /* the directories have the links of the other run */
	for (size_t i = 0; i < sched_n_jobs(s); i++)
		map_set(&paths, sched_job(s, i)->spec->block->scratch_path, base);
	while ((e = map_next(&paths, &at)) != NULL)
		reset_block(o, e->key);
	map_done(&paths);
}

/* ---- jobs that run ---- */

static void set_job_link(struct links_observer *o, const struct job *job, const char *group)
{
	const struct job_spec *spec = job->spec;
	_cleanup_(str_done) struct str odir = {0};
	char room[JOB_FILE_NAME_ROOM];

	clerk_set_link(o->clerk, spec->block->scratch_path, group, job_file_name(spec->name, room),
		       job_odir(spec, &odir));
}

static bool still_runs(const struct young *y)
{
	return job_status(y->job) == JOB_RUNNING && y->job->attempts->number == y->attempt;
}

static void show_grown(struct links_observer *o, double now_s)
{
	for (; o->first < o->young.n && o->young.at[o->first].start_s + shown_after_s <= now_s;
	     o->first++) {
		const struct young *y = &o->young.at[o->first];

		if (!still_runs(y))
			continue;
		o->is_shown[y->job->n] = true;
		set_job_link(o, y->job, groups[JOB_RUNNING]);
	}
	if (o->first == o->young.n)
		o->first = o->young.n = 0;
}

/* The timer does not keep the loop alive. */
static void timer_stop(struct links_observer *o)
{
	if (!o->loop || !ev_is_active(&o->timer))
		return;
	ev_ref(o->loop);
	ev_timer_stop(o->loop, &o->timer);
}

static void timer_start(struct links_observer *o, double now_s)
{
	double wait_s;

	if (!o->loop || ev_is_active(&o->timer) || o->first == o->young.n)
		return;
	wait_s = o->young.at[o->first].start_s + shown_after_s - now_s;
	ev_timer_set(&o->timer, wait_s > 0 ? wait_s : 0, 0);
	ev_timer_start(o->loop, &o->timer);
	ev_unref(o->loop);
}

static void on_grown(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct links_observer *o = w->data;
	double now_s;

	(void)revents;
	ev_ref(loop);
	if (o->first == o->young.n)
		return;
	now_s = clock_now(sched_clock(o->young.at[o->first].job->sched));
	show_grown(o, now_s);
	timer_start(o, now_s);
}

/* Entries before `first` are not needed any more. */
static void drop_old(struct links_observer *o)
{
	o->young.n -= o->first;
	memmove(o->young.at, o->young.at + o->first, o->young.n * sizeof(*o->young.at));
	o->first = 0;
}

static void add_young(struct links_observer *o, const struct job *job, double now_s)
{
	if (o->first > o->young.cap / 2)
		drop_old(o);
	vec_push(&o->young, (struct young){job, now_s, job->attempts->number});
	timer_start(o, now_s);
}

/* ---- changes ---- */

/* A job that never started, or only in virtual time, has no directory to link to. */
static bool has_directory(const struct job *job)
{
	return job->attempts && job->backend && !job->backend->caps.is_virtual;
}

static void on_links_job_changed(struct observer *base, const struct job *job, enum job_status was)
{
	struct links_observer *o = links_observer_of(base);
	enum job_status now = job_status(job);
	const char *group = now == JOB_PASSED && !o->has_passed ? NULL : groups[now];
	double now_s;

	if (now == was || !has_directory(job))
		return;
	now_s = clock_now(sched_clock(job->sched));
	show_grown(o, now_s);
	if (now == JOB_RUNNING)
		add_young(o, job, now_s);
	else if (group || o->is_shown[job->n])
		set_job_link(o, job, group);
	if (now != JOB_RUNNING)
		o->is_shown[job->n] = false;
}

static void on_links_run_ended(struct observer *base, const struct sched *s)
{
	(void)s;
	timer_stop(links_observer_of(base));
}

static void on_links_destroy(struct observer *base)
{
	struct links_observer *o = links_observer_of(base);

	timer_stop(o);
	vec_done(&o->young);
	free(o->is_shown);
	free(base->broken_why);
	free(o);
}

static const struct observer_ops ops = {
	.name = "links",
	.run_started = on_links_run_started,
	.job_changed = on_links_job_changed,
	.run_ended = on_links_run_ended,
	.destroy = on_links_destroy,
};

struct observer *observer_links_create(const struct observer_env *env, struct error *err)
{
	struct links_observer *o;

	if (!env->clerk) {
		error_plain(err, "no status links: there is no process to make them");
		return NULL;
	}
	o = xcalloc(1, sizeof(*o));
	o->base.ops = &ops;
	o->clerk = env->clerk;
	o->loop = env->loop;
	ev_timer_init(&o->timer, on_grown, 0, 0);
	o->timer.data = o;
	o->is_shared = env->run && run_dir_is_shared(env->run);
	return &o->base;
}
