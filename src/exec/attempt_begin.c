/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt begins: its directory, log, environment, program, and the launch. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/vec.h"
#include "exec/attempt_parts.h"
#include "exec/launch.h"
#include "exec/steps.h"
#include "workspace/job_env.h"
#include "workspace/needs.h"
#include "workspace/odir.h"

/* Linux: one argument may not be longer (MAX_ARG_STRLEN, its NUL included). */
enum { ARGUMENT_MOST = 128 * 1024 };
/* Thirty years. */
static const double cpu_limit_most_s = 1e9;

static const char *own_string(struct attempt *a, char *s)
{
	vec_push(&a->ask.own_strings, s);
	return s;
}

static const char *with_attempt(struct attempt *a, const char *s)
{
	if (!strstr(s, JOB_ATTEMPT_WORD))
		return s;
	return own_string(a, job_attempt_text(s, a->ask.run.start.attempt));
}

static const char *find_path(const char *const *env)
{
	for (; *env; env++)
		if (str_starts(*env, "PATH="))
			return *env + 5;
	return NULL;
}

static void attempt_make_env(const struct attempt *a, struct job_env *ret)
{
	const struct job_env_run run = {
		.start = &a->ask.run.start,
		.has_needs_file = a->ask.has_needs_file,
	};

	job_env_make(ret, a->ask.rules->env, &run);
}

/* In the job's directory, as a new file: an old one may have a second link in an archive, or
 * another mode. */
static int write_file(const struct attempt *a, const char *name, const struct str *text,
		      mode_t mode, struct error *err)
{
	int fd = -1, rc = 0;

	if (unlinkat(a->odir, name, 0) == 0 || errno == ENOENT)
		fd = fs_openat(a->odir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       mode);
	if (fd < 0 || fs_write_all(fd, text->s ? text->s : "", text->len) < 0)
		rc = error_sys(err, errno, "cannot write %s/%s", a->ask.run.start.odir, name);
	closep(&fd);
	return rc;
}

static int dump_env(struct attempt *a, const char *const *env, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};
	const char **sorted;
	size_t n = 0;

	while (env[n])
		n++;
	sorted = xcalloc(n + 1, sizeof(*sorted));
	memcpy(sorted, env, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), str_compare_texts);
	for (size_t i = 0; i < n; i++)
		str_printf(&text, "%s\n", sorted[i]);
	free(sorted);
	return write_file(a, "env_vars", &text, 0600, err); /* an environment may hold passwords */
}

/* sh -c COMMAND with a command that is too long for one argument: it is read from a file. */
static int shorten_argv(struct attempt *a, struct error *err)
{
	const char **argv = a->ask.run.argv;
	_cleanup_(str_done) struct str text = {0};
	char *path;

	if (a->ask.run.n_argv != 3 || strcmp(argv[1], "-c") != 0 || strlen(argv[2]) < ARGUMENT_MOST)
		return 0;
	path = xasprintf("%s/command.sh", a->ask.run.start.odir);
	own_string(a, path);
	str_printf(&text, "%s\n", argv[2]);
	if (write_file(a, "command.sh", &text, 0777, err) < 0)
		return -1;
	argv[1] = path;
	argv[2] = NULL;
	a->ask.run.n_argv = 2;
	return 0;
}

static int open_terminal(struct attempt *a, struct error *err)
{
	if (!a->host->has_terminal)
		return error_plain(err, "there is no terminal for it");
	return pty_open(&a->pty, &a->host->terminal, err);
}

static int attempt_prepare_needs(struct attempt *a, bool is_new, struct error *err)
{
	const struct needs_place p = {
		.odir = a->ask.run.start.odir,
		.dir = a->odir,
		.is_new = is_new,
		.needs = &a->ask.needs,
		.words = a->ask.run.argv,
		.env = a->ask.rules->job.env,
	};

	return needs_prepare(&p, &a->ask.has_needs_file, err);
}

/* What an earlier try of this attempt has opened. */
static void attempt_forget_try(struct attempt *a)
{
	closep(&a->odir);
	job_log_close(&a->log);
	pty_close(&a->pty);
}

int attempt_prepare(struct attempt *a, struct error *err)
{
	const struct job_rules *job = &a->ask.rules->job;
	struct odir_request r = {
		.odir = a->ask.run.start.odir,
		.log_path = a->ask.run.start.log_path,
		.attempt = a->ask.run.start.attempt,
		.renew = job->renew_odir,
		.plain_stamps = job->plain_stamps,
		.reuse = job->retry.reuse,
		.keep = job->max_odirs,
		.is_made = a->ask.has_odir,
	};
	struct odir odir;

	if (a->phase == ATTEMPT_RETRY_LAUNCH)
		attempt_forget_try(a);
	if (steps_remove(&a->host->confine, &a->ask.run.steps, err) < 0)
		return -1;
	a->log.fd = odir_prepare(&a->host->confine, &r, &odir, err);
	a->odir = odir.dir;
	a->ask.has_odir |= odir.is_made;
	if (a->log.fd < 0 || job_log_begin(&a->log, a->ask.run.start.command, err) < 0 ||
	    attempt_prepare_needs(a, odir.is_new, err) < 0 ||
	    steps_write(&a->host->confine, &a->ask.run.steps, err) < 0 ||
	    (job->is_interactive && open_terminal(a, err) < 0))
		return -1;
	for (size_t i = 0; a->ask.run.start.has_attempt && i < a->ask.run.n_argv; i++)
		a->ask.run.argv[i] = with_attempt(a, a->ask.run.argv[i]);
	return shorten_argv(a, err);
}

/* An executable file that is no program is run as a script of /bin/sh, as a shell does. */
static pid_t launch_script(const struct attempt *a, struct launch *l)
{
	const char **argv = xcalloc(a->ask.run.n_argv + 2, sizeof(*argv));
	pid_t pid;

	argv[0] = "sh";
	argv[1] = strchr(l->argv[0], '/') ? l->argv[0] : l->path;
	for (size_t i = 1; i < a->ask.run.n_argv; i++)
		argv[i + 1] = l->argv[i];
	l->path = "/bin/sh";
	l->argv = argv;
	pid = launch_start(l);
	l->argv = a->ask.run.argv; /* for messages */
	free(argv);
	return pid;
}

static enum attempt_launched attempt_refuse_unknown(const struct attempt *a,
						    struct attempt_launch *ret)
{
	const char *name = a->ask.run.argv[0];

	if (ret->errnum != ENOENT) {
		error_sys(&ret->err, ret->errnum, "cannot look for the program '%s'", name);
		return LAUNCH_FAILED;
	}
	str_add(&ret->why, "command not found: '");
	str_add_printable(&ret->why, name, strlen(name));
	str_addc(&ret->why, '\'');
	ret->exit_status = 127;
	return LAUNCH_REFUSED;
}

static enum attempt_launched explain_launch(struct attempt *a, const struct launch *l,
					    struct attempt_launch *ret)
{
	launch_explain(l, &ret->why);
	str_clear(&a->host->program.path); /* looked up again next time */
	ret->exit_status = launch_shell_status(l);
	if (ret->exit_status)
		return LAUNCH_REFUSED;
	error_plain(&ret->err, "%s", ret->why.s);
	return LAUNCH_FAILED;
}

/* No more than the machine allows. */
static const struct rlimit *limit_files(const struct attempt *a, struct rlimit *own)
{
	const struct tree_limits *limits = a->ask.rules->job.limits;

	if (!limits || !limits->n_files)
		return a->host->has_nofile ? &a->host->nofile : NULL;
	if (getrlimit(RLIMIT_NOFILE, own) < 0 || own->rlim_max > limits->n_files)
		own->rlim_max = limits->n_files;
	own->rlim_cur = own->rlim_max;
	return own;
}

/*
 * A process may run away between two looks at all of them (attempt_watch.c). A second more than is
 * allowed, so that the looks come first: they end the job with its grace, the kernel does not.
 */
static const struct rlimit *limit_cpu(const struct attempt *a, struct rlimit *own)
{
	const struct tree_limits *limits = a->ask.rules->job.limits;

	if (!limits || limits->cpu_s <= 0 || limits->cpu_s > cpu_limit_most_s)
		return NULL;
	if (getrlimit(RLIMIT_CPU, own) < 0 || own->rlim_max > (rlim_t)ceil(limits->cpu_s) + 1)
		own->rlim_max = (rlim_t)ceil(limits->cpu_s) + 1;
	own->rlim_cur = own->rlim_max;
	return own;
}

static enum attempt_launched start_process(struct attempt *a, const char *const *env,
					   struct attempt_launch *ret)
{
	struct rlimit files, cpu;
	struct launch l = {
		.path = a->host->program.path.s,
		.argv = a->ask.run.argv,
		.env = env,
		.cwd = a->ask.rules->job.cwd,
		.log_fd = a->pty.slave >= 0 ? a->pty.slave : a->log.fd,
		.is_on_terminal = a->pty.slave >= 0,
		.nofile = limit_files(a, &files),
		.cpu = limit_cpu(a, &cpu),
		.cgroup_fd = a->cgroup.procs_fd,
	};

	/* Taken before the start: the process may run and end before this one runs again. */
	ret->started_s = clock_now(clock_real());
	ret->started_wall_s = clock_wall(clock_real());
	ret->pid = launch_start(&l);
	if (ret->pid > 0 && l.errnum == ENOEXEC && a->ask.rules->job.is_command &&
	    launch_is_script(l.path))
		ret->pid = launch_script(a, &l);
	ret->errnum = ret->pid < 0 ? errno : l.errnum;
	if (l.is_outside_cgroup)
		cgroup_job_end(&a->cgroup);
	if (ret->pid < 0 || errno_is_shortage(l.errnum))
		return LAUNCH_LATER;
	return l.errnum ? explain_launch(a, &l, ret) : LAUNCH_RUNS;
}

enum attempt_launched attempt_launch(struct attempt *a, struct attempt_launch *ret)
{
	const struct job_rules *job = &a->ask.rules->job;
	_cleanup_(job_env_done) struct job_env env;

	attempt_make_env(a, &env);
	if (job->dump_env && dump_env(a, env.at, &ret->err) < 0)
		return LAUNCH_FAILED;
	if (!slot_host_find_program(a->host, a->ask.run.argv[0], find_path(env.at),
				    job->cwd ? job->cwd : "/")) {
		ret->errnum = errno;
		return errno_is_shortage(errno) ? LAUNCH_LATER : attempt_refuse_unknown(a, ret);
	}
	return start_process(a, env.at, ret);
}
