/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "tool/tool.h"

int steps_remove(struct confine *c, const struct job_steps *steps, struct error *err)
{
	if (!steps || !steps->remove_before)
		return 0;
	return confine_trash(c, steps->remove_before, err);
}

int steps_write(struct confine *c, const struct job_steps *steps, struct error *err)
{
	_cleanup_(freep) char *dir = NULL;
	const char *path, *text;
	int fd, rc = 0;

	if (!steps || !steps->write_path)
		return 0;
	path = steps->write_path;
	text = steps->write_text;
	dir = xstrndup(path, (size_t)(path_base(path) - path - 1));
	if (confine_path(c, path, err) < 0 || confine_make_dir(c, dir, err) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
	if (fd < 0 || fs_write_all(fd, text, strlen(text)) < 0)
		rc = error_sys(err, errno, "cannot write %s", path);
	closep(&fd);
	return rc;
}

/* ---- after it ---- */

static void fail_step(struct job_outcome *o, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};

	str_add_printable(&text, err->msg, strlen(err->msg));
	if (o->result.status == JOB_PASSED) {
		o->result.status = JOB_FAILED;
		o->result.reason = REASON_POST_STEP;
		o->result.message = job_outcome_text(o, &text);
	}
	error_done(err);
}

static void measure_times(const struct steps_job *job, struct job_measures *ret)
{
	struct tool_times times = {0};

	if (job->log_fd < 0)
		return;
	tool_read_log(tool_find(job->rules->tool), job->log_fd, job->log_start,
		      job->rules->is_simulation, &times);
	ret->has_run_time = times.has_run_time;
	ret->run_time_s = times.run_time_s;
	ret->has_sim_time = times.has_sim_time;
	ret->sim_time_us = times.sim_time_us;
}

static void measure_coverage(const struct steps_job *job, struct job_outcome *o)
{
	const struct tool *tool = tool_find(job->rules->tool);
	struct tool_coverage coverage = {0};
	struct job_coverage *list;
	struct error err = {0};
	struct arena *mem;

	if (!tool_has_coverage(tool))
		return;
	mem = job_outcome_mem(o);
	if (tool_read_coverage(tool, job->steps->coverage_path, mem, &coverage, &err) < 0) {
		fail_step(o, &err);
		return;
	}
	list = arena_array(mem, coverage.n_pairs + 1, sizeof(*list));
	for (size_t i = 0; i < coverage.n_pairs; i++)
		list[i] = (struct job_coverage){coverage.pairs[i].name, coverage.pairs[i].value};
	o->measures.coverage = list;
	o->measures.n_coverage = (uint32_t)coverage.n_pairs;
}

void steps_measure(const struct steps_job *job, struct job_outcome *o)
{
	const struct job_steps *steps = job->steps;
	bool is_passed = o->result.status == JOB_PASSED;
	struct job_measures *m = &o->measures;

	*m = (struct job_measures){0};
	if (job->rules->tool)
		measure_times(job, m);
	if (is_passed && steps && steps->coverage_path)
		measure_coverage(job, o);
	if (is_passed && steps && steps->vplan_path)
		m->has_vplan = tool_read_vplan(steps->vplan_path, &m->vplan_percent);
	if (m->has_run_time || m->has_sim_time || m->has_vplan || m->n_coverage)
		o->result.measures = m;
}

/* What a job that did not pass leaves would be counted as covered. */
void steps_clean(struct confine *c, const struct job_steps *steps, const struct job_result *result)
{
	struct error err = {0};

	if (!steps || !steps->remove_unless_passed || result->status == JOB_PASSED)
		return;
	if (confine_trash(c, steps->remove_unless_passed, &err) < 0)
		error_done(&err); /* the job has failed already, and its own reason matters more */
}
