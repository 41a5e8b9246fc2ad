/* SPDX-License-Identifier: Apache-2.0 */
/* One run, by the driver thread: from the request to the result. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "device/process/run_parts.h"
#include "workspace/job_env.h"
#include "workspace/needs.h"
#include "workspace/odir.h"

extern char **environ;

static void begin_on_board(struct run *r)
{
	struct board *b = r->p->board;

	atomic_store(&b->phase, PHASE_NONE);
	for (unsigned i = 0; i < PHASE_COUNT; i++)
		atomic_store_explicit(&b->stamp_ns[i], 0, memory_order_relaxed);
	atomic_store_explicit(&b->progress_ns, 0, memory_order_relaxed);
	atomic_store_explicit(&b->done, 0, memory_order_relaxed);
	atomic_store_explicit(&b->total, 0, memory_order_relaxed);
	atomic_store_explicit(&b->has_reported, 0, memory_order_relaxed);
	atomic_store_explicit(&b->evidence, 0, memory_order_relaxed);
	atomic_store(&b->epoch, r->ask.epoch);
}

/* ---- directory, log, environment ---- */

static int run_prepare_needs(const struct run *r, const struct odir *odir, struct error *err)
{
	const char *const words[] = {r->ask.job, NULL};
	const struct needs_place p = {
		.odir = r->ask.start.odir,
		.dir = odir->dir,
		.is_new = odir->is_new,
		.needs = &r->needs,
		.words = words,
		.env = r->rules->job.env,
	};
	bool exists;

	return needs_prepare(&p, &exists, err);
}

/* For any rank: rank 0 has written the file before the others get their requests. */
static bool has_needs_file(const struct run *r)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", r->ask.start.odir ? r->ask.start.odir : "",
						JOB_NEEDS_NAME);

	return r->ask.start.odir && fs_exists(path);
}

static int make_place(struct run *r, struct error *err)
{
	const struct job_rules *job = &r->rules->job;
	bool is_first = r->ask.rank == 0;
	struct odir_request o = {
		.odir = r->ask.start.odir,
		.log_path = r->log_path,
		.attempt = r->ask.start.attempt,
		.renew = is_first && job->renew_odir,
		.plain_stamps = job->plain_stamps,
		.reuse = !is_first || job->retry.reuse,
		.keep = job->max_odirs,
	};
	struct odir odir;
	int rc;

	if (!r->ask.start.odir) /* a canary run: no directory, no log */
		return 0;
	r->p->log.fd = odir_prepare(&r->p->confine, &o, &odir, err);
	if (r->p->log.fd < 0)
		return -1;
	rc = is_first ? run_prepare_needs(r, &odir, err) : 0;
	close(odir.dir);
	return rc < 0 ? -1 : job_log_begin(&r->p->log, r->ask.start.command, err);
}

static void lead_output(int fd)
{
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

/* Relative paths that the driver opens start there. */
static int stand_in_cwd(struct run *r)
{
	const char *cwd = r->rules->job.cwd;
	struct error err = {0};

	if (!cwd || chdir(cwd) == 0)
		return 0;
	error_sys(&err, errno, "cannot enter the job's directory '%s'", cwd);
	return run_fail_error(r, DVS_CONFIG, CALL_NONE, &err);
}

/* An idle worker must not keep the directory of an ended job in use. */
static void stand_nowhere(void)
{
	if (chdir("/") < 0)
		errno = 0;
}

/* Threads of the driver may still read the environment of the last run, so it is freed only by the
 * next one. */
static void run_keep_environment(struct worker_process *p, const struct job_env *env)
{
	environ = (char **)env->at;
	job_env_done(&p->run_env);
	p->run_env = *env;
}

static void set_environment(struct run *r)
{
	char *const of_rank[] = {
		xasprintf("DVSCHED_DEVICE=%d", r->p->hello.device),
		xasprintf("DVSCHED_RANK=%d", r->ask.rank),
		xasprintf("DVSCHED_RANKS=%d", r->ask.n_ranks),
		r->context ? xasprintf("DVSCHED_CONTEXT=%s", r->context)
			   : xstrdup("DVSCHED_CONTEXT"), /* not that of an outer dvsched */
	};
	const struct job_env_run run = {
		.start = &r->ask.start,
		.has_needs_file = has_needs_file(r),
		.extra = (const char *const *)of_rank,
		.n_extra = ARRAY_LEN(of_rank),
	};
	struct job_env env;

	job_env_make(&env, r->rules->env, &run);
	for (size_t i = 0; i < ARRAY_LEN(of_rank); i++)
		free(of_rank[i]);
	run_keep_environment(r->p, &env);
}

/* ---- all of it ---- */

static void run_in_place(struct run *r)
{
	struct worker_process *p = r->p;
	struct error err = {0};

	if (make_place(r, &err) < 0) {
		run_fail_error(r, DVS_CONFIG, CALL_NONE, &err);
		r->is_unplaced = true;
		return;
	}
	set_environment(r);
	if (p->log.fd >= 0)
		lead_output(p->log.fd);
	run_reach(r, PHASE_TAKEN);
	if (stand_in_cwd(r) == 0)
		run_drive(r);
	run_look_after(r);
	stand_nowhere();
	if (p->log.fd >= 0)
		lead_output(p->own_log_fd);
	environ = (char **)p->base_env;
	if (run_has_flooded(r) && ftruncate(p->log.fd, (off_t)r->ending.flood_bytes) < 0)
		errno = 0; /* the log stays too long; the verdict reports the flood */
}

static void run_end(struct run *r)
{
	struct worker_process *p = r->p;

	run_decide(r);
	if (run_has_failed(r)) {
		enum run_phase last = r->result.phase;

		r->is_gang = false; /* no frame PHASE: the result follows */
		run_reach(r, PHASE_FAILED);
		r->result.phase = last;
	} else {
		p->n_good++;
	}
	atomic_fetch_add(&p->board->n_runs, 1);
	p->usage = r->usage;
	job_log_close(&p->log);
	worker_idle(p);
	run_send(r, DEVICE_ENDED);
}

/* In JSON the control characters of {attempt} may be escaped. */
static char *job_with_attempt(const char *job, uint32_t attempt)
{
	static const char escaped[] = "\\u0001attempt\\u0001";
	char *text = job_attempt_text(job, attempt), *from = text, *at;
	struct str out = {0};

	if (!strstr(text, escaped))
		return text;
	while ((at = strstr(from, escaped)) != NULL) {
		str_addn(&out, from, (size_t)(at - from));
		str_printf(&out, "%u", attempt);
		from = at + strlen(escaped);
	}
	str_add(&out, from);
	free(text);
	return str_take(&out);
}

static void run_set_up(struct run *r)
{
	r->start_s = clock_wall(clock_real());
	r->rules = &r->p->channel.rules[r->ask.start.rules];
	r->driver = atomic_load(&r->p->driver);
	r->ctx = atomic_load(&r->p->ctx);
	r->is_gang = r->ask.n_ranks > 1 || r->ask.waits_for_go;
	r->result.epoch = r->ask.epoch;
	r->job = job_with_attempt(r->ask.job, r->ask.start.attempt);
	if (!r->ask.start.odir)
		return;
	r->log_path = r->ask.rank == 0 ? xstrdup(r->ask.start.log_path)
				       : xasprintf("%s/rank%d.log", r->ask.start.odir, r->ask.rank);
	if (r->ask.token)
		r->context = xasprintf("%s/rank%d.json", r->ask.start.odir, r->ask.rank);
}

static void run_clear(struct run *r)
{
	closep(&r->shared_fd);
	device_run_done(&r->ask);
	free(r->job);
	free(r->log_path);
	free(r->context);
	str_done(&r->needs);
	str_done(&r->text);
	str_done(&r->notes);
	job_outcome_done(&r->verdict);
}

bool run_next(struct worker_process *p)
{
	struct run r = {.p = p, .shared_fd = -1};

	if (!channel_take_run(&p->channel, &p->run_frame, &r.needs, &r.ask, &r.shared_fd))
		return false;
	worker_busy(p);
	run_set_up(&r);
	begin_on_board(&r);
	run_in_place(&r);
	run_end(&r);
	run_clear(&r);
	return true;
}
