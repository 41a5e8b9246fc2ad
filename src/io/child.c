/* SPDX-License-Identifier: Apache-2.0 */
#include "io/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_stat.h"

/* From SIGKILL until the child is given up. */
static const double give_up_s = 5;
/* How long a child may exist after its socket has closed; and the same without a pidfd. */
static const double linger_s = 1, ask_s = 0.005;

void child_done(struct child *c)
{
	if (!c->loop)
		return;
	port_stop(&c->port);
	ev_timer_stop(c->loop, &c->late);
	closep(&c->pid_fd);
}

/* Never blocks. */
static bool child_reap(struct child *c)
{
	pid_t pid = waitpid(c->pid, &c->status, WNOHANG);

	if (pid == 0 || (pid < 0 && errno != ECHILD))
		return false;
	if (pid < 0)
		c->status = CHILD_UNKNOWN;
	c->pid = 0;
	return true;
}

static bool child_try_reap(struct child *c)
{
	if (c->pid == 0 || !child_reap(c))
		return false;
	child_done(c);
	c->ended(c, c->status);
	return true;
}

static void on_child_ended(struct port *p)
{
	child_try_reap(container_of(p, struct child, port));
}

static void child_set_timer(struct child *c, double after_s)
{
	ev_now_update(c->loop);
	ev_timer_stop(c->loop, &c->late);
	ev_timer_set(&c->late, after_s, 0);
	ev_timer_start(c->loop, &c->late);
}

static void on_child_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct child *c = w->data;

	(void)loop;
	(void)revents;
	if (child_try_reap(c))
		return;
	if (!c->is_killed) {
		child_kill(c);
		return;
	}
	child_done(c);
	c->ended(c, CHILD_GIVEN_UP);
	/* c may be gone */
}

void child_init(struct child *c, struct ev_loop *loop, pid_t pid, child_ended *ended)
{
	*c = (struct child){.loop = loop, .pid = pid, .ended = ended, .pid_fd = -1};
	ev_init(&c->late, on_child_late);
	c->late.data = c;
}

static void child_watch_end(struct child *c)
{
	if (c->pid_fd >= 0)
		return;
	c->pid_fd = proc_open_pidfd(c->pid);
	if (c->pid_fd < 0)
		return;
	port_init(&c->port, c->loop, c->pid_fd, on_child_ended, NULL);
	port_want_in(&c->port, true);
}

void child_hung_up(struct child *c)
{
	if (child_try_reap(c) || c->pid == 0)
		return;
	child_watch_end(c);
	if (!c->is_killed)
		child_set_timer(c, c->pid_fd >= 0 ? linger_s : ask_s);
}

void child_expect_end(struct child *c, double within_s)
{
	if (c->pid && !c->is_killed)
		child_set_timer(c, within_s);
}

void child_expect_nothing(struct child *c)
{
	if (!c->is_killed)
		ev_timer_stop(c->loop, &c->late);
}

void child_kill(struct child *c)
{
	if (c->pid == 0 || c->is_killed)
		return;
	kill(c->pid, SIGKILL);
	c->is_killed = true;
	child_watch_end(c);
	child_set_timer(c, give_up_s);
}

bool child_wait(struct child *c, double most_s)
{
	double until_s = clock_now(clock_real()) + most_s, left_s = most_s;
	int pid_fd = c->pid ? proc_open_pidfd(c->pid) : -1;
	struct pollfd p = {.fd = pid_fd, .events = POLLIN};

	while (c->pid && !child_reap(c) && left_s > 0) {
		poll(&p, 1, pid_fd >= 0 ? (int)(left_s * 1000) + 1 : 5);
		left_s = until_s - clock_now(clock_real());
	}
	closep(&pid_fd);
	return c->pid == 0 || child_reap(c);
}

bool child_wait_while_alive(struct child *c, const struct vigil_limits *limits)
{
	struct vigil_memory m = {0};

	while (!child_wait(c, limits->look_s)) {
		struct vigil_sight sight = vigil_look(c->pid);
		enum vigil_act act = vigil_judge(&m, limits, &sight);

		if (act == VIGIL_CONTINUE)
			kill(c->pid, SIGCONT);
		if (act == VIGIL_KILL)
			return false;
	}
	return true;
}

void child_describe_end(pid_t pid, int status, struct str *to)
{
	struct proc_stat st;

	if (status == CHILD_UNKNOWN)
		str_add(to, "ended, and its exit status is not known");
	else if (status == CHILD_GIVEN_UP)
		str_printf(to, "is still there after SIGKILL (state %c)",
			   proc_stat_read(pid, &st) ? st.state : '?');
	else if (WIFSIGNALED(status))
		str_printf(to, "died: signal %d", WTERMSIG(status));
	else
		str_printf(to, "ended: exit status %d", WEXITSTATUS(status));
}
