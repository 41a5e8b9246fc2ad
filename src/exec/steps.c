/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

static const struct src_pos nowhere;

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
	_cleanup_(closep) int dir_fd = -1;
	int fd, rc = 0;

	if (!steps || !steps->write_path)
		return 0;
	path = steps->write_path;
	text = steps->write_text;
	dir = xstrndup(path, (size_t)(path_base(path) - path - 1));
	if (confine_path(c, path, err) < 0 || (dir_fd = confine_make_dir(c, dir, err)) < 0)
		return -1;
	fd = fs_create_new_at(dir_fd, path_base(path), 0666);
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

static void steps_read(const struct steps_job *job, const char *name, const char *path,
		       struct job_outcome *o)
{
	const struct job_reader *reader = job->find_reader(name);
	const struct job_left left = {job->rules->tool, path, job->log_fd, job->log_start};
	struct error err = {0};
	int found = -1;

	if (reader)
		found = reader->read(&left, o, &err);
	else
		error_set(&err, nowhere, "this program has no reader '%s'", name);
	if (found < 0)
		fail_step(o, &err);
	else if (found)
		o->result.measures = &o->measures;
}

void steps_measure(const struct steps_job *job, struct job_outcome *o)
{
	const struct job_steps *steps = job->steps;
	bool is_passed = o->result.status == JOB_PASSED;

	o->measures = (struct job_measures){0};
	o->result.measures = NULL;
	if (job->rules->log_reader && job->log_fd >= 0)
		steps_read(job, job->rules->log_reader, NULL, o);
	if (is_passed && steps && steps->reader)
		steps_read(job, steps->reader, steps->read_path, o);
	if (is_passed && steps && job_steps_coverage_db(steps) &&
	    fs_exists(job_steps_coverage_db(steps))) {
		o->measures.has_coverage_db = true;
		o->result.measures = &o->measures;
	}
}

/* Coverage of a job that did not pass must not be merged. */
void steps_clean(struct confine *c, const struct job_steps *steps, const struct job_result *result)
{
	struct error err = {0};

	if (!steps || !steps->remove_unless_passed || result->status == JOB_PASSED)
		return;
	if (confine_trash(c, steps->remove_unless_passed, &err) < 0)
		error_done(&err); /* the job has failed already, and its own reason matters more */
}
