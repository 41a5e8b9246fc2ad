/* SPDX-License-Identifier: Apache-2.0 */
#include "base/link.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "base/vec.h"

enum { ROOM_LEAST = 8 * 1024, ROOM_MOST = 64 * 1024 };
/* A buffer larger than this (after a large frame) is freed when it is empty. */
enum { BUFFER_KEPT = 1 << 20 };
/* Pause before another try after LINK_SHORT. */
enum { SHORTAGE_MS = 10, SHORTAGE_MOST_MS = 3000 };

void link_init(struct link *l, int fd, unsigned accepts)
{
	assert(accepts <= LINK_DESCRIPTORS);
	*l = (struct link){.fd = fd, .accepts = accepts, .room = ROOM_LEAST};
}

static void link_empty(struct str *buffer)
{
	if (buffer->cap > BUFFER_KEPT)
		str_done(buffer);
	else
		str_clear(buffer);
}

/* ---- out ---- */

static void link_drop_attached(struct link *l, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		closep(&l->attached.at[i].fd);
	l->attached.n -= n;
	memmove(l->attached.at, l->attached.at + n, l->attached.n * sizeof(*l->attached.at));
}

static void link_drop_out(struct link *l)
{
	link_drop_attached(l, l->attached.n);
	link_empty(&l->out);
	l->out_sent = 0;
}

void link_attach(struct link *l, int fd)
{
	size_t at = l->out.len, n = l->attached.n;

	if (fd < 0)
		return;
	if (n && l->attached.at[n - 1].at >= at) {
		at = l->attached.at[n - 1].at;
		at += n >= LINK_DESCRIPTORS && l->attached.at[n - LINK_DESCRIPTORS].at == at;
	}
	vec_push(&l->attached, (struct link_descriptor){at, fd});
}

/* Number of descriptors, at the start of `attached`, to be sent with the byte at `at`. */
static size_t link_count_attached(const struct link *l, size_t at)
{
	size_t n = 0;

	while (n < l->attached.n && l->attached.at[n].at == at)
		n++;
	return n;
}

/* Sends n bytes with the first n_fds descriptors. The next byte that has descriptors must not be
 * among the n. */
static ssize_t link_send_with(struct link *l, size_t n_fds, size_t n)
{
	union {
		char room[CMSG_SPACE(LINK_DESCRIPTORS * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec from = {.iov_base = l->out.s + l->out_sent, .iov_len = n};
	struct msghdr m = {
		.msg_iov = &from,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = CMSG_SPACE(n_fds * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	char *to = (char *)CMSG_DATA(c);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
	for (size_t i = 0; i < n_fds; i++)
		memcpy(to + i * sizeof(int), &l->attached.at[i].fd, sizeof(int));
	return sendmsg(l->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t link_send_piece(struct link *l)
{
	size_t n_fds = link_count_attached(l, l->out_sent), end = l->out.len;
	ssize_t n;

	if (n_fds < l->attached.n && l->attached.at[n_fds].at < end)
		end = l->attached.at[n_fds].at;
	if (n_fds == 0)
		return send(l->fd, l->out.s + l->out_sent, end - l->out_sent,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	n = link_send_with(l, n_fds, end - l->out_sent);
	if (n > 0)
		link_drop_attached(l, n_fds);
	return n;
}

static enum link_result link_fault(int errnum)
{
	if (errnum == EAGAIN || errnum == EINTR)
		return LINK_LATER;
	return proc_is_shortage(errnum) ? LINK_SHORT : LINK_LOST;
}

enum link_result link_flush(struct link *l)
{
	enum link_result state = LINK_OK;

	while (l->out_sent < l->out.len) {
		ssize_t n = link_send_piece(l);

		if (n >= 0) {
			l->out_sent += (size_t)n;
			continue;
		}
		state = link_fault(errno);
		if (state != LINK_LOST)
			return state;
		break;
	}
	link_drop_out(l);
	return state;
}

/* After a call of link_flush() that left something, waits until it makes sense to call it again. */
static void link_wait_for_room(const struct link *l, enum link_result state, unsigned n_idle)
{
	struct pollfd room = {.fd = l->fd, .events = POLLOUT};

	if (state == LINK_LATER)
		poll(&room, 1, -1);
	if (state == LINK_SHORT || n_idle > 1)
		poll(NULL, 0, SHORTAGE_MS);
}

int link_send(struct link *l)
{
	enum link_result state;
	unsigned n_idle = 0;
	size_t left = link_unsent(l);

	while ((state = link_flush(l)) == LINK_LATER || state == LINK_SHORT) {
		n_idle = link_unsent(l) < left ? 0 : n_idle + 1;
		left = link_unsent(l);
		if (n_idle > SHORTAGE_MOST_MS / SHORTAGE_MS)
			return -1;
		link_wait_for_room(l, state, n_idle);
	}
	return state == LINK_OK ? 0 : -1;
}

/* ---- in ---- */

static void link_close_descriptors(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* false: there are more than the link accepts; all received descriptors were closed. */
static bool link_keep_descriptors(struct link *l, const int *fds, size_t n)
{
	if (l->n_received + n <= l->accepts) {
		memcpy(l->received + l->n_received, fds, n * sizeof(int));
		l->n_received += (unsigned)n;
		return true;
	}
	link_close_descriptors(fds, n);
	link_close_descriptors(l->received, l->n_received);
	l->n_received = 0;
	return false;
}

static bool link_take_control(struct link *l, struct msghdr *m)
{
	bool is_good = !(m->msg_flags & MSG_CTRUNC); /* the kernel has closed some */
	int fds[LINK_DESCRIPTORS];

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
		is_good = link_keep_descriptors(l, fds, n) && is_good;
	}
	if (!is_good) {
		link_close_descriptors(l->received, l->n_received);
		l->n_received = 0;
	}
	return is_good;
}

static ssize_t link_receive(struct link *l, char *to, size_t size, int flags)
{
	union {
		char room[CMSG_SPACE(LINK_DESCRIPTORS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec into = {.iov_base = to, .iov_len = size};
	struct msghdr m = {
		.msg_iov = &into,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t n;

	if (l->accepts == 0)
		return recv(l->fd, to, size, flags);
	n = recvmsg(l->fd, &m, flags | MSG_CMSG_CLOEXEC);
	if (n > 0 && !link_take_control(l, &m))
		l->is_wrong = true;
	return n;
}

/* Drops the frames that were returned. */
static void link_compact(struct link *l)
{
	l->in.len -= l->in_at;
	if (l->in.len)
		memmove(l->in.s, l->in.s + l->in_at, l->in.len);
	else
		link_empty(&l->in);
	l->in_at = 0;
}

enum link_result link_read(struct link *l, enum link_wait wait)
{
	ssize_t n;

	link_compact(l);
	n = link_receive(l, str_reserve(&l->in, l->room), l->room,
			 wait == LINK_NOW ? MSG_DONTWAIT : 0);
	if (n < 0)
		return link_fault(errno);
	l->in.len += (size_t)n;
	if (l->is_wrong)
		return LINK_WRONG;
	if ((size_t)n == l->room && l->room < ROOM_MOST)
		l->room *= 2; /* there is probably more */
	return n ? LINK_OK : LINK_END;
}

int link_next(struct link *l, uint8_t *ret_type, struct wire *ret)
{
	size_t size;
	int rc;

	if (l->is_wrong || l->in_at == l->in.len)
		return l->is_wrong ? -1 : 0;
	rc = wire_next(l->in.s + l->in_at, l->in.len - l->in_at, ret_type, ret, &size);
	if (rc > 0)
		l->in_at += size;
	return rc; /* after -1 in_at stays, so later calls return -1, too */
}

int link_take_descriptor(struct link *l)
{
	int fd;

	if (l->n_received == 0)
		return -1;
	fd = l->received[0];
	l->n_received--;
	memmove(l->received, l->received + 1, l->n_received * sizeof(int));
	return fd;
}

/* ---- the end ---- */

void link_close(struct link *l)
{
	link_drop_out(l);
	link_close_descriptors(l->received, l->n_received);
	l->n_received = 0;
	closep(&l->fd);
}

void link_done(struct link *l)
{
	if (l->room)
		link_close(l);
	str_done(&l->out);
	str_done(&l->in);
	vec_done(&l->attached);
	*l = (struct link){.fd = -1};
}
