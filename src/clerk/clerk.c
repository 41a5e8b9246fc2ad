/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of the clerk: a queue that never blocks, with one request per name at most.
 */
#include "clerk/clerk_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/wire.h"

enum { SEND_AT_ONCE = 64 * 1024 };

/*
 * Requests are collected for this long: a job that runs for two milliseconds costs one request, and
 * the clerk wakes twenty times a second instead of at every change.
 */
static const double gather_s = 0.05;

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
	const struct request *r;

	while (c->link.out.len < SEND_AT_ONCE && (r = requests_take(&c->requests)) != NULL)
		clerk_encode_message(c, r);
}

bool clerk_send_some(struct clerk *c)
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
			c->hung_up(c);
			return false;
		}
	}
}

/* Watches the process while it has something to do. */
static void clerk_watch(struct clerk *c)
{
	bool is_busy = !c->is_finishing && !list_is_empty(&c->requests.sent);

	if (is_busy && !c->is_watched)
		vigil_start(&c->vigil);
	if (!is_busy && c->is_watched)
		vigil_stop(&c->vigil);
	c->is_watched = is_busy;
}

static void on_clerk_writable(struct port *p)
{
	struct clerk *c = container_of(p, struct clerk, port);

	clerk_send_some(c);
	clerk_watch(c);
}

static void on_gathered(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	clerk_send_some(w->data);
	clerk_watch(w->data);
}

static void want_to_send(struct clerk *c)
{
	if (!c->is_up || c->port.wants_out || ev_is_active(&c->gather))
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

		if (type == CLERK_CONFIRM)
			requests_confirm(&c->requests, wire_u64(&w));
		vigil_answered(&c->vigil);
		if (type == CLERK_DONE)
			c->is_done = true;
		if (type == CLERK_SPACE_IS)
			clerk_take_space(c, &w);
		text = type == CLERK_PROBLEM ? wire_string(&w) : NULL;
		if (text && c->problem)
			c->problem(c->ctx, text);
	}
}

bool clerk_receive_frames(struct clerk *c)
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
		c->hung_up(c);
	else
		clerk_watch(c);
}

/* ---- requests ---- */

static void clerk_add_message(struct clerk *c, struct request values)
{
	requests_add(&c->requests, &values);
	want_to_send(c);
}

void clerk_add_path(struct clerk *c, enum clerk_request type, const char *path)
{
	if (!c->is_over)
		clerk_add_message(c, (struct request){.type = type, .base = xstrdup(path)});
}

void clerk_reset_dir(struct clerk *c, const char *path)
{
	requests_separate(&c->requests);
	clerk_add_path(c, CLERK_RESET, path);
}

void clerk_trash(struct clerk *c, const char *path)
{
	requests_separate(&c->requests);
	clerk_add_path(c, CLERK_TRASH, path);
}

void clerk_sync(struct clerk *c, const char *path)
{
	if (c->is_over || map_has(&c->requests.by_key, path))
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
	if (c->is_up)
		clerk_add_path(c, CLERK_SPACE, path);
}

bool clerk_is_gone(const struct clerk *c)
{
	return !c->is_up;
}

void clerk_set_died(struct clerk *c, clerk_died *died, void *ctx)
{
	c->died = died;
	c->died_ctx = ctx;
}

static char *clerk_copy_result(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void clerk_note_group(struct clerk *c, const char *group)
{
	for (size_t i = 0; i < c->groups.n; i++)
		if (strcmp(c->groups.at[i], group) == 0)
			return;
	vec_push(&c->groups, xstrdup(group));
}

void clerk_set_link(struct clerk *c, const char *base, const char *group, const char *name,
		    const char *target)
{
	_cleanup_(freep) char *key = NULL;
	struct request *waiting;

	if (c->is_over)
		return;
	if (group)
		clerk_note_group(c, group);
	key = xasprintf("%s\n%s", base, name);
	waiting = map_get(&c->requests.by_key, key);
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

static void clerk_encode_text(struct clerk *c, enum clerk_request type, const char *text)
{
	size_t start = wire_begin(&c->link.out, (uint8_t)type);

	wire_put_string(&c->link.out, text);
	wire_end(&c->link.out, start);
}

void clerk_init_exchange(struct clerk *c)
{
	requests_init(&c->requests);
	c->link.fd = -1;
	ev_timer_init(&c->gather, on_gathered, 0, 0);
	c->gather.data = c;
}

void clerk_begin_exchange(struct clerk *c, int fd)
{
	link_done(&c->link);
	link_init(&c->link, fd, 0);
	port_init(&c->port, c->loop, fd, on_clerk_readable, on_clerk_writable);
	port_want_in(&c->port, true);
	clerk_encode_text(c, CLERK_ROOT, c->root);
	for (size_t i = 0; i < c->groups.n; i++)
		clerk_encode_text(c, CLERK_GROUP, c->groups.at[i]);
	c->is_up = true;
	want_to_send(c);
}

void clerk_stop_watching(struct clerk *c)
{
	port_stop(&c->port);
	ev_timer_stop(c->loop, &c->gather);
	vigil_stop(&c->vigil);
	c->is_watched = false;
}

void clerk_end_exchange(struct clerk *c)
{
	c->is_up = false;
	clerk_stop_watching(c);
	link_close(&c->link);
}
