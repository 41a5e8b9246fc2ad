/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/command.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/vec.h"

extern char **environ;

enum { READ_BLOCK = 64 * 1024, OUTPUT_MOST = 64 << 20 };

void command_add(struct command_words *w, const char *fmt, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	vec_push_in(w->mem, w, arena_strdup(w->mem, text));
	vec_push_in(w->mem, w, NULL);
	w->n--;
}

void command_end_done(struct command_end *e)
{
	str_done(&e->out);
	str_done(&e->err);
}

void command_explain(const char *name, const struct command_end *e, struct str *to)
{
	size_t n = e->err.s ? strcspn(e->err.s, "\n") : 0;

	if (e->errnum)
		str_printf(to, "%s: %s", name, strerror(e->errnum));
	else if (e->is_late)
		str_printf(to, "%s did not answer in time", name);
	else if (n)
		str_add_printable(to, e->err.s, n);
	else if (e->exit_status < 0)
		str_printf(to, "%s was killed by a signal", name);
	else
		str_printf(to, "%s ended with exit status %d", name, e->exit_status);
}

/* ---- one run ---- */

struct running {
	pid_t pid;
	int fds[2]; /* its standard output and standard error; -1: closed */
};

static int command_open_input(const char *input, size_t n)
{
	int fd = n ? memfd_create("input", MFD_CLOEXEC)
		   : fs_open("/dev/null", O_RDONLY | O_CLOEXEC, 0);

	if (n && fd >= 0 && (fs_write_all(fd, input, n) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		closep(&fd);
	return fd;
}

static int command_spawn(const char *const *argv, const int fds[3], pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t defaults, none;
	int rc;

	sigemptyset(&none);
	proc_defaults_of_child(&defaults);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETPGROUP);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&files, fds[i], i);
	rc = posix_spawnp(ret_pid, argv[0], &files, &attr, (char **)argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* Returns 0 or an errno. */
static int command_start(const char *const *argv, const char *input, size_t n, struct running *r)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1};
	_cleanup_(closep) int in = command_open_input(input, n);
	int rc = in < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ? errno : 0;

	if (rc == 0)
		rc = command_spawn(argv, (int[]){in, out[1], err[1]}, &r->pid);
	closep(&out[1]);
	closep(&err[1]);
	if (rc) {
		closep(&out[0]);
		closep(&err[0]);
	}
	r->fds[0] = out[0];
	r->fds[1] = err[0];
	return rc;
}

/* Closes *fd at its end. */
static void command_read(int *fd, struct str *to)
{
	ssize_t n = to->len < OUTPUT_MOST ? read(*fd, str_reserve(to, READ_BLOCK), READ_BLOCK) : 0;

	if (n > 0)
		to->len += (size_t)n;
	if (to->s)
		to->s[to->len] = '\0';
	if (n == 0 || (n < 0 && errno != EINTR))
		closep(fd);
}

static int command_left_ms(double until_s)
{
	double left_s = until_s - clock_now(clock_real());

	return left_s > 0 ? (int)fmin(ceil(left_s * 1000), 1e9) : 0;
}

static void command_collect(struct running *r, double until_s, struct command_end *ret)
{
	struct str *to[2] = {&ret->out, &ret->err};
	int left_ms;

	while ((r->fds[0] >= 0 || r->fds[1] >= 0) && (left_ms = command_left_ms(until_s)) > 0) {
		struct pollfd p[2] = {{.fd = r->fds[0], .events = POLLIN},
				      {.fd = r->fds[1], .events = POLLIN}};

		if (poll(p, 2, left_ms) <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (p[i].revents)
				command_read(&r->fds[i], to[i]);
	}
	closep(&r->fds[0]);
	closep(&r->fds[1]);
}

/* true: it has ended. A command that closed its output may still run. */
static bool command_wait(pid_t pid, double until_s, int *ret_status)
{
	_cleanup_(closep) int pid_fd = proc_open_pidfd(pid);
	struct pollfd p = {.fd = pid_fd, .events = POLLIN};
	pid_t ended;

	while ((ended = waitpid(pid, ret_status, WNOHANG)) == 0 && command_left_ms(until_s) > 0)
		poll(&p, 1, pid_fd >= 0 ? command_left_ms(until_s) : 5);
	return ended != 0;
}

void command_run(const char *const *argv, const char *input, size_t n, double limit_s,
		 struct command_end *ret)
{
	double until_s = clock_now(clock_real()) + limit_s;
	struct running r;
	int status = 0;

	*ret = (struct command_end){.exit_status = -1};
	ret->errnum = command_start(argv, input, n, &r);
	if (ret->errnum)
		return;
	command_collect(&r, until_s, ret);
	if (!command_wait(r.pid, until_s, &status)) {
		ret->is_late = true;
		kill(-r.pid, SIGKILL);
		waitpid(r.pid, &status, 0);
	}
	if (!ret->is_late && WIFEXITED(status))
		ret->exit_status = WEXITSTATUS(status);
}
