/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "exec/odir.h"

/* How long what a job leaves behind may take to end by itself. */
static const double leak_wait_s = 0.1;
/* After KILL: how long until it is called unkillable, and between two rounds of killing. */
static const double give_up_s = 5, first_round_s = 0.002, last_round_s = 0.05;
/* A log that grows fast is looked at more often than each second. */
static const double look_least_s = 0.02, look_most_s = 1;
/* No process could be made: tried again so long. */
/* Reading it costs as much as starting half a job. */
static const double oom_read_again_s = 1;
static const double launch_pause_s = 0.05, launch_pause_most_s = 5, launch_give_up_s = 300;

/* Linux: one argument may not be longer (MAX_ARG_STRLEN, its NUL included). */
enum { ARGUMENT_MOST = 128 * 1024 };

static double now_s(void)
{
	return clock_now(clock_real());
}

static uint64_t read_oom_kills(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	unsigned long long n = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "oom_kill %llu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

void attempt_init(struct attempt *a, const struct slot_hello *hello)
{
	*a = (struct attempt){.grace_s = hello->grace_s, .nofile = hello->nofile, .log_fd = -1};
	confine_init(&a->confine, hello->scratch_root);
	a->oom_kills = read_oom_kills();
	a->oom_read_s = now_s();
}

void attempt_done(struct attempt *a)
{
	attempt_clear(a);
	confine_done(&a->confine);
	free(a->kept.at);
	tree_done(&a->tree);
	str_done(&a->program);
	str_done(&a->program_of);
	str_done(&a->program_path);
	str_done(&a->frame);
	str_done(&a->header);
	str_done(&a->leaked);
	str_done(&a->stuck);
}

void attempt_clear(struct attempt *a)
{
	closep(&a->log_fd);
	slot_run_done(&a->run);
	for (size_t i = 0; i < a->n_own_strings; i++)
		free(a->own_strings[i]);
	free(a->own_strings);
	a->own_strings = NULL;
	a->n_own_strings = 0;
	free((char *)a->result.message);
	free((char *)a->result.context);
	a->result = (struct job_result){0};
	a->phase = ATTEMPT_NONE;
}

/* ---- kept daemons ---- */

static bool is_kept(pid_t child, void *ctx)
{
	const struct kept *k = ctx;

	for (size_t i = 0; i < k->n; i++)
		if (k->at[i] == child)
			return true;
	return false;
}

static void forget_kept(struct kept *k, pid_t pid)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i] == pid)
			k->at[i] = k->at[--k->n];
}

static bool matches_keep(const struct job_rules *r, pid_t pid)
{
	struct proc_stat st;

	if (!proc_stat_read(pid, &st))
		return false;
	for (const char *const *glob = r->keep; *glob; glob++)
		if (str_glob(*glob, st.name))
			return true;
	return false;
}

/* Children of ours that are not the leader were left to us; some of them may stay. */
static void keep_daemons(struct attempt *a)
{
	struct kept *k = &a->kept;

	if (!a->rules->job.keep || !a->rules->job.keep[0])
		return;
	tree_read(&a->tree, is_kept, k);
	for (size_t i = 0; i < a->tree.n_own; i++) {
		pid_t pid = a->tree.at[i].pid;

		if ((pid == a->leader && !a->leader_is_gone) || !matches_keep(&a->rules->job, pid))
			continue;
		if (k->n == k->cap) {
			k->cap = k->cap ? k->cap * 2 : 8;
			k->at = xreallocarray(k->at, k->cap, sizeof(*k->at));
		}
		k->at[k->n++] = pid;
	}
}

/* ---- the end ---- */

static void end_without_start(struct attempt *a, enum job_status status, enum job_reason reason,
			      struct error *err)
{
	struct str text = {0};

	str_add_printable(&text, err->msg, strlen(err->msg));
	a->result.status = status;
	a->result.reason = reason;
	a->result.exit_status = -1;
	a->result.message = str_take(&text);
	a->phase = ATTEMPT_OVER;
	error_done(err);
}

static void launch_failed(struct attempt *a, struct error *err)
{
	end_without_start(a, JOB_FAILED, REASON_LAUNCH, err);
}

/* The log may have lost its beginning, or itself: then nobody knows what was in it. */
static bool is_log_whole(const struct attempt *a)
{
	size_t n = a->header.len < 64 ? a->header.len : 64;
	struct stat st;
	char begin[64];

	if (fstat(a->log_fd, &st) < 0 || st.st_nlink == 0 || st.st_size < (off_t)a->header.len ||
	    st.st_size < a->log_size)
		return false;
	return pread(a->log_fd, begin, n, 0) == (ssize_t)n && memcmp(begin, a->header.s, n) == 0;
}

static void decide(struct attempt *a)
{
	const struct job_rules *job = &a->rules->job;
	bool has_patterns = job->pass_patterns.n || job->fail_patterns.n;
	struct verdict_rules v = {
		.is_dry_run = job->is_dry_run,
		.leak_fails = job->leak == LEAK_FAIL,
	};
	struct error err = {0};
	bool is_whole = true;

	if (has_patterns && slot_rules_compile(a->rules, &err) < 0) {
		end_without_start(a, JOB_FAILED, REASON_PATTERN_ERROR, &err);
		return;
	}
	if (has_patterns) {
		v.pass = a->rules->pass;
		v.fail = a->rules->fail;
		v.pass_texts = a->rules->pass_texts;
		v.n_pass = job->pass_patterns.n;
		v.n_fail = job->fail_patterns.n;
		is_whole = is_log_whole(a);
	}
	verdict_decide(&a->ending, &v, is_whole ? a->log_fd : -1, 0, (off_t)a->header.len,
		       &a->result);
}

/* Nothing is left of the job. */
static void finish(struct attempt *a)
{
	if (a->ending.flood_bytes && ftruncate(a->log_fd, (off_t)a->ending.flood_bytes) < 0)
		a->log_size = 0; /* the disk stays fuller than it should: the verdict says why */
	a->ending.had_oom = a->ending.term_signal == SIGKILL && read_oom_kills() > a->oom_kills;
	if (!a->leader_is_gone)
		a->result.duration_s = now_s() - a->started_s;
	decide(a);
	a->phase = ATTEMPT_OVER;
}

static void note_leader(struct attempt *a, int status)
{
	a->leader_is_gone = true;
	a->result.duration_s = now_s() - a->started_s;
	if (WIFEXITED(status)) {
		a->ending.exit_status = WEXITSTATUS(status);
	} else {
		a->ending.exit_status = -1;
		a->ending.term_signal = WTERMSIG(status);
		a->ending.has_core = WCOREDUMP(status);
	}
}

static void add_usage(struct job_usage *to, const struct rusage *u)
{
	to->user_s += (double)u->ru_utime.tv_sec + (double)u->ru_utime.tv_usec * 1e-6;
	to->system_s += (double)u->ru_stime.tv_sec + (double)u->ru_stime.tv_usec * 1e-6;
	if ((uint64_t)u->ru_maxrss > to->max_rss_kib)
		to->max_rss_kib = (uint64_t)u->ru_maxrss;
}

/* Returns true if no child is left but kept ones. */
static bool reap(struct attempt *a)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		if (is_kept(pid, &a->kept)) {
			forget_kept(&a->kept, pid);
			continue;
		}
		if (pid == a->leader)
			note_leader(a, status);
		add_usage(&a->result.usage, &usage);
	}
	if (pid < 0)
		return true;
	if (a->kept.n == 0)
		return false;
	tree_read(&a->tree, is_kept, &a->kept);
	return a->tree.n_own == 0;
}

/* ---- the kill ladder ---- */

static void kill_round(struct attempt *a)
{
	tree_read(&a->tree, is_kept, &a->kept);
	tree_signal(&a->tree, SIGKILL);
	a->phase_at = now_s() + a->pause_s;
	a->pause_s = fmin(a->pause_s * 2, last_round_s);
}

static void enter_kill(struct attempt *a)
{
	if (a->phase == ATTEMPT_KILL)
		return;
	keep_daemons(a);
	a->phase = ATTEMPT_KILL;
	a->deadline_at = a->look_at = INFINITY;
	a->give_up_at = now_s() + give_up_s;
	a->pause_s = first_round_s;
	kill_round(a);
}

/* Whoever is stopped hears TERM only when it goes on. */
static void enter_term(struct attempt *a)
{
	double grace_s = a->rules->job.grace_s < 0 ? a->grace_s : a->rules->job.grace_s;

	if (grace_s <= 0) {
		enter_kill(a);
		return;
	}
	keep_daemons(a);
	a->phase = ATTEMPT_TERM;
	a->deadline_at = INFINITY;
	a->phase_at = now_s() + grace_s;
	tree_read(&a->tree, is_kept, &a->kept);
	tree_signal(&a->tree, SIGTERM);
	tree_signal(&a->tree, SIGCONT);
}

static void give_up(struct attempt *a)
{
	struct proc_stat st;

	tree_read(&a->tree, is_kept, &a->kept);
	str_clear(&a->stuck);
	tree_describe(&a->tree, &a->stuck);
	if (a->tree.n && proc_stat_read(a->tree.at[0].pid, &st))
		str_printf(&a->stuck, ", state %c", st.state);
	str_reserve(&a->stuck, 0);
	a->ending.stuck = a->stuck.s;
	finish(a);
}

static void enter_leak(struct attempt *a)
{
	keep_daemons(a);
	if (reap(a)) {
		finish(a);
		return;
	}
	a->phase = ATTEMPT_LEAKS;
	a->deadline_at = INFINITY;
	a->phase_at = now_s() + leak_wait_s;
}

static void kill_leaked(struct attempt *a)
{
	keep_daemons(a);
	tree_read(&a->tree, is_kept, &a->kept);
	str_clear(&a->leaked);
	tree_describe(&a->tree, &a->leaked);
	if (a->leaked.len)
		a->ending.leaked = a->leaked.s;
	enter_kill(a);
}

void attempt_kill(struct attempt *a, bool now, enum job_reason reason)
{
	struct error err = {0};

	if (a->phase == ATTEMPT_RETRY_LAUNCH) {
		error_plain(&err, "killed before it could be started");
		end_without_start(a, JOB_KILLED, reason, &err);
		return;
	}
	attempt_step(a); /* what ended before us has ended by itself */
	if (a->phase == ATTEMPT_NONE || a->phase == ATTEMPT_OVER)
		return;
	if (!a->leader_is_gone && !a->ending.is_timeout && !a->ending.flood_bytes &&
	    !a->ending.was_killed) {
		a->ending.was_killed = true;
		a->ending.kill_reason = reason;
	}
	if (now)
		enter_kill(a);
	else if (a->phase == ATTEMPT_RUNS)
		enter_term(a);
}

/* ---- the beginning ---- */

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

/* The environment of this job; an array that is freed by the caller. */
static const char **make_env(struct attempt *a)
{
	struct slot_rules *r = a->rules;
	const char **env = xcalloc(r->n_env + ENV_PER_JOB + 1, sizeof(*env));
	size_t n = r->n_env;

	memcpy(env, r->env, n * sizeof(*env));
	for (size_t i = 0; a->run.has_attempt && i < n; i++)
		env[i] = with_attempt(a, env[i]);
	env[n++] = own_string(a, xasprintf("DVSCHED_JOB=%s", a->run.id));
	env[n++] = own_string(a, xasprintf("DVSCHED_ATTEMPT=%u", a->run.attempt));
	env[n++] = own_string(a, xasprintf("DVSCHED_ODIR=%s", a->run.odir));
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

static int write_header(struct attempt *a, struct error *err)
{
	str_clear(&a->header);
	str_add(&a->header, "[Executing]:\n");
	str_add(&a->header, a->run.command);
	str_add(&a->header, "\n\n");
	if (fs_write_all(a->log_fd, a->header.s, a->header.len) < 0)
		return error_sys(err, errno, "cannot write the log %s", a->run.log_path);
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
		.keep = job->max_odirs,
	};

	a->log_fd = odir_prepare(&a->confine, &r, err);
	if (a->log_fd < 0 || write_header(a, err) < 0)
		return -1;
	for (size_t i = 0; a->run.has_attempt && i < a->run.n_argv; i++)
		a->run.argv[i] = with_attempt(a, a->run.argv[i]);
	return shorten_argv(a, err);
}

/* Jobs in a row mostly run the same program: one look-up serves them all. */
static int find_program(struct attempt *a, const char *const *env, struct error *err)
{
	const char *name = a->run.argv[0], *path = find_path(env);

	if (a->program.len && strcmp(name, a->program_of.s) == 0 &&
	    str_eq(path, a->program_path.s) && access(a->program.s, X_OK) == 0)
		return 0;
	str_clear(&a->program);
	str_clear(&a->program_of);
	str_done(&a->program_path);
	str_add(&a->program_of, name);
	if (path)
		str_add(&a->program_path, path);
	if (launch_resolve(name, path, a->rules->job.cwd ? a->rules->job.cwd : "/", &a->program) ==
	    0)
		return 0;
	str_clear(&a->program);
	return error_plain(err, "command not found: '%s'", name);
}

static void retry_launch(struct attempt *a, int errnum)
{
	struct error err = {0};

	if (a->phase != ATTEMPT_RETRY_LAUNCH) {
		a->phase = ATTEMPT_RETRY_LAUNCH;
		a->give_up_at = now_s() + launch_give_up_s;
		a->pause_s = launch_pause_s;
	}
	if (now_s() >= a->give_up_at) {
		error_sys(&err, errnum, "no process can be made for it");
		launch_failed(a, &err);
		return;
	}
	a->phase_at = now_s() + a->pause_s;
	a->pause_s = fmin(a->pause_s * 2, launch_pause_most_s);
}

static void note_start(struct attempt *a, pid_t pid)
{
	const struct job_rules *job = &a->rules->job;

	a->leader = pid;
	a->leader_is_gone = false;
	a->phase = ATTEMPT_RUNS;
	a->phase_at = INFINITY;
	a->started_s = now_s();
	a->result.pid = pid;
	a->result.start_wall_s = clock_wall(clock_real());
	a->deadline_at = job->timeout_s > 0 ? a->started_s + job->timeout_s : INFINITY;
	a->pause_s = look_least_s;
	a->look_at = a->started_s + a->pause_s;
	a->log_size = (off_t)a->header.len;
	if (a->started_s >= a->oom_read_s + oom_read_again_s) {
		a->oom_kills = read_oom_kills();
		a->oom_read_s = a->started_s;
	}
}

static void launch(struct attempt *a, const char *const *env)
{
	struct launch l = {
		.path = a->program.s,
		.argv = a->run.argv,
		.env = env,
		.cwd = a->rules->job.cwd,
		.log_fd = a->log_fd,
		.nofile = a->nofile,
	};
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	pid_t pid = launch_start(&l);

	if (pid < 0) {
		retry_launch(a, errno);
	} else if (l.errnum) {
		launch_explain(&l, &text);
		error_plain(&err, "%s", text.s);
		launch_failed(a, &err);
	} else {
		note_start(a, pid);
	}
}

static void try_launch(struct attempt *a)
{
	const char **env = make_env(a);
	struct error err = {0};

	if ((a->rules->job.dump_env && dump_env(a, env, &err) < 0) ||
	    find_program(a, env, &err) < 0)
		launch_failed(a, &err);
	else
		launch(a, env);
	free(env);
}

void attempt_start(struct attempt *a, struct slot_rules *rules, struct wire *w)
{
	struct error err = {0};
	struct wire copy;

	/* Frames that follow move the buffer that w reads from. */
	str_clear(&a->frame);
	str_addn(&a->frame, w->at, (size_t)(w->end - w->at));
	copy = (struct wire){a->frame.s, a->frame.s + a->frame.len, true};
	a->ending = (struct ending){0};
	a->leader = 0;
	if (!slot_take_run(&copy, &a->run)) {
		error_plain(&err, "the slot was sent a job that it cannot read");
		launch_failed(a, &err);
		return;
	}
	a->rules = &rules[a->run.rules];
	if (a->rules->job.is_dry_run) {
		decide(a);
		a->phase = ATTEMPT_OVER;
	} else if (prepare(a, &err) < 0) {
		launch_failed(a, &err);
	} else {
		try_launch(a);
	}
}

/* ---- what is due ---- */

static void time_out(struct attempt *a)
{
	a->ending.is_timeout = true;
	a->ending.timeout_s = a->rules->job.timeout_s;
	enter_term(a);
}

/* How the log grows, and whether it is over its limit. */
static void look(struct attempt *a, double now)
{
	uint64_t most = a->rules->job.max_log_bytes;
	double growth, left;
	struct stat st;

	if (fstat(a->log_fd, &st) < 0)
		st.st_size = a->log_size;
	growth = (double)(st.st_size - a->log_size);
	a->log_size = st.st_size;
	if (most && (uint64_t)st.st_size > most) {
		a->ending.flood_bytes = most;
		enter_kill(a);
		return;
	}
	left = (double)most - (double)st.st_size;
	a->pause_s = fmin(a->pause_s * 2, look_most_s);
	if (growth > 0)
		a->pause_s = fmin(a->pause_s, a->pause_s * left / growth / 4);
	a->pause_s = fmax(a->pause_s, look_least_s);
	a->look_at = now + a->pause_s;
}

static void do_phase(struct attempt *a)
{
	switch (a->phase) {
	case ATTEMPT_RETRY_LAUNCH:
		try_launch(a);
		break;
	case ATTEMPT_LEAKS:
		kill_leaked(a);
		break;
	case ATTEMPT_TERM:
		enter_kill(a);
		break;
	case ATTEMPT_KILL:
		if (now_s() >= a->give_up_at)
			give_up(a);
		else
			kill_round(a);
		break;
	case ATTEMPT_NONE:
	case ATTEMPT_RUNS:
	case ATTEMPT_OVER:
		break;
	}
}

void attempt_step(struct attempt *a)
{
	bool is_empty = a->phase != ATTEMPT_RETRY_LAUNCH && reap(a);
	double now;

	if (a->phase == ATTEMPT_NONE || a->phase == ATTEMPT_OVER)
		return;
	if (is_empty) {
		finish(a);
		return;
	}
	if (a->phase == ATTEMPT_RUNS && a->leader_is_gone) {
		enter_leak(a);
		return;
	}
	now = now_s();
	if (now >= a->deadline_at && a->phase == ATTEMPT_RUNS)
		time_out(a);
	else if (now >= a->phase_at)
		do_phase(a);
	else if (now >= a->look_at && a->phase == ATTEMPT_RUNS)
		look(a, now);
}

double attempt_wake_at(const struct attempt *a)
{
	bool looks = a->phase == ATTEMPT_RUNS && a->rules->job.max_log_bytes;

	if (a->phase == ATTEMPT_NONE || a->phase == ATTEMPT_OVER)
		return INFINITY;
	return fmin(fmin(a->deadline_at, a->phase_at), looks ? a->look_at : INFINITY);
}

void attempt_kill_all(struct attempt *a)
{
	double until = now_s() + give_up_s;
	double pause_s = first_round_s;

	a->kept.n = 0;
	while (now_s() < until) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		tree_read(&a->tree, NULL, NULL);
		if (a->tree.n == 0)
			return;
		tree_signal(&a->tree, SIGKILL);
		poll(NULL, 0, (int)(pause_s * 1000));
		pause_s = fmin(pause_s * 2, last_round_s);
	}
}
