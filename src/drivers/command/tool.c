/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/command/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/arena.h"
#include "base/mem.h"
#include "base/proc.h"

extern char **environ;

enum {
	OUTPUT_MOST = 1 << 20,
	READ_SIZE = 16 << 10,
	LINE_SHOWN = 240,
	COMMAND_SHOWN = 120,
	EXIT_POLL_MS = 5,     /* without pidfds */
	NOT_EXECUTABLE = 126, /* a shell's status: not executable */
	NOT_FOUND = 127,
};
/* A tool that has not ended so long after SIGKILL is left behind. */
static const double kill_patience_s = 1;

struct running {
	pid_t pid;
	int out, err; /* read ends; -1: ended */
	int pidfd;    /* -1: none */
	double until_s;
};

static double smi_now_s(void)
{
	return clock_now(clock_real());
}

/* Variables to remove or replace. A translated output could not be parsed. */
static const char *const replaced[] = {
	"LC_ALL=", "LANGUAGE=", "DVSCHED_DEVICE=", "DVSCHED_DEVICE_NAME="};

static bool is_replaced(const char *variable)
{
	for (size_t i = 0; i < ARRAY_LEN(replaced); i++)
		if (str_starts(variable, replaced[i]))
			return true;
	return false;
}

static const char **make_environment(const struct smi_place *place, struct arena *mem)
{
	size_t n = 0, to = 0;
	const char **env;

	while (environ[n])
		n++;
	env = arena_array(mem, n + ARRAY_LEN(replaced) + 1, sizeof(*env));
	for (size_t i = 0; i < n; i++)
		if (!is_replaced(environ[i]))
			env[to++] = environ[i];
	env[to++] = "LC_ALL=C";
	if (place->id)
		env[to++] = arena_printf(mem, "DVSCHED_DEVICE=%s", place->id);
	if (place->name)
		env[to] = arena_printf(mem, "DVSCHED_DEVICE_NAME=%s", place->name);
	return env;
}

static void command_tool_set_signals(posix_spawnattr_t *attr)
{
	sigset_t defaults, none;

	proc_defaults_of_child(&defaults);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(attr, &defaults);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int spawn_shell(const char *command, const char *const *env, int out, int err,
		       pid_t *ret_pid)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc;

	posix_spawnattr_init(&attr);
	command_tool_set_signals(&attr);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
	rc = posix_spawn(ret_pid, "/bin/sh", &files, &attr, (char *const *)argv,
			 (char *const *)env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static int start_tool(const char *command, const char *const *env, struct running *ret)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, rc;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		rc = errno;
	else
		rc = spawn_shell(command, env, out[1], err[1], &ret->pid);
	closep(&out[1]);
	closep(&err[1]);
	if (rc) {
		closep(&out[0]);
		closep(&err[0]);
		return rc;
	}
	ret->out = out[0];
	ret->err = err[0];
	fcntl(ret->out, F_SETFL, O_NONBLOCK);
	fcntl(ret->err, F_SETFL, O_NONBLOCK);
	ret->pidfd = proc_open_pidfd(ret->pid);
	return 0;
}

/* Reads everything that is available. false: the output is too large. */
static bool command_tool_read_all(int *fd, struct str *to)
{
	ssize_t n = 1;

	while (*fd >= 0 && to->len <= OUTPUT_MOST) {
		n = read(*fd, str_reserve(to, READ_SIZE), READ_SIZE);
		if (n > 0)
			to->len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else
			break;
	}
	if (n == 0 || (n < 0 && errno != EAGAIN))
		closep(fd);
	str_add(to, "");
	return to->len <= OUTPUT_MOST;
}

static bool has_exited(const struct running *t)
{
	siginfo_t end = {0};

	return waitid(P_PID, (id_t)t->pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid;
}

/* Waits for output, for the end of the tool, or until until_s. */
static void wait_for_news(const struct running *t, double until_s)
{
	struct pollfd fds[] = {{.fd = t->out, .events = POLLIN},
			       {.fd = t->err, .events = POLLIN},
			       {.fd = t->pidfd, .events = POLLIN}};
	double left_s = until_s - smi_now_s();
	int ms = left_s > 0 ? (int)(left_s * 1000) + 1 : 0;

	poll(fds, ARRAY_LEN(fds), t->pidfd < 0 && ms > EXIT_POLL_MS ? EXIT_POLL_MS : ms);
}

static void kill_tool(struct running *t)
{
	double until_s = smi_now_s() + kill_patience_s;

	kill(t->pid, SIGKILL);
	closep(&t->out);
	closep(&t->err);
	while (!has_exited(t) && smi_now_s() < until_s)
		wait_for_news(t, until_s);
}

/*
 * Follows the tool until its own process has ended. Processes that it leaves behind may hold its
 * pipes for ever; they end with our process group.
 */
static enum smi_end follow_tool(struct running *t, struct smi_run *ret)
{
	for (;;) {
		bool is_over = has_exited(t);

		if (!command_tool_read_all(&t->out, &ret->out) ||
		    !command_tool_read_all(&t->err, &ret->err))
			return SMI_LOUD;
		if (is_over)
			return SMI_EXITED;
		if (smi_now_s() >= t->until_s)
			return SMI_LATE;
		wait_for_news(t, t->until_s);
	}
}

static void take_status(const struct running *t, struct smi_run *ret)
{
	int status = 0;

	if (waitpid(t->pid, &status, WNOHANG) != t->pid || ret->end != SMI_EXITED)
		return;
	if (WIFSIGNALED(status))
		ret->end = SMI_SIGNALED;
	ret->number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

void smi_run_tool(const char *command, const struct smi_place *place, double limit_s,
		  struct smi_run *ret)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct running t = {.until_s = smi_now_s() + limit_s};

	*ret = (struct smi_run){.command = command, .limit_s = limit_s, .end = SMI_NOT_STARTED};
	str_add(&ret->out, "");
	str_add(&ret->err, "");
	ret->number = start_tool(command, make_environment(place, mem), &t);
	if (ret->number)
		return;
	ret->end = follow_tool(&t, ret);
	if (ret->end != SMI_EXITED)
		kill_tool(&t);
	take_status(&t, ret);
	closep(&t.out);
	closep(&t.err);
	closep(&t.pidfd);
}

void smi_run_done(struct smi_run *r)
{
	str_done(&r->out);
	str_done(&r->err);
}

bool smi_run_is_missing(const struct smi_run *r)
{
	return r->end == SMI_NOT_STARTED ||
	       (r->end == SMI_EXITED && (r->number == NOT_EXECUTABLE || r->number == NOT_FOUND));
}

bool smi_run_is_good(const struct smi_run *r)
{
	return r->end == SMI_EXITED && r->number == 0;
}

/* Appends the first line that is not blank. */
static void add_first_line(struct str *to, const struct str *text)
{
	const char *at = text->s + strspn(text->s, " \t\r\n");
	size_t n = strcspn(at, "\r\n");

	if (n)
		str_add(to, ": ");
	str_add_printable(to, at, n < LINE_SHOWN ? n : LINE_SHOWN);
	if (n > LINE_SHOWN)
		str_add(to, "...");
}

static void command_tool_add_command(struct str *to, const char *command)
{
	size_t n = strlen(command), shown = n < COMMAND_SHOWN ? n : COMMAND_SHOWN;

	str_addc(to, '`');
	str_add_printable(to, command, shown);
	str_add(to, shown < n ? "...` " : "` ");
}

void smi_run_explain(const struct smi_run *r, struct str *to)
{
	size_t before;

	command_tool_add_command(to, r->command);
	if (r->end == SMI_NOT_STARTED) {
		str_printf(to, "cannot be started: %s", strerror(r->number));
		return;
	}
	if (r->end == SMI_LATE) {
		str_add(to, "did not end within ");
		duration_add(to, r->limit_s);
	} else if (r->end == SMI_LOUD) {
		str_printf(to, "printed more than %d KiB", OUTPUT_MOST >> 10);
	} else {
		str_printf(to,
			   r->end == SMI_SIGNALED ? "was ended by signal %d"
						  : "exited with status %d",
			   r->number);
	}
	before = to->len;
	add_first_line(to, &r->err);
	if (to->len == before && r->end != SMI_LOUD)
		add_first_line(to, &r->out); /* many tools report errors on standard output */
}
