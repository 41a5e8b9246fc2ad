/* SPDX-License-Identifier: Apache-2.0 */
#include "base/term_mode.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fs.h"

#define UNDO_BYTES  128u
#define STACK_BYTES (64u << 10)

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
#define N_FATAL ARRAY_LEN(fatal_signals)

static struct {
	int fd;
	struct termios was, now;
	char undo[UNDO_BYTES];
	size_t n_undo;
	struct sigaction actions[N_FATAL];
	stack_t stack;
	volatile sig_atomic_t is_active;
	bool is_registered;
	_Alignas(64) char stack_bytes[STACK_BYTES];
} mode;

static int term_mode_open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fs_open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
}

int term_open(int fd, int flags)
{
	char name[PATH_MAX];
	int own = term_mode_open_again(fd, flags);

	if (own < 0 && ttyname_r(fd, name, sizeof(name)) == 0)
		own = fs_open(name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	/* After su(1) another user owns the terminal's file, but it is still this session's
	 * terminal. */
	if (own < 0 && tcgetsid(fd) == getsid(0))
		own = fs_open("/dev/tty", flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	return own;
}

bool term_is_foreground(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

/* Waits at most half a second for the terminal to take more bytes. */
static void write_undo(int fd, const char *bytes, size_t n)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		} else if (done < 0 && errno == EINTR) {
			continue;
		} else if (done == 0 || errno != EAGAIN || poll(&p, 1, 500) <= 0) {
			return;
		}
	}
}

/* In the background the foreground process sets the modes, and tcsetattr() would stop
 * this process. */
static void set_modes(const struct termios *to)
{
	if (term_is_foreground(mode.fd))
		tcsetattr(mode.fd, TCSANOW, to);
}

/* If the session leader has died, the terminal has no foreground process group, and its modes are
 * restored as well. */
static void set_modes_back(void)
{
	if (tcgetpgrp(mode.fd) < 0)
		tcsetattr(mode.fd, TCSANOW, &mode.was);
	else
		set_modes(&mode.was);
}

/* Calls only async-signal-safe functions. */
void term_mode_rescue(void)
{
	int saved = errno;

	if (mode.is_active) {
		mode.is_active = 0;
		write_undo(mode.fd, mode.undo, mode.n_undo);
		set_modes_back();
	}
	errno = saved;
}

/* Restores the previous action and raises the signal again, so that there is a core file, a
 * sanitizer's report, or an exit code of 128 + n as without this handler. */
static void on_fatal(int signum)
{
	term_mode_rescue();
	for (size_t i = 0; i < N_FATAL; i++)
		if (fatal_signals[i] == signum)
			sigaction(signum, &mode.actions[i], NULL);
	raise(signum);
}

/* A signal with a handler for QUIT does not end the process, so it is not fatal. */
static bool is_fatal(size_t i)
{
	return fatal_signals[i] == SIGQUIT ? mode.actions[i].sa_handler == SIG_DFL
					   : mode.actions[i].sa_handler != SIG_IGN;
}

static void watch_fatal(void)
{
	struct sigaction act = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK | SA_NODEFER};
	stack_t own = {.ss_sp = mode.stack_bytes, .ss_size = sizeof(mode.stack_bytes)};

	sigaltstack(&own, &mode.stack);
	for (size_t i = 0; i < N_FATAL; i++) {
		sigaction(fatal_signals[i], NULL, &mode.actions[i]);
		if (is_fatal(i))
			sigaction(fatal_signals[i], &act, NULL);
	}
}

static void unwatch_fatal(void)
{
	for (size_t i = 0; i < N_FATAL; i++)
		sigaction(fatal_signals[i], &mode.actions[i], NULL);
	sigaltstack(&mode.stack, NULL);
}

struct termios term_mode_of(enum term_modes modes, const struct termios *was)
{
	struct termios now = *was;

	if (modes == TERM_RAW)
		cfmakeraw(&now);
	else
		now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	return now;
}

int term_mode_enter(int fd, enum term_modes modes, const char *undo)
{
	if (mode.is_active)
		return 0;
	mode.fd = fd;
	if (tcgetattr(fd, &mode.was) < 0)
		return -1;
	mode.now = term_mode_of(modes, &mode.was);
	mode.n_undo = strnlen(undo, sizeof(mode.undo));
	memcpy(mode.undo, undo, mode.n_undo);
	if (!mode.is_registered)
		atexit(term_mode_rescue);
	mode.is_registered = true;
	watch_fatal();
	mode.is_active = 1;
	set_modes(&mode.now);
	return 0;
}

void term_mode_again(void)
{
	if (mode.is_active)
		set_modes(&mode.now);
}

void term_mode_leave(void)
{
	if (!mode.is_active)
		return;
	mode.is_active = 0;
	set_modes(&mode.was);
	unwatch_fatal();
}
