/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clone(CLONE_VM | CLONE_VFORK): the cost does not grow with the size of this process. Until its
 * exec the child runs in the memory of this process, on its own stack, while this process is
 * suspended; so the child can store there why an exec failed, and may use system calls only.
 */
#include "exec/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/fs.h"

enum { STACK_SIZE = 64 * 1024 };

static bool is_program(const char *path)
{
	errno = 0;
	return fs_is_file(path) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* 127, 126: as a shell ends if exec of its program fails so; 0: the machine is to be suspected. */
static int status_of_program(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return 127;
	case EACCES:
	case EPERM:
	case ENOEXEC:
	case E2BIG:
	case ELOOP:
	case ENAMETOOLONG:
	case EINVAL:
	case EISDIR:
	case ELIBBAD:
		return 126;
	default:
		return 0;
	}
}

/*
 * The first file of that name that can be executed, in the directories at. Returns 0, or an errno:
 * ENOENT, a shortage, or the error of a directory where it may be. other: the first one that
 * cannot be executed.
 */
static int search_program(const char *name, const char *at, const char *cwd, struct str *ret,
			  struct str *other)
{
	int failed = ENOENT;

	for (;; at++) {
		size_t n = strcspn(at, ":");

		str_clear(ret);
		if (n == 0 || *at != '/')
			str_printf(ret, "%s/", cwd);
		str_addn(ret, at, n);
		str_printf(ret, "%s%s", n ? "/" : "", name);
		if (is_program(ret->s))
			return 0;
		if (errno_is_shortage(errno))
			return errno; /* it may be there, and a later one another program */
		if (errno && failed == ENOENT && !status_of_program(errno))
			failed = errno;
		if (!other->len && fs_is_file(ret->s))
			str_addn(other, ret->s, ret->len);
		at += n;
		if (*at == '\0')
			return failed;
	}
}

int launch_resolve(const char *argv0, const char *search_path, const char *cwd, struct str *ret)
{
	const char *at = search_path ? search_path : "/usr/local/bin:/usr/bin:/bin";
	_cleanup_(str_done) struct str other = {0};

	errno = ENOENT;
	if (*argv0 && !strchr(argv0, '/')) {
		int errnum = search_program(argv0, at, cwd, ret, &other);

		if (errnum == 0)
			return 0;
		errno = errnum;
		if (errnum != ENOENT)
			return -1;
	}
	str_clear(ret);
	if (other.len) {
		str_add(ret, other.s);
		return 0;
	}
	if (*argv0 != '/')
		str_printf(ret, "%s/", cwd);
	str_add(ret, argv0);
	return strchr(argv0, '/') ? 0 : -1;
}

/* Signals are blocked, because a background process that takes the foreground is stopped (TTOU). */
__attribute__((no_sanitize("address", "undefined"))) static void take_terminal(int fd)
{
	sigset_t all;
	pid_t pid = getpid();

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setpgid(0, 0);
	ioctl(fd, TIOCSPGRP, &pid);
	dup2(fd, STDIN_FILENO);
}

/*
 * In the child. The exec resets handlers and closes descriptors above 2, which are close-on-exec.
 * PDEATHSIG is an addition: the scheduler kills what a dead slot leaves in any case.
 */
__attribute__((no_sanitize("address", "undefined"))) static int become(void *arg)
{
	struct launch *l = arg;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (l->is_on_terminal)
		take_terminal(l->log_fd);
	else
		setsid();
	/* A job whose log stays empty could pass falsely. */
	if (dup2(l->log_fd, STDOUT_FILENO) < 0 || dup2(l->log_fd, STDERR_FILENO) < 0) {
		l->is_about_log = true;
		l->errnum = errno;
		_exit(127);
	}
	if (l->cgroup_fd > 0 && write(l->cgroup_fd, "0", 1) != 1)
		l->is_outside_cgroup = true;
	if (l->nofile)
		setrlimit(RLIMIT_NOFILE, l->nofile);
	if (l->cpu)
		setrlimit(RLIMIT_CPU, l->cpu);
	if (l->cwd && chdir(l->cwd) < 0) {
		l->is_about_cwd = true;
	} else {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execve(l->path, (char *const *)l->argv, (char *const *)l->env);
	}
	l->errnum = errno;
	_exit(127);
}

pid_t launch_start(struct launch *l)
{
	static char stack[STACK_SIZE] __attribute__((aligned(64)));
	pid_t pid;

	l->errnum = 0;
	l->is_about_cwd = l->is_about_log = l->is_outside_cgroup = false;
	pid = clone(become, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, l);
	if (pid > 0 && l->errnum != 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return pid;
}

int launch_shell_status(const struct launch *l)
{
	return l->is_about_cwd || l->is_about_log ? 0 : status_of_program(l->errnum);
}

/* As bash decides: a binary has a NUL in its first line. */
bool launch_is_script(const char *path)
{
	_cleanup_(closep) int fd = fs_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	char begin[256];
	ssize_t n = fd < 0 ? 0 : read(fd, begin, sizeof(begin));

	for (ssize_t i = 0; i < n && begin[i] != '\n'; i++)
		if (!begin[i])
			return false;
	return true;
}

static void launch_quote(struct str *to, const char *s)
{
	str_addc(to, '\'');
	str_add_printable(to, s, strlen(s));
	str_addc(to, '\'');
}

/* ENOENT and EACCES may be about the file or about the interpreter that its first line names. */
void launch_explain(const struct launch *l, struct str *to)
{
	const char *what = "cannot execute";
	struct stat st;

	if (l->is_about_cwd) {
		str_add(to, "cannot enter the working directory ");
		launch_quote(to, l->cwd);
		str_printf(to, ": %s", strerror(l->errnum));
		return;
	}
	if (l->is_about_log) {
		str_printf(to, "cannot connect the job's output to its log: %s",
			   strerror(l->errnum));
		return;
	}
	if (l->errnum == ENOENT || l->errnum == ENOTDIR)
		what = stat(l->path, &st) == 0 ? "bad interpreter in the first line of"
					       : "command not found:";
	else if (l->errnum == EACCES)
		what = is_program(l->path) ? "bad interpreter in the first line of"
					   : "not executable:";
	else if (l->errnum == ENOEXEC)
		what = "neither a program nor a script with '#!':";
	else if (l->errnum == E2BIG)
		what = "arguments and environment are too long for";
	str_printf(to, "%s ", what);
	launch_quote(to, strchr(l->argv[0], '/') ? l->argv[0] : l->path);
	if (strcmp(what, "cannot execute") == 0)
		str_printf(to, ": %s", strerror(l->errnum));
}
