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
#include "exec/attempt_parts.h"
#include "workspace/needs.h"
#include "workspace/odir.h"
#include "exec/steps.h"
#include "workspace/job_env.h"

/* No process could be made: tried again so long. */
static const double launch_pause_s = 0.05, launch_pause_most_s = 1, launch_give_up_s = 300;

/* Linux: one argument may not be longer (MAX_ARG_STRLEN, its NUL included). */
enum { ARGUMENT_MOST = 128 * 1024 };

static double now_s(void)
{
	return clock_now(clock_real());
}

static void fail(struct attempt *a, struct error *err)
{
	attempt_end_unstarted(a, JOB_FAILED, REASON_LAUNCH, err);
}

static const char *own_string(struct attempt *a, char *s)
{
	a->own_strings = xreallocarray(a->own_strings, a->n_own_strings + 1, sizeof(char *));
	a->own_strings[a->n_own_strings++] = s;
	return s;
}

static const char *with_attempt(struct attempt *a, const char *s)
{
	if (!strstr(s, JOB_ATTEMPT_WORD))
		return s;
	return own_string(a, job_attempt_text(s, a->run.attempt));
}

static const char *find_path(const char *const *env)
{
	for (; *env; env++)
		if (str_starts(*env, "PATH="))
			return *env + 5;
	return NULL;
}

/* Where a variable stands that is called as the one in entry; n: nowhere. */
static size_t find_name(const char *const *env, size_t n, const char *entry)
{
	size_t i = 0;

	while (i < n && !job_env_is_same_name(env[i], entry))
		i++;
	return i;
}

/* What comes with the attempt goes over all other. */
static size_t add_own_env(const struct attempt *a, const char **env, size_t n)
{
	for (size_t i = 0; i < a->run.n_env; i++) {
		size_t at = find_name(env, n, a->run.env[i]);

		env[at] = a->run.env[i];
		n += at == n;
	}
	return n;
}

/* The environment of this job; an array that is freed by the caller. */
static const char **make_env(struct attempt *a)
{
	struct job_kind *r = a->rules;
	const char **env = xcalloc(r->n_env + JOB_ENV_OWN + a->run.n_env + 1, sizeof(*env));
	size_t n = r->n_env;

	memcpy(env, r->env, n * sizeof(*env));
	for (size_t i = 0; a->run.has_attempt && i < n; i++)
		env[i] = with_attempt(a, env[i]);
	env[n++] = own_string(a, xasprintf("DVSCHED_JOB=%s", a->run.id));
	env[n++] = own_string(a, xasprintf("DVSCHED_ATTEMPT=%u", a->run.attempt));
	env[n++] = own_string(a, xasprintf("DVSCHED_ODIR=%s", a->run.odir));
	env[n++] = own_string(
		a, a->has_needs_file ? xasprintf("DVSCHED_NEEDS=%s/%s", a->run.odir, JOB_NEEDS_NAME)
				     : xstrdup("DVSCHED_NEEDS=/dev/null"));
	add_own_env(a, env, n);
	return env;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int write_file(const char *path, const struct str *text, mode_t mode, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		      mode);
	int rc = 0;

	if (fd < 0 || fs_write_all(fd, text->s ? text->s : "", text->len) < 0)
		rc = error_sys(err, errno, "cannot write %s", path);
	closep(&fd);
	return rc;
}

static int dump_env(struct attempt *a, const char *const *env, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/env_vars", a->run.odir);
	_cleanup_(str_done) struct str text = {0};
	const char **sorted;
	size_t n = 0;

	while (env[n])
		n++;
	sorted = xcalloc(n + 1, sizeof(*sorted));
	memcpy(sorted, env, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_strings);
	for (size_t i = 0; i < n; i++)
		str_printf(&text, "%s\n", sorted[i]);
	free(sorted);
	return write_file(path, &text, 0666, err);
}

/* sh -c COMMAND with a command that is too long for one argument: it is read from a file. */
static int shorten_argv(struct attempt *a, struct error *err)
{
	const char **argv = a->run.argv;
	_cleanup_(str_done) struct str text = {0};
	char *path;

	if (a->run.n_argv != 3 || strcmp(argv[1], "-c") != 0 || strlen(argv[2]) < ARGUMENT_MOST)
		return 0;
	path = xasprintf("%s/command.sh", a->run.odir);
	own_string(a, path);
	str_printf(&text, "%s\n", argv[2]);
	if (write_file(path, &text, 0777, err) < 0)
		return -1;
	argv[1] = path;
	argv[2] = NULL;
	a->run.n_argv = 2;
	return 0;
}

static int open_terminal(struct attempt *a, struct error *err)
{
	if (!a->has_terminal)
		return error_plain(err, "there is no terminal for it");
	return pty_open(&a->pty, &a->terminal, err);
}

static bool names_needs(const struct attempt *a)
{
	for (size_t i = 0; i < a->run.n_argv; i++)
		if (needs_is_named(a->run.argv[i]))
			return true;
	for (const char *const *e = a->rules->job.env; e && *e; e++)
		if (needs_is_named(*e))
			return true;
	return false;
}

/* A file costs as much as a third of starting a job: most that need nothing can do without. */
static int tell_needs(struct attempt *a, bool is_new, struct error *err)
{
	a->has_needs_file = a->needs.len || names_needs(a);
	if (a->has_needs_file)
		return needs_write(a->run.odir, &a->needs, err);
	if (!is_new)
		needs_remove(a->run.odir);
	return 0;
}

static int prepare(struct attempt *a, struct error *err)
{
	const struct job_rules *job = &a->rules->job;
	struct odir_request r = {
		.odir = a->run.odir,
		.log_path = a->run.log_path,
		.attempt = a->run.attempt,
		.renew = job->renew_odir,
		.plain_stamps = job->plain_stamps,
		.reuse = job->retry.reuse,
		.keep = job->max_odirs,
	};
	bool is_new;

	if (steps_remove(&a->confine, &a->run.steps, err) < 0)
		return -1;
	a->log.fd = odir_prepare(&a->confine, &r, &is_new, err);
	if (a->log.fd < 0 || job_log_begin(&a->log, a->run.command, err) < 0 ||
	    tell_needs(a, is_new, err) < 0 || steps_write(&a->confine, &a->run.steps, err) < 0 ||
	    (job->is_interactive && open_terminal(a, err) < 0))
		return -1;
	for (size_t i = 0; a->run.has_attempt && i < a->run.n_argv; i++)
		a->run.argv[i] = with_attempt(a, a->run.argv[i]);
	return shorten_argv(a, err);
}

/* Jobs in a row mostly run the same program: one look-up serves them all. false: there is none. */
static bool find_program(struct attempt *a, const char *const *env)
{
	const char *name = a->run.argv[0], *path = find_path(env);

	if (a->program.len && strcmp(name, a->program_of.s) == 0 && str_eq(path, a->program_path.s))
		return true;
	str_clear(&a->program);
	str_clear(&a->program_of);
	str_done(&a->program_path);
	str_add(&a->program_of, name);
	if (path)
		str_add(&a->program_path, path);
	if (launch_resolve(name, path, a->rules->job.cwd ? a->rules->job.cwd : "/", &a->program) ==
	    0)
		return true;
	str_clear(&a->program);
	return false;
}

static void refuse_unknown(struct attempt *a)
{
	_cleanup_(str_done) struct str why = {0};

	str_add(&why, "command not found: '");
	str_add_printable(&why, a->run.argv[0], strlen(a->run.argv[0]));
	str_addc(&why, '\'');
	attempt_refuse(a, 127, why.s);
}

static void reattempt_launch(struct attempt *a, int errnum)
{
	struct error err = {0};

	if (a->phase != ATTEMPT_RETRY_LAUNCH) {
		a->phase = ATTEMPT_RETRY_LAUNCH;
		a->deadline_at = a->look_at = INFINITY;
		a->give_up_at = now_s() + launch_give_up_s;
		a->pause_s = launch_pause_s;
	}
	if (now_s() >= a->give_up_at) {
		error_sys(&err, errnum, "no process can be made for it");
		fail(a, &err);
		return;
	}
	a->has_failed_launch = true;
	a->phase_at = now_s() + a->pause_s;
	a->pause_s = fmin(a->pause_s * 2, launch_pause_most_s);
}

/* An executable file that is no program: a shell runs it as a script of its own. */
static pid_t launch_script(const struct attempt *a, struct launch *l)
{
	const char **argv = xcalloc(a->run.n_argv + 2, sizeof(*argv));
	pid_t pid;

	argv[0] = "sh";
	argv[1] = strchr(l->argv[0], '/') ? l->argv[0] : l->path;
	for (size_t i = 1; i < a->run.n_argv; i++)
		argv[i + 1] = l->argv[i];
	l->path = "/bin/sh";
	l->argv = argv;
	pid = launch_start(l);
	l->argv = a->run.argv; /* for messages */
	free(argv);
	return pid;
}

static void fail_launch(struct attempt *a, const struct launch *l)
{
	int status = launch_shell_status(l);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};

	launch_explain(l, &text);
	str_clear(&a->program); /* looked up again next time */
	if (status) {
		attempt_refuse(a, status, text.s);
		return;
	}
	error_plain(&err, "%s", text.s);
	fail(a, &err);
}

static void launch(struct attempt *a, const char *const *env)
{
	struct launch l = {
		.path = a->program.s,
		.argv = a->run.argv,
		.env = env,
		.cwd = a->rules->job.cwd,
		.log_fd = a->pty.slave >= 0 ? a->pty.slave : a->log.fd,
		.is_on_terminal = a->pty.slave >= 0,
		.nofile = a->has_nofile ? &a->nofile : NULL,
	};
	/* Before the process is there: it may run, and end, before we do again. */
	const struct attempt_start_time start = {now_s(), clock_wall(clock_real())};
	pid_t pid = launch_start(&l);

	if (pid > 0 && l.errnum == ENOEXEC && a->rules->job.is_command && launch_is_script(l.path))
		pid = launch_script(a, &l);
	if (pid < 0)
		reattempt_launch(a, errno);
	else if (l.errnum)
		fail_launch(a, &l);
	else
		attempt_began(a, pid, start);
}

void attempt_launch(struct attempt *a)
{
	const char **env = make_env(a);
	struct error err = {0};

	if (a->rules->job.dump_env && dump_env(a, env, &err) < 0)
		fail(a, &err);
	else if (!find_program(a, env))
		refuse_unknown(a);
	else
		launch(a, env);
	free(env);
}

void attempt_start(struct attempt *a, struct job_kind *rules, struct wire *w)
{
	struct error err = {0};
	struct wire copy;

	/* Frames that follow move the buffer that w reads from. */
	str_clear(&a->frame);
	str_addn(&a->frame, w->at, (size_t)(w->end - w->at));
	copy = (struct wire){a->frame.s, a->frame.s + a->frame.len, true};
	a->ending = (struct ending){.exit_status = -1}; /* until the leader was reaped */
	a->reap_at = a->reap_since_s = INFINITY;
	a->leader = 0;
	a->has_stopped = a->has_failed_launch = a->is_short = false;
	*a->ending_signals = 0;
	if (!slot_take_run(&copy, &a->run)) {
		error_plain(&err, "the slot was sent a job that it cannot read");
		fail(a, &err);
		return;
	}
	a->rules = &rules[a->run.rules];
	if (a->rules->job.is_dry_run) /* make -n tells what it would do, and that is all */
		a->run.steps = (struct job_steps){0};
	if (prepare(a, &err) < 0)
		fail(a, &err);
	else
		attempt_launch(a);
}
