/* SPDX-License-Identifier: Apache-2.0 */
#include "device/lock/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"
#include "device/lock/waiter.h"
#include "io/port.h"

/* Time between the closing of a lock's file, which is reported, and the end of the lock. */
static const double moment_s = 0.02;
/* Period of looks without events: another file system, or an overflow of inotify. */
static const double slow_s = 1;

struct device_queue {
	struct ev_loop *loop;
	const char *dir;
	void (*changed)(void *ctx);
	void *ctx;
	struct device_waiter own;
	char *wants;	   /* the content of its file */
	struct str others; /* devices that waiters before us would take: "\nsim-0\n\nsim-3\n" */
	bool is_old;	   /* others must be read again */
	int fd;		   /* inotify; -1: none */
	struct port port;
	ev_timer timer;
};

/* Without inotify this timer is the only trigger; with it, it runs only while we wait. */
static void lock_queue_set_timer(struct device_queue *q, double after_s)
{
	ev_timer_stop(q->loop, &q->timer);
	ev_timer_set(&q->timer, after_s, 0);
	ev_timer_start(q->loop, &q->timer);
}

static void lock_queue_on_timer(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct device_queue *q = t->data;

	(void)loop;
	(void)revents;
	q->is_old = true;
	if (q->fd < 0 || q->own.number)
		lock_queue_set_timer(q, slow_s);
	q->changed(q->ctx);
}

/* true: the event concerns us. A lock's file that was closed may be free now. */
static bool take_inotify(struct device_queue *q, const struct inotify_event *e)
{
	if (e->mask & (IN_Q_OVERFLOW | IN_IGNORED)) {
		q->is_old = true;
		return true;
	}
	if (!e->len)
		return false;
	if (device_waiters_name(e->name)) {
		q->is_old = true;
		return true;
	}
	return (e->mask & IN_CLOSE_WRITE) && q->own.number;
}

static void on_inotify(struct port *p)
{
	struct device_queue *q = container_of(p, struct device_queue, port);
	char room[4096] __attribute__((aligned(_Alignof(struct inotify_event))));
	bool concerns_us = false;
	ssize_t n = read(q->fd, room, sizeof(room));

	if (port_is_end(n, errno)) {
		port_stop(p);
		closep(&q->fd);
		lock_queue_set_timer(q, slow_s);
		return;
	}
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(room + at);

		concerns_us |= take_inotify(q, e);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	if (!concerns_us)
		return;
	lock_queue_set_timer(q, moment_s);
	q->changed(q->ctx);
}

static void watch_directory(struct device_queue *q)
{
	q->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (q->fd >= 0 && inotify_add_watch(q->fd, q->dir,
					    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MODIFY |
						    IN_MOVED_TO | IN_ONLYDIR) < 0)
		closep(&q->fd);
	if (q->fd < 0) {
		lock_queue_set_timer(q, slow_s);
		return;
	}
	port_init(&q->port, q->loop, q->fd, on_inotify, NULL);
	port_want_in(&q->port, true);
}

struct device_queue *device_queue_new(struct ev_loop *loop, const char *dir,
				      void (*changed)(void *ctx), void *ctx)
{
	struct device_queue *q = xcalloc(1, sizeof(*q));

	*q = (struct device_queue){.loop = loop, .dir = dir, .changed = changed, .ctx = ctx};
	q->own.fd = q->fd = -1;
	q->is_old = true;
	ev_init(&q->timer, lock_queue_on_timer);
	q->timer.data = q;
	watch_directory(q);
	return q;
}

void device_queue_free(struct device_queue *q)
{
	if (!q)
		return;
	device_queue_leave(q);
	ev_timer_stop(q->loop, &q->timer);
	port_stop(&q->port);
	closep(&q->fd);
	str_done(&q->others);
	free(q);
}

static void read_others(struct device_queue *q)
{
	q->is_old = false;
	str_clear(&q->others);
	str_addc(&q->others, '\n');
	device_waiters_read(q->dir, q->own.number, &q->others);
}

bool device_queue_is_others(struct device_queue *q, const char *device)
{
	char line[300];

	if (q->is_old)
		read_others(q);
	if (q->others.len <= 1)
		return false;
	snprintf(line, sizeof(line), "\n%s\n", device);
	return strstr(q->others.s, line) != NULL;
}

void device_queue_wait(struct device_queue *q, const char *devices)
{
	struct error err = {0};

	if (q->own.number && strcmp(q->wants, devices) == 0)
		return;
	free(q->wants);
	q->wants = xstrdup(devices);
	if (q->own.number) {
		device_waiter_change(&q->own, devices);
		return;
	}
	if (device_waiter_enter(&q->own, q->dir, devices, &err) < 0)
		error_done(&err);
	q->is_old = true;
	lock_queue_set_timer(q, slow_s);
}

void device_queue_leave(struct device_queue *q)
{
	if (!q->wants)
		return;
	device_waiter_leave(&q->own);
	free(q->wants);
	q->wants = NULL;
	q->is_old = true;
}
