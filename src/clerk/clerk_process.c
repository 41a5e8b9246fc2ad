/* SPDX-License-Identifier: Apache-2.0 */
/* The clerk's process as the scheduler sees it: its start, its death, its end. */
#include "clerk/clerk_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"

enum { LOOK_MS = 1000 };
/* A process that dies is replaced, unless it is one of so many in a row that died soon. */
enum { SHORT_LIVES_MOST = 4 };

/* Limits while jobs run. */
static const struct vigil_limits running_limits = {
	.look_s = 0.5,
	.stopped_look_s = 0.2,
	.stopped_looks = 2,
	.continues = 3,
	.warn_s = 60,
	.kill_s = 900,
};
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

/* A process that dies earlier counts as one that died soon. */
static const double short_life_s = 10;
/* Pause until another try, if no process can be started. */
static const double again_s = 0.5;

static void clerk_on_ended(struct child *child, int status);

/* ---- a process that shows no sign of life ---- */

/* Its confirmations are its answers. */
static void clerk_on_ask(struct vigil *v)
{
	(void)v;
}

static void clerk_on_act(struct vigil *v, enum vigil_act act, const struct vigil_sight *sight)
{
	static const char *const what[] = {
		[VIGIL_CONTINUE] = "was stopped, and is continued",
		[VIGIL_WARN] = "shows no sign of life: the journal is not synced, and no status "
			       "links are made",
		[VIGIL_KILL] = "shows no sign of life, and is killed",
	};
	struct clerk *c = container_of(v, struct clerk, vigil);
	_cleanup_(freep) char *text = NULL;

	if (act == VIGIL_GONE)
		return; /* its socket says so, too */
	text = xasprintf("the clerk (pid %d, state %c) %s", (int)c->pid, sight->state, what[act]);
	if (c->problem)
		c->problem(c->ctx, text);
	if (act == VIGIL_CONTINUE)
		kill(c->pid, SIGCONT);
	if (act == VIGIL_KILL) {
		vigil_stop(v);
		child_kill(&c->child);
	}
}

static const struct vigil_ops clerk_vigil = {.ask = clerk_on_ask, .act = clerk_on_act};

/* ---- its start ---- */

/* Starts a process, which gets the requests that wait. Returns 0 or -1. */
static int clerk_start(struct clerk *c, struct error *err)
{
	struct proc proc;

	if (proc_start("dvs-clerk", "__clerk", &proc, err) < 0)
		return -1;
	c->pid = proc.pid;
	c->started_s = clock_now(clock_real());
	child_init(&c->child, c->loop, proc.pid, clerk_on_ended);
	vigil_init(&c->vigil, c->loop, proc.pid, &running_limits, &clerk_vigil);
	clerk_begin_exchange(c, proc.fd);
	return 0;
}

/* ---- a process that died ---- */

/* In the loop the process is reaped later. */
static void clerk_hang_up(struct clerk *c)
{
	clerk_end_exchange(c);
	if (!c->is_finishing)
		child_hung_up(&c->child);
	else if (child_wait(&c->child, killed_s))
		clerk_on_ended(&c->child, c->child.status);
	else
		clerk_on_ended(&c->child, CHILD_GIVEN_UP);
}

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
	} else if (c->is_finishing) {
		str_printf(text,
			   ", and another one cannot be started (%s): status links may be "
			   "missing",
			   err.msg);
		error_done(&err);
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

	if (c->is_up) /* it hangs in the kernel and was given up */
		clerk_end_exchange(c);
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
	if (c->n_short >= SHORT_LIVES_MOST || (c->is_finishing && !c->is_up))
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
	c->hung_up = clerk_hang_up;
	clerk_init_exchange(c);
	ev_timer_init(&c->again, clerk_on_again, again_s, 0);
	c->again.data = c;
	if (clerk_start(c, err) == 0)
		return c;
	if (errno_is_shortage(err->errnum)) {
		error_done(err);
		ev_timer_start(c->loop, &c->again);
		return c;
	}
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
	static const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	struct vigil_memory m = {0};
	int n;

	while ((n = poll(&p, 1, LOOK_MS)) == 0 || (n < 0 && errno == EINTR))
		if (n == 0 && !look_after(c, &m))
			return false;
	if (n < 0) /* the kernel is out of memory: the caller asks the socket itself */
		nanosleep(&pause, NULL);
	return true;
}

/* Returns false if it shows no sign of life any more. */
static bool clerk_carry_out(struct clerk *c)
{
	while (!c->is_over && !c->is_done) {
		bool has_more = clerk_send_some(c);

		if (!c->is_up)
			continue;
		if (!wait_for_socket(c, has_more ? POLLIN | POLLOUT : POLLIN))
			return false;
		if (!clerk_receive_frames(c))
			clerk_hang_up(c);
	}
	return true;
}

static void clerk_miss(struct clerk *c, const struct error *err)
{
	_cleanup_(freep) char *text = xasprintf(
		"the clerk cannot be started (%s): status links are missing", err->msg);

	if (c->problem)
		c->problem(c->ctx, text);
	clerk_give_up(c);
}

/* There is none, or it died while the loop ran: another one, or none. */
static void clerk_bring_up(struct clerk *c)
{
	struct error err = {0};

	ev_timer_stop(c->loop, &c->again);
	if (c->is_up)
		return;
	if (c->child.pid)
		clerk_hang_up(c);
	else if (clerk_start(c, &err) < 0)
		clerk_miss(c, &err);
	error_done(&err);
}

void clerk_finish(struct clerk *c)
{
	if (c->is_over || c->is_done || c->is_lost)
		return;
	c->is_finishing = true;
	vigil_stop(&c->vigil);
	clerk_bring_up(c);
	clerk_add_path(c, CLERK_CLOSE, "");
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
	clerk_stop_watching(c);
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
