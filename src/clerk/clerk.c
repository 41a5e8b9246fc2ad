/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of the clerk: a queue that never blocks, with one request per name at most.
 */
#include "clerk/clerk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/link.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/wire.h"
#include "clerk/clerk_wire.h"
#include "io/child.h"
#include "io/port.h"
#include "io/vigil.h"

enum { SEND_AT_ONCE = 64 * 1024, LOOK_MS = 1000 };

/* Limits in clerk_finish(). */
static const struct vigil_limits closing_limits = {
	.look_s = 1,
	.stopped_looks = 2,
	.continues = 3,
	.warn_s = 1e9,
	.kill_s = 10,
};
/* The same when the run is over its deadline. */
static const struct vigil_limits hurried_limits = {
	.look_s = 1,
	.stopped_looks = 2,
	.continues = 1,
	.warn_s = 1e9,
	.kill_s = 3,
};
static const double killed_s = 0.5, trash_s = 0.5;

/*
 * Requests are collected for this long: a job that runs for two milliseconds costs one request, and
 * the clerk wakes twenty times a second instead of at every change.
 */
static const double gather_s = 0.05;

/* A request that is not sent yet. A link or a sync with the same key is merged into it. */
struct request {
	struct list link;
	enum clerk_request type;
	char *key;			    /* requests with the same key are merged; NULL: never */
	char *base, *group, *name, *target; /* base: also the path of the other types */
};

struct clerk {
	struct ev_loop *loop;
	struct link link; /* to the process */
	struct child child;
	struct port port;
	ev_timer gather;
	struct list queue;
	struct map by_key;
	clerk_problem *problem;
	void *ctx;
	clerk_space *space; /* or NULL */
	void *space_ctx;
	void (*tick)(void *ctx); /* or NULL */
	void *tick_ctx;
	double trash_s; /* how long clerk_free() waits for the trash */
	bool is_gone, is_done, is_hurried;
	bool is_lost; /* it did not finish in time; clerk_finish() does not wait again */
};

static void request_free(struct request *r)
{
	free(r->key);
	free(r->base);
	free(r->group);
	free(r->name);
	free(r->target);
	free(r);
}

static void forget_queue(struct clerk *c)
{
	list_for_each (it, &c->queue) {
		struct request *r = list_entry(it, struct request, link);

		list_remove(&r->link);
		request_free(r);
	}
	map_done(&c->by_key);
}

static void stop_watching(struct clerk *c)
{
	port_stop(&c->port);
	ev_timer_stop(c->loop, &c->gather);
}

/* Without a clerk the run goes on; status links and syncs are missing. */
static void clerk_on_gone(struct clerk *c)
{
	if (c->is_gone)
		return;
	c->is_gone = true;
	stop_watching(c);
	forget_queue(c);
	if (c->problem && !c->is_done)
		c->problem(c->ctx,
			   "the clerk (status links, syncing, free space) died; the run goes on "
			   "without it");
}

/* ---- sending ---- */

static void clerk_encode_message(struct clerk *c, const struct request *r)
{
	size_t start = wire_begin(&c->link.out, (uint8_t)r->type);

	wire_put_string(&c->link.out, r->base);
	if (r->type == CLERK_LINK) {
		wire_put_string(&c->link.out, r->group);
		wire_put_string(&c->link.out, r->name);
		wire_put_string(&c->link.out, r->target);
	}
	wire_end(&c->link.out, start);
}

/* Encodes the next part of the queue; the part before was sent. */
static void clerk_refill_batch(struct clerk *c)
{
	while (!list_is_empty(&c->queue) && c->link.out.len < SEND_AT_ONCE) {
		struct request *r = list_entry(c->queue.next, struct request, link);

		clerk_encode_message(c, r);
		list_remove(&r->link);
		if (r->key && map_get(&c->by_key, r->key) == r)
			map_remove(&c->by_key, r->key);
		request_free(r);
	}
}

/* Sends as much as the socket takes. Returns false when nothing is left. */
static bool send_some(struct clerk *c)
{
	for (;;) {
		enum link_result state;

		if (link_unsent(&c->link) == 0)
			clerk_refill_batch(c);
		if (link_unsent(&c->link) == 0)
			return false;
		state = port_flush(&c->port, &c->link);
		if (state == LINK_LATER || state == LINK_SHORT)
			return true;
		if (state == LINK_LOST) {
			clerk_on_gone(c);
			return false;
		}
	}
}

static void on_clerk_writable(struct port *p)
{
	send_some(container_of(p, struct clerk, port));
}

static void on_gathered(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	send_some(w->data);
}

static void want_to_send(struct clerk *c)
{
	if (c->port.wants_out || ev_is_active(&c->gather))
		return;
	ev_timer_set(&c->gather, gather_s, 0);
	ev_timer_start(c->loop, &c->gather);
}

/* ---- receiving ---- */

static void clerk_take_space(const struct clerk *c, struct wire *w)
{
	const char *path = wire_string(w);
	struct free_space_disk disk = {.free_bytes = wire_u64(w)};

	disk.size_bytes = wire_u64(w);
	disk.free_inodes = wire_u64(w);
	disk.n_inodes = wire_u64(w);
	if (w->ok && path && c->space)
		c->space(c->space_ctx, path, &disk);
}

static void clerk_take_frames(struct clerk *c)
{
	struct wire w;
	uint8_t type;

	while (link_next(&c->link, &type, &w) > 0) {
		const char *text;

		if (type == CLERK_DONE)
			c->is_done = true;
		if (type == CLERK_SPACE_IS)
			clerk_take_space(c, &w);
		text = type == CLERK_PROBLEM ? wire_string(&w) : NULL;
		if (text && c->problem)
			c->problem(c->ctx, text);
	}
}

/* Returns false at the end of the stream. */
static bool clerk_receive_frames(struct clerk *c)
{
	enum link_result state = link_read(&c->link, LINK_NOW);

	if (state == LINK_OK)
		clerk_take_frames(c);
	return !link_is_end(state);
}

static void on_clerk_readable(struct port *p)
{
	struct clerk *c = container_of(p, struct clerk, port);

	if (!clerk_receive_frames(c))
		clerk_on_gone(c);
}

/* ---- requests ---- */

static void clerk_add_message(struct clerk *c, struct request values)
{
	struct request *r = xmalloc(sizeof(*r));

	*r = values;
	list_init(&r->link);
	list_append(&c->queue, &r->link);
	if (r->key)
		map_set(&c->by_key, r->key, r);
	want_to_send(c);
}

static void add_path(struct clerk *c, enum clerk_request type, const char *path)
{
	if (!c->is_gone)
		clerk_add_message(c, (struct request){.type = type, .base = xstrdup(path)});
}

void clerk_reset_dir(struct clerk *c, const char *path)
{
	map_done(&c->by_key); /* later links must not be merged into one before the reset */
	add_path(c, CLERK_RESET, path);
}

void clerk_trash(struct clerk *c, const char *path)
{
	map_done(&c->by_key);
	add_path(c, CLERK_TRASH, path);
}

void clerk_sync(struct clerk *c, const char *path)
{
	if (c->is_gone || map_has(&c->by_key, path))
		return;
	clerk_add_message(
		c,
		(struct request){.type = CLERK_SYNC, .key = xstrdup(path), .base = xstrdup(path)});
}

void clerk_set_space(struct clerk *c, clerk_space *space, void *ctx)
{
	c->space = space;
	c->space_ctx = ctx;
}

void clerk_ask_space(struct clerk *c, const char *path)
{
	add_path(c, CLERK_SPACE, path);
}

bool clerk_is_gone(const struct clerk *c)
{
	return c->is_gone;
}

static char *clerk_copy_result(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void clerk_set_link(struct clerk *c, const char *base, const char *group, const char *name,
		    const char *target)
{
	_cleanup_(freep) char *key = NULL;
	struct request *waiting;

	if (c->is_gone)
		return;
	key = xasprintf("%s\n%s", base, name);
	waiting = map_get(&c->by_key, key);
	if (waiting) {
		free(waiting->group);
		free(waiting->target);
		waiting->group = clerk_copy_result(group);
		waiting->target = xstrdup(target);
		return;
	}
	clerk_add_message(c, (struct request){.type = CLERK_LINK,
					      .key = key,
					      .base = xstrdup(base),
					      .group = clerk_copy_result(group),
					      .name = xstrdup(name),
					      .target = xstrdup(target)});
	key = NULL; /* the request's now */
}

/* ---- beginning and end ---- */

struct clerk *clerk_new(struct ev_loop *loop, const char *root, clerk_problem *problem, void *ctx,
			struct error *err)
{
	struct clerk *c = xcalloc(1, sizeof(*c));
	struct proc proc;

	if (proc_start("dvs-clerk", "__clerk", &proc, err) < 0) {
		free(c);
		return NULL;
	}
	c->loop = loop;
	c->problem = problem;
	c->trash_s = trash_s;
	c->ctx = ctx;
	list_init(&c->queue);
	link_init(&c->link, proc.fd, 0);
	child_init(&c->child, loop, proc.pid, NULL); /* its end is noticed at the socket */
	port_init(&c->port, loop, proc.fd, on_clerk_readable, on_clerk_writable);
	ev_timer_init(&c->gather, on_gathered, 0, 0);
	c->gather.data = c;
	port_want_in(&c->port, true);
	add_path(c, CLERK_ROOT, root);
	return c;
}

static void report_late(const struct clerk *c, char state)
{
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text,
		   "the clerk (pid %d, state %c) did not finish, and was killed: status links may "
		   "be missing",
		   (int)c->child.pid, state);
	if (c->problem)
		c->problem(c->ctx, text.s);
}

void clerk_set_tick(struct clerk *c, void (*tick)(void *ctx), void *ctx)
{
	c->tick = tick;
	c->tick_ctx = ctx;
}

void clerk_hurry(struct clerk *c)
{
	c->is_hurried = true;
}

void clerk_give_to_trash(struct clerk *c, double most_s)
{
	c->trash_s = most_s;
}

/* Nothing has come for a while: checks the process. false: do not wait longer. */
static bool look_after(const struct clerk *c, struct vigil_memory *m)
{
	struct vigil_sight sight = vigil_look(c->child.pid);
	enum vigil_act act = vigil_judge(m, c->is_hurried ? &hurried_limits : &closing_limits,
					 &sight);

	if (c->tick)
		c->tick(c->tick_ctx);
	if (act == VIGIL_CONTINUE)
		kill(c->child.pid, SIGCONT);
	if (act == VIGIL_KILL)
		report_late(c, sight.state);
	return act != VIGIL_KILL && act != VIGIL_GONE;
}

/* Returns false if nothing will happen on the socket any more. */
static bool wait_for_socket(const struct clerk *c, short events)
{
	struct pollfd p = {c->link.fd, events, 0};
	struct vigil_memory m = {0};
	int n;

	while ((n = poll(&p, 1, LOOK_MS)) <= 0)
		if (n == 0 && !look_after(c, &m))
			return false;
	return true;
}

static bool clerk_send_all(struct clerk *c)
{
	while (!c->is_gone && send_some(c))
		if (!wait_for_socket(c, POLLOUT))
			return false;
	return true;
}

static bool wait_until_done(struct clerk *c)
{
	while (!c->is_gone && !c->is_done) {
		if (!wait_for_socket(c, POLLIN))
			return false;
		if (!clerk_receive_frames(c))
			clerk_on_gone(c);
	}
	return true;
}

void clerk_finish(struct clerk *c)
{
	if (c->is_gone || c->is_done || c->is_lost)
		return;
	add_path(c, CLERK_CLOSE, "");
	c->is_lost = !clerk_send_all(c) || !wait_until_done(c);
}

/* Waits until the clerk has ended and its socket is closed, and receives what it reports. A signal
 * ends the wait: somebody waits for the end of this process. */
static void wait_for_trash(struct clerk *c)
{
	double end_s = clock_now(clock_real()) + c->trash_s, left_s = c->trash_s;
	struct pollfd p = {c->link.fd, POLLIN, 0};

	while (left_s > 0 && poll(&p, 1, (int)(left_s * 1000) + 1) > 0 && clerk_receive_frames(c))
		left_s = end_s - clock_now(clock_real());
}

/* A clerk that is killed in an uninterruptible call ends when the call returns; then the reaper of
 * this process reaps it. The next run removes what is left in the trash. */
static void end_process(struct clerk *c)
{
	if (c->is_done && !c->is_hurried)
		wait_for_trash(c);
	link_close(&c->link);
	kill(c->child.pid, SIGKILL);
	child_wait(&c->child, killed_s);
}

void clerk_free(struct clerk *c)
{
	if (!c)
		return;
	clerk_finish(c);
	stop_watching(c);
	end_process(c);
	child_done(&c->child);
	forget_queue(c);
	link_done(&c->link);
	free(c);
}
