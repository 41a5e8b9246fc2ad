/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's end of the clerk: a queue that never blocks, with one request per name at most.
 */
#include "clerk/clerk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/vec.h"
#include "base/wire.h"
#include "clerk/requests.h"
#include "io/child.h"
#include "io/port.h"
#include "io/vigil.h"

enum { SEND_AT_ONCE = 64 * 1024, LOOK_MS = 1000 };
/* A process that dies is replaced, unless it is one of so many in a row that died soon. */
enum { SHORT_LIVES_MOST = 4 };

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
/* A process that dies earlier counts as one that died soon. */
static const double short_life_s = 10;
/* Pause until another try, if no process can be started. */
static const double again_s = 1;

struct clerk {
	struct ev_loop *loop;
	char *root;
	struct link link; /* to the process */
	struct child child;
	struct port port;
	pid_t pid;
	double started_s;
	unsigned n_short; /* processes in a row that died soon */
	ev_timer gather, again;
	struct requests requests;
	VEC(char *) groups; /* that links were asked for in */
	clerk_problem *problem;
	void *ctx;
	clerk_space *space; /* or NULL */
	void *space_ctx;
	void (*tick)(void *ctx); /* or NULL */
	void *tick_ctx;
	clerk_died *died; /* or NULL */
	void *died_ctx;
	double trash_s; /* how long clerk_free() waits for the trash */
	bool is_up;	/* there is a process */
	bool is_over;	/* there is none, and none is started any more */
	bool is_finishing, is_done, is_hurried;
	bool is_lost; /* it did not finish in time; clerk_finish() does not wait again */
};

static void clerk_on_ended(struct child *child, int status);

static void stop_watching(struct clerk *c)
{
	port_stop(&c->port);
	ev_timer_stop(c->loop, &c->gather);
}

/* The socket has ended. In the loop the process is reaped later. */
static void clerk_hang_up(struct clerk *c)
{
	c->is_up = false;
	stop_watching(c);
	link_close(&c->link);
	if (!c->is_finishing)
		child_hung_up(&c->child);
	else if (child_wait(&c->child, killed_s))
		clerk_on_ended(&c->child, c->child.status);
	else
		clerk_on_ended(&c->child, CHILD_GIVEN_UP);
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
	const struct request *r;

	while (c->link.out.len < SEND_AT_ONCE && (r = requests_take(&c->requests)) != NULL)
		clerk_encode_message(c, r);
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
			clerk_hang_up(c);
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
		clerk_hang_up(c);
}

/* ---- requests ---- */

static void clerk_add_message(struct clerk *c, struct request values)
{
	requests_add(&c->requests, &values);
	want_to_send(c);
}

static void add_path(struct clerk *c, enum clerk_request type, const char *path)
{
	if (!c->is_over)
		clerk_add_message(c, (struct request){.type = type, .base = xstrdup(path)});
}

void clerk_reset_dir(struct clerk *c, const char *path)
{
	requests_separate(&c->requests);
	add_path(c, CLERK_RESET, path);
}

void clerk_trash(struct clerk *c, const char *path)
{
	requests_separate(&c->requests);
	add_path(c, CLERK_TRASH, path);
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
		add_path(c, CLERK_SPACE, path);
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

/* ---- beginning ---- */

static void clerk_encode_text(struct clerk *c, enum clerk_request type, const char *text)
{
	size_t start = wire_begin(&c->link.out, (uint8_t)type);

	wire_put_string(&c->link.out, text);
	wire_end(&c->link.out, start);
}

/* Starts a process, which gets the requests that wait. Returns 0 or -1. */
static int clerk_start(struct clerk *c, struct error *err)
{
	struct proc proc;

	if (proc_start("dvs-clerk", "__clerk", &proc, err) < 0)
		return -1;
	c->pid = proc.pid;
	c->started_s = clock_now(clock_real());
	link_done(&c->link);
	link_init(&c->link, proc.fd, 0);
	child_init(&c->child, c->loop, proc.pid, clerk_on_ended);
	port_init(&c->port, c->loop, proc.fd, on_clerk_readable, on_clerk_writable);
	port_want_in(&c->port, true);
	clerk_encode_text(c, CLERK_ROOT, c->root);
	for (size_t i = 0; i < c->groups.n; i++)
		clerk_encode_text(c, CLERK_GROUP, c->groups.at[i]);
	c->is_up = true;
	want_to_send(c);
	return 0;
}

/* ---- a process that died ---- */

static void clerk_sync_itself(struct clerk *c, const char *path)
{
	_cleanup_(closep) int fd = fs_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
	_cleanup_(freep) char *text = NULL;

	if (fd >= 0 && fs_sync_data(fd) == 0)
		return;
	text = xasprintf("%s cannot be synced: %s", path, strerror(errno));
	if (c->problem)
		c->problem(c->ctx, text);
}

/* From now on the owners of files sync them: clerk_is_gone(). */
static void clerk_give_up(struct clerk *c)
{
	const struct request *r;

	c->is_over = true;
	while ((r = requests_take(&c->requests)) != NULL)
		if (r->type == CLERK_SYNC)
			clerk_sync_itself(c, r->base);
	requests_done(&c->requests);
	requests_init(&c->requests);
}

static void clerk_on_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct clerk *c = w->data;
	struct error err = {0};

	(void)loop, (void)revents;
	if (clerk_start(c, &err) < 0) {
		error_done(&err);
		ev_timer_start(c->loop, &c->again);
	}
}

static void clerk_describe_successor(struct clerk *c, struct str *text, pid_t *ret_next)
{
	struct error err = {0};

	*ret_next = 0;
	if (c->n_short >= SHORT_LIVES_MOST) {
		str_printf(text,
			   ", as %u before it: the run goes on without it. No status links "
			   "are made, free space is not watched, and the scheduler itself "
			   "syncs the journal",
			   c->n_short - 1);
	} else if (clerk_start(c, &err) == 0) {
		str_printf(text, "; another one (pid %d) goes on with its work", (int)c->pid);
		*ret_next = c->pid;
	} else {
		str_printf(text, "; another one cannot be started yet: %s", err.msg);
		error_done(&err);
		ev_timer_set(&c->again, again_s, 0);
		ev_timer_start(c->loop, &c->again);
	}
}

static void clerk_on_ended(struct child *child, int status)
{
	struct clerk *c = container_of(child, struct clerk, child);
	_cleanup_(str_done) struct str how = {0}, text = {0};
	struct clerk_end end = {.pid = c->pid};

	if (c->is_done || c->is_lost)
		return;
	if (clock_now(clock_real()) - c->started_s < short_life_s)
		c->n_short++;
	else
		c->n_short = 0;
	child_describe_end(c->pid, status, &how);
	str_printf(&text, "the clerk (pid %d) %s", (int)c->pid, how.s);
	requests_repeat(&c->requests);
	clerk_describe_successor(c, &text, &end.next);
	if (c->problem)
		c->problem(c->ctx, text.s);
	end.how = how.s;
	if (c->died)
		c->died(c->died_ctx, &end);
	if (c->n_short >= SHORT_LIVES_MOST)
		clerk_give_up(c);
}

/* ---- beginning and end ---- */

struct clerk *clerk_new(struct ev_loop *loop, const char *root, clerk_problem *problem, void *ctx,
			struct error *err)
{
	struct clerk *c = xcalloc(1, sizeof(*c));

	c->loop = loop;
	c->root = xstrdup(root);
	c->problem = problem;
	c->trash_s = trash_s;
	c->ctx = ctx;
	requests_init(&c->requests);
	ev_timer_init(&c->gather, on_gathered, 0, 0);
	ev_timer_init(&c->again, clerk_on_again, again_s, 0);
	c->gather.data = c->again.data = c;
	if (clerk_start(c, err) == 0)
		return c;
	free(c->root);
	free(c);
	return NULL;
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

/* Returns false if it shows no sign of life any more. */
static bool clerk_carry_out(struct clerk *c)
{
	while (!c->is_over && !c->is_done) {
		bool has_more = send_some(c);

		if (!c->is_up)
			continue;
		if (!wait_for_socket(c, has_more ? POLLIN | POLLOUT : POLLIN))
			return false;
		if (!clerk_receive_frames(c))
			clerk_hang_up(c);
	}
	return true;
}

/* A process that died while the loop ran: another one, or none. */
static void clerk_bring_up(struct clerk *c)
{
	struct error err = {0};

	ev_timer_stop(c->loop, &c->again);
	if (c->is_up)
		return;
	if (c->child.pid)
		clerk_hang_up(c);
	else if (clerk_start(c, &err) < 0)
		clerk_give_up(c);
	error_done(&err);
}

void clerk_finish(struct clerk *c)
{
	if (c->is_over || c->is_done || c->is_lost)
		return;
	c->is_finishing = true;
	clerk_bring_up(c);
	add_path(c, CLERK_CLOSE, "");
	c->is_lost = !clerk_carry_out(c);
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
	if (c->is_up && c->is_done && !c->is_hurried)
		wait_for_trash(c);
	link_close(&c->link);
	if (c->child.pid == 0)
		return;
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
	requests_done(&c->requests);
	link_done(&c->link);
	for (size_t i = 0; i < c->groups.n; i++)
		free(c->groups.at[i]);
	vec_done(&c->groups);
	free(c->root);
	free(c);
}
