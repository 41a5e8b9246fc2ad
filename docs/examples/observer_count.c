/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example observer: counts all changes of status, and writes the counts to counts.txt in the
 * run's directory. How to plug it in: docs/internals/observers.md.
 */
#include <stdlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "observers/observers.h"

struct count_observer {
	struct observer base;
	struct run_dir *run;
	unsigned n[JOB_STATUS_COUNT];
};

static void on_job_changed(struct observer *o, const struct job *job, enum job_status was)
{
	(void)was;
	container_of(o, struct count_observer, base)->n[job_status(job)]++;
}

static void on_run_ended(struct observer *o, const struct sched *s)
{
	struct count_observer *c = container_of(o, struct count_observer, base);
	_cleanup_(freep) char *path = xasprintf("%s/counts.txt", run_dir_path(c->run));
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};

	(void)s;
	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		str_printf(&text, "%s %u\n", job_status_name((enum job_status)i), c->n[i]);
	if (fs_write_atomic(path, text.s, text.len, &err) < 0)
		observer_break(o, "%s %s", path, err.msg);
	error_done(&err);
}

static void on_destroy(struct observer *o)
{
	free(o->broken_why);
	free(container_of(o, struct count_observer, base));
}

struct observer *observer_count_create(const struct observer_env *env, struct error *err)
{
	static const struct observer_ops ops = {.name = "count",
						.job_changed = on_job_changed,
						.run_ended = on_run_ended,
						.destroy = on_destroy};
	struct count_observer *c = xcalloc(1, sizeof(*c));

	(void)err;
	c->base.ops = &ops;
	c->run = env->run;
	return &c->base;
}
