/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passed/ failed/ killed/ running/ in each block's scratch path: a link per job that has a
 * directory, in the one that says how it stands. All file work is the clerk's.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "job/file_name.h"
#include "observers/observers.h"
#include "scheduler/sched.h"

static const char *const groups[JOB_STATUS_COUNT] = {
	[JOB_RUNNING] = "running",
	[JOB_PASSED] = "passed",
	[JOB_FAILED] = "failed",
	[JOB_KILLED] = "killed",
};

struct links_observer {
	struct observer base;
	struct clerk *clerk;
	bool is_shared;
};

static struct links_observer *own(struct observer *o)
{
	return container_of(o, struct links_observer, base);
}

static void reset_block(struct links_observer *o, const char *scratch_path)
{
	for (int status = 0; status < JOB_STATUS_COUNT; status++) {
		_cleanup_(freep) char *dir = NULL;

		if (!groups[status])
			continue;
		dir = xasprintf("%s/%s", scratch_path, groups[status]);
		clerk_reset_dir(o->clerk, dir);
	}
}

static void on_run_started(struct observer *base, const struct sched *s)
{
	struct map paths = {0};
	const struct map_entry *e;
	size_t at = 0;

	if (own(base)->is_shared)
		return; /* the links of the other run */
	for (size_t i = 0; i < sched_n_jobs(s); i++)
		map_set(&paths, sched_job(s, i)->spec->block->scratch_path, base);
	while ((e = map_next(&paths, &at)) != NULL)
		reset_block(own(base), e->key);
	map_done(&paths);
}

/* A job that never started, or only in virtual time, has no directory that a link could show. */
static bool has_directory(const struct job *job)
{
	return job->attempts && job->backend && !job->backend->caps.is_virtual;
}

static void on_job_changed(struct observer *base, const struct job *job, enum job_status was)
{
	const struct job_spec *spec = job->spec;
	enum job_status now = job_status(job);
	char room[JOB_FILE_NAME_ROOM];

	if (now == was || !has_directory(job))
		return;
	clerk_set_link(own(base)->clerk, spec->block->scratch_path, groups[now],
		       job_file_name(spec->name, room), spec->odir);
}

static void on_destroy(struct observer *base)
{
	free(base->broken_why);
	free(own(base));
}

static const struct observer_ops ops = {
	.name = "links",
	.run_started = on_run_started,
	.job_changed = on_job_changed,
	.destroy = on_destroy,
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
	o->is_shared = env->run && run_dir_is_shared(env->run);
	return &o->base;
}
