/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/term_out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/term_mode.h"

#define MOST_PER_TURN (256u << 10) /* bytes written before the loop goes on */
#define POLLED_BYTES  256u	   /* what a terminal takes when poll() reports it as writable */

static int term_out_open_again(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void choose_kind(struct term_out *o, int fd)
{
	struct stat st = {0};
	int own = -1;

	o->fd = fd;
	o->kind = OUT_FILE;
	if (fstat(fd, &st) < 0)
		return;
	o->is_tty = isatty(fd) == 1;
	if (S_ISSOCK(st.st_mode)) {
		o->kind = OUT_SOCKET;
	} else if (o->is_tty || S_ISFIFO(st.st_mode)) {
		own = o->is_tty ? term_open(fd, O_WRONLY) : term_out_open_again(fd, O_WRONLY);
		o->kind = own < 0 ? OUT_POLLED : OUT_OWN;
	}
	if (own >= 0)
		o->fd = own;
}

static void term_out_on_writable(struct ev_loop *loop, ev_io *w, int revents);

void term_out_init(struct term_out *o, struct ev_loop *loop, int fd,
		   const struct term_out_client *client)
{
	*o = (struct term_out){.loop = loop, .client = *client};
	choose_kind(o, fd);
	o->patience_s = o->is_tty ? 5 : INFINITY;
	ev_io_init(&o->writable, term_out_on_writable, o->fd, EV_WRITE);
	o->writable.data = o;
}

void term_out_done(struct term_out *o)
{
	ev_io_stop(o->loop, &o->writable);
	if (o->kind == OUT_OWN)
		close(o->fd);
	str_done(&o->unit);
	o->is_dead = true;
}

/* Writes only as much as a descriptor without O_NONBLOCK takes after poll(). */
static ssize_t write_polled(struct term_out *o, const char *bytes, size_t n)
{
	size_t most = o->is_tty ? POLLED_BYTES : PIPE_BUF;
	struct pollfd p = {.fd = o->fd, .events = POLLOUT};

	if (poll(&p, 1, 0) < 0)
		return -1;
	if (p.revents & (POLLOUT | POLLERR | POLLHUP | POLLNVAL))
		return write(o->fd, bytes, n < most ? n : most);
	errno = EAGAIN;
	return -1;
}

static ssize_t term_out_write_some(struct term_out *o, const char *bytes, size_t n)
{
	switch (o->kind) {
	case OUT_SOCKET:
		return send(o->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	case OUT_POLLED:
		return write_polled(o, bytes, n);
	case OUT_OWN:
	case OUT_FILE:
		break;
	}
	return write(o->fd, bytes, n);
}

static bool next_unit(struct term_out *o)
{
	if (o->sent < o->unit.len)
		return true;
	str_clear(&o->unit);
	o->sent = 0;
	o->client.fill(o->client.ctx, &o->unit);
	return o->unit.len > 0;
}

static void term_out_die(struct term_out *o, int errnum)
{
	o->is_dead = true;
	ev_io_stop(o->loop, &o->writable);
	o->client.broken(o->client.ctx, errnum);
}

enum progress { WROTE_ALL, WROTE_ENOUGH, MUST_WAIT, BROKE };

static enum progress term_out_write_on(struct term_out *o)
{
	size_t written = 0;

	while (written < MOST_PER_TURN) {
		ssize_t n;

		if (!next_unit(o))
			return WROTE_ALL;
		n = term_out_write_some(o, o->unit.s + o->sent, o->unit.len - o->sent);
		if (n >= 0) {
			o->sent += (size_t)n;
			written += (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return MUST_WAIT;
		} else if (errno != EINTR) {
			term_out_die(o, errno);
			return BROKE;
		}
	}
	return WROTE_ENOUGH;
}

static void term_out_on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct term_out *o = w->data;

	(void)revents;
	if (term_out_write_on(o) == WROTE_ALL)
		ev_io_stop(loop, w);
}

void term_out_wake(struct term_out *o)
{
	if (!o->is_dead && !o->is_held)
		ev_io_start(o->loop, &o->writable);
}

void term_out_try(struct term_out *o)
{
	enum progress now;

	if (o->is_dead || o->is_held || ev_is_active(&o->writable))
		return;
	now = term_out_write_on(o);
	if (now == WROTE_ENOUGH || now == MUST_WAIT)
		term_out_wake(o);
}

void term_out_add(struct term_out *o, const char *bytes, size_t n)
{
	if (o->is_dead || n == 0)
		return;
	str_addn(&o->unit, bytes, n);
	term_out_wake(o);
}

void term_out_hold(struct term_out *o, bool is_held)
{
	if (o->is_dead || o->is_held == is_held)
		return;
	if (is_held && term_out_write_on(o) == BROKE)
		return;
	ev_io_stop(o->loop, &o->writable);
	o->is_held = is_held;
	term_out_wake(o);
}

/* ---- the end ---- */

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define N_ENDING ARRAY_LEN(ending_signals)

static volatile sig_atomic_t ended_by;

static void term_out_on_ending_signal(int signum)
{
	ended_by = signum;
}

/* The loop does not run during a flush, so its handlers would only delay these signals. */
struct listening {
	struct sigaction was[N_ENDING];
	sigset_t mask, outside;
};

static void listening_start(struct listening *l)
{
	struct sigaction act = {.sa_handler = term_out_on_ending_signal};

	ended_by = 0;
	sigemptyset(&l->mask);
	for (size_t i = 0; i < N_ENDING; i++)
		sigaddset(&l->mask, ending_signals[i]);
	sigprocmask(SIG_BLOCK, &l->mask, &l->outside);
	for (size_t i = 0; i < N_ENDING; i++) {
		sigaction(ending_signals[i], NULL, &l->was[i]);
		if (!proc_ignores(ending_signals[i]))
			sigaction(ending_signals[i], &act, NULL);
	}
}

/* A signal that came is raised again for its original handler. */
static void listening_stop(struct listening *l)
{
	for (size_t i = 0; i < N_ENDING; i++)
		sigaction(ending_signals[i], &l->was[i], NULL);
	sigprocmask(SIG_SETMASK, &l->outside, NULL);
	if (ended_by)
		raise(ended_by);
}

static bool wait_writable(struct term_out *o, const sigset_t *mask)
{
	struct pollfd p = {.fd = o->fd, .events = POLLOUT};
	struct timespec limit = {.tv_sec = (time_t)(isinf(o->patience_s) ? 0 : o->patience_s)};
	int n;

	limit.tv_nsec = isinf(o->patience_s) ? 0
					     : (long)((o->patience_s - (double)limit.tv_sec) * 1e9);
	do {
		n = ppoll(&p, 1, isinf(o->patience_s) ? NULL : &limit, mask);
	} while (n < 0 && errno == EINTR && !ended_by);
	return n > 0;
}

void term_out_flush(struct term_out *o)
{
	struct listening l;
	enum progress now;

	if (o->is_dead)
		return;
	listening_start(&l);
	do {
		now = term_out_write_on(o);
	} while (now == WROTE_ENOUGH || (now == MUST_WAIT && wait_writable(o, &l.outside)));
	listening_stop(&l);
	if (now != BROKE)
		ev_io_stop(o->loop, &o->writable);
}
