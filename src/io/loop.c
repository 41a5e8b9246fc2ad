/* SPDX-License-Identifier: Apache-2.0 */
#include "io/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

enum { LOOP_EXIT = 70 }; /* as base/mem.h */

/* State of the test whether a wake-up reaches the loop. */
struct trial {
	ev_async wake;
	bool is_woken;
};

static void loop_on_woken(struct ev_loop *loop, ev_async *w, int revents)
{
	struct trial *t = w->data;

	(void)loop;
	(void)revents;
	t->is_woken = true;
}

/* libev calls this just before it waits; an earlier wake-up would not go through the descriptor. */
static void on_about_to_wait(struct ev_loop *loop)
{
	struct trial *t = ev_userdata(loop);

	ev_async_send(loop, &t->wake);
}

static void on_waited(struct ev_loop *loop)
{
	(void)loop;
}

static bool loop_can_be_woken(struct ev_loop *loop)
{
	struct trial t = {.is_woken = false};

	ev_async_init(&t.wake, loop_on_woken);
	t.wake.data = &t;
	ev_async_start(loop, &t.wake);
	ev_set_userdata(loop, &t);
	ev_set_loop_release_cb(loop, on_about_to_wait, on_waited);
	ev_run(loop, EVRUN_NOWAIT); /* a refused descriptor wakes the loop as well, but only once */
	t.is_woken = false;
	ev_run(loop, EVRUN_NOWAIT);
	ev_set_loop_release_cb(loop, NULL, NULL);
	ev_set_userdata(loop, NULL);
	ev_async_stop(loop, &t.wake);
	return t.is_woken;
}

/* libev's own allocator calls abort() when memory runs out. */
static void *loop_alloc(void *p, long size)
{
	if (size > 0)
		return xrealloc(p, (size_t)size);
	free(p);
	return NULL;
}

/*
 * libev calls this when a system call of its own fails, and tries again when it returns; its own
 * function calls abort(). It is called for calls that need descriptors or memory of the kernel.
 */
static void loop_on_failed_call(const char *what)
{
	static unsigned n_waits;
	int errnum = errno;

	if (errno_wait_out(&n_waits))
		return;
	fprintf(stderr, "dvsched: the event loop cannot go on: %s: %s\n", what ? what : "libev",
		strerror(errnum));
	_exit(LOOP_EXIT);
}

struct ev_loop *loop_new(void)
{
	struct ev_loop *loop;

	ev_set_allocator(loop_alloc);
	ev_set_syserr_cb(loop_on_failed_call);
	loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);

	if (loop && loop_can_be_woken(loop))
		return loop;
	if (loop)
		ev_loop_destroy(loop);
	loop = ev_loop_new(EVBACKEND_POLL | EVFLAG_NOENV);
	if (!loop)
		loop_on_failed_call("no event loop can be made");
	return loop;
}
