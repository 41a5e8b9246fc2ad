/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a worker's process, in the scheduler: an event, never waited for. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc_tree.h"
#include "device/leftovers/leftovers.h"
#include "device/worker/parts.h"
#include "judge/verdict_text.h"

enum { FREE_PATIENCE_MS = 2000 };

/* From SIGKILL until the process is given up. */
static const double give_up_s = 5;

void worker_forget_process(struct device_worker *w)
{
	port_stop(&w->port);
	port_stop(&w->end);
	ev_timer_stop(w->loop, &w->late);
	link_close(&w->link);
	closep(&w->pid_fd);
}

void worker_kill_group(const struct device_worker *w)
{
	kill(-w->pid, SIGKILL);
	kill(w->pid, SIGKILL);
}

/* Until it is reaped, no other process can have its pid or process group. So the group is killed
 * first. */
static bool worker_reap(struct device_worker *w, int *ret_status)
{
	siginfo_t end = {0};
	int rc = waitid(P_PID, (id_t)w->pid, &end, WEXITED | WNOHANG | WNOWAIT);

	*ret_status = 0;
	if (rc == 0 && end.si_pid == 0)
		return false;
	if (rc < 0 && errno != ECHILD) /* ECHILD: another part of this process reaped it */
		return false;
	if (rc == 0)
		kill(-w->pid, SIGKILL);
	waitpid(w->pid, ret_status, WNOHANG);
	w->pid = 0;
	return true;
}

/* "in finish() for 3.2s" */
static void add_last_call(const struct device_worker *w, struct str *to)
{
	enum driver_call call = (enum driver_call)atomic_load(&w->board->call);
	uint64_t since = atomic_load(&w->board->call_since_ns), now = board_now_ns();

	if (call == CALL_NONE)
		return;
	str_printf(to, " in %s()", board_call_name(call));
	if (w->is_killed && now > since) {
		str_add(to, " for ");
		duration_add(to, (double)(now - since) * 1e-9);
	}
}

static void tell_end(const struct device_worker *w, pid_t pid, int status, struct str *to)
{
	str_printf(to, "the worker for device %d (%s, pid %d) ", w->options->device,
		   w->options->driver, (int)pid);
	if (WIFSIGNALED(status) && w->is_killed)
		str_add(to, "was killed");
	else if (WIFSIGNALED(status))
		str_printf(to, "died of signal %d (%s)", WTERMSIG(status),
			   verdict_signal_name(WTERMSIG(status)));
	else
		str_printf(to, "ended with exit status %d", WEXITSTATUS(status));
	add_last_call(w, to);
}

/* If the run had reported its cause, that is the result; the death only adds to its message. */
static void end_by_cause(struct device_worker *w, const char *why)
{
	_cleanup_(str_done) struct str message = {0};
	struct job_outcome verdict = {0};
	struct device_result r;
	struct wire wire;

	if (w->cause.len == 0)
		return;
	wire = (struct wire){w->cause.s, w->cause.s + w->cause.len, true};
	if (device_take_result(&wire, &r, &verdict)) {
		str_printf(&message, "%s; then %s", r.verdict.message ? r.verdict.message : "",
			   why);
		r.verdict.message = message.s;
		r.is_spent = true;
		w->handler->ended(w, w->ctx, &r);
	}
	job_outcome_done(&verdict);
}

static void report_death(struct device_worker *w, int status, const char *why)
{
	bool had_run = w->state == WORKER_RUNS;

	w->state = WORKER_ENDING;
	worker_forget_process(w);
	if (w->options->state_dir)
		leftovers_sweep(w->options->state_dir);
	if (had_run)
		end_by_cause(w, why);
	w->handler->died(w, w->ctx, status, why);
}

bool worker_try_reap(struct device_worker *w)
{
	_cleanup_(str_done) struct str why = {0};
	pid_t pid = w->pid;
	int status;

	if (!worker_reap(w, &status))
		return false;
	tell_end(w, pid, status, &why);
	report_death(w, status, why.s);
	return true;
}

void worker_expect_end(struct device_worker *w, double within_s)
{
	ev_now_update(w->loop);
	ev_timer_stop(w->loop, &w->late);
	ev_timer_set(&w->late, within_s, 0);
	ev_timer_start(w->loop, &w->late);
}

void worker_expect_death(struct device_worker *w)
{
	worker_expect_end(w, give_up_s);
}

/* The process survived SIGKILL: it is left to the kernel. */
static void worker_give_up(struct device_worker *w)
{
	_cleanup_(str_done) struct str why = {0};
	struct proc_stat st;

	str_printf(&why, "the worker for device %d (%s, pid %d) is still there after SIGKILL",
		   w->options->device, w->options->driver, (int)w->pid);
	if (proc_stat_read(w->pid, &st))
		str_printf(&why, ", state %c", st.state);
	add_last_call(w, &why);
	report_death(w, -1, why.s);
}

void worker_on_late(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct device_worker *w = timer->data;

	(void)loop;
	(void)revents;
	if (worker_try_reap(w))
		return;
	if (w->is_killed)
		worker_give_up(w);
	else
		device_worker_kill(w);
}

void worker_wait_for_end(struct device_worker *w)
{
	struct pollfd p = {.fd = w->pid_fd, .events = POLLIN};
	int status, left_ms = FREE_PATIENCE_MS;

	while (!worker_reap(w, &status) && left_ms > 0) {
		poll(&p, 1, p.fd >= 0 ? left_ms : 5);
		left_ms -= p.fd >= 0 ? left_ms : 5;
	}
	if (w->pid)
		worker_reap(w, &status);
}
