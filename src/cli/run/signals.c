/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/term_mode.h"
#include "cli/load/load.h"
#include "cli/load/outcome.h"
#include "cli/run/guard.h"
#include "config/config.h"
#include "printers/printers.h"

/* All jobs that wait are killed within one turn of the loop: the printer is paused so long. */
static const double storm_s = 0.2;

static const int stop_signals[SIGNALS_STOP] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static bool is_stop_signal(int signum)
{
	for (unsigned i = 0; i < SIGNALS_STOP; i++)
		if (stop_signals[i] == signum)
			return true;
	return false;
}

/* Without a core file, since the program ends as requested. May be called in a signal handler. */
static _noreturn_ void die_of(int signum)
{
	sigset_t only;

	prctl(PR_SET_DUMPABLE, 0);
	signal(signum, SIG_DFL);
	raise(signum);
	sigemptyset(&only);
	sigaddset(&only, signum);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	_exit(EXIT_BY_SIGNAL + signum); /* the init process of a container ignores it */
}

int signals_leave(int exit_code)
{
	int signum = exit_code - EXIT_BY_SIGNAL;

	if (!is_stop_signal(signum))
		return exit_code;
	fflush(NULL);
	die_of(signum);
}

static void on_early(int signum)
{
	cfg_interrupt();
	die_of(signum);
}

/* For warnings of batch systems before a limit. A handler, since children would inherit SIG_IGN. */
static void on_nothing(int signum)
{
	(void)signum;
}

void signals_before_run(void)
{
	static const int warnings[] = {SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU};
	struct sigaction action = {.sa_handler = on_early};

	sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < SIGNALS_STOP; i++)
		if (!proc_ignores(stop_signals[i]))
			sigaction(stop_signals[i], &action, NULL);
	action.sa_handler = on_nothing;
	action.sa_flags = SA_RESTART;
	for (size_t i = 0; i < ARRAY_LEN(warnings); i++)
		sigaction(warnings[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* `ulimit -f`: write() fails with EFBIG instead */
}

static void on_calm(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct signals *s = w->data;

	(void)loop;
	(void)revents;
	if (s->printer)
		printer_pause(s->printer, false);
}

static void pause_printer(struct signals *s)
{
	if (!s->printer)
		return;
	printer_pause(s->printer, true);
	ev_timer_stop(s->loop, &s->calm);
	ev_timer_set(&s->calm, storm_s, 0);
	ev_timer_start(s->loop, &s->calm);
}

static void stop_run(struct signals *s, int signum, enum stop_from from)
{
	unsigned n;

	if (!stop_requests_add(&s->requests, signum, from, clock_now(clock_real())))
		return;
	n = s->requests.n;
	if (!s->sched || n > 2) {
		term_mode_rescue();
		exit(signals_leave(outcome_shell_code(s->args, EXIT_BY_SIGNAL + signum)));
	}
	pause_printer(s);
	if (n == 1)
		log_warning("%s: stopping; jobs get TERM, then KILL after the grace; once more: "
			    "KILL now",
			    strsignal(signum));
	sched_stop(s->sched, n == 1 ? STOP_TERM : STOP_KILL, REASON_USER, signum);
}

void signals_unread(struct signals *s)
{
	if (!s->sched || s->requests.n ||
	    !stop_requests_add(&s->requests, SIGPIPE, STOP_DIRECT, clock_now(clock_real())))
		return;
	pause_printer(s);
	log_warning("the reader of the command's output is gone: stopping");
	sched_stop(s->sched, STOP_TERM, REASON_USER, SIGPIPE);
}

static void on_passed_on(struct signals *s, int signum)
{
	guard_show_life(s->guard_fd);
	stop_run(s, signum, STOP_PASSED_ON);
}

static void on_stop(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	stop_run(w->data, w->signum, STOP_DIRECT);
}

/* Subtracts the stopped time from the clock and from the timers of the loop. */
static void stop_process(struct signals *s, bool whole_group)
{
	double before_s = clock_now(clock_real());

	ev_suspend(s->loop);
	proc_stop(whole_group);
	clock_real_skip(clock_now(clock_real()) - before_s);
	ev_resume(s->loop);
}

/* Drops a second SIGTSTP from before the stop: the guardian passes on signals that were sent to
 * both processes. */
static void forget_suspend(struct signals *s)
{
	ev_feed_signal_event(s->loop, SIGTSTP);
	ev_clear_pending(s->loop, &s->suspend);
}

void signals_suspend(struct signals *s, bool whole_group)
{
	s->client.suspend(s->client.ctx, true);
	stop_process(s, whole_group);
	forget_suspend(s);
	s->client.suspend(s->client.ctx, false);
}

static void on_suspend_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct signals *s = w->data;

	(void)loop;
	(void)revents;
	signals_suspend(s, false);
}

static void on_alive(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct signals *s = w->data;

	(void)loop;
	(void)revents;
	guard_show_life(s->guard_fd);
}

/* A deadline that came while the configuration was read is handled here, too. */
static void on_deadline(struct signals *s)
{
	if (s->is_past_deadline)
		return;
	s->is_past_deadline = true;
	log_warning(
		"run deadline reached: no further jobs start except needs_any and finally jobs");
	guard_show_life(s->guard_fd);
	ev_timer_start(s->loop, &s->alive);
	sched_stop(s->sched, STOP_DEADLINE, REASON_RUN_DEADLINE, 0);
}

static void on_guard(struct port *p)
{
	struct signals *s = container_of(p, struct signals, guard);
	int word;
	ssize_t n = guard_read(s->guard_fd, &word);

	if (n == 0 || (n < 0 && port_is_end(n, errno)))
		guard_end_run();
	if (word == GUARD_DEADLINE)
		on_deadline(s);
	else if (is_stop_signal(word))
		on_passed_on(s, word);
}

void signals_start(struct signals *s, struct ev_loop *loop, const struct args *args,
		   const struct signals_client *client)
{
	*s = (struct signals){.loop = loop, .args = args, .client = *client, .guard_fd = -1};
	for (unsigned i = 0; i < SIGNALS_STOP; i++) {
		ev_signal_init(&s->stop[i], on_stop, stop_signals[i]);
		s->stop[i].data = s;
		if (!proc_ignores(stop_signals[i]))
			ev_signal_start(loop, &s->stop[i]);
	}
	ev_signal_init(&s->suspend, on_suspend_signal, SIGTSTP);
	s->suspend.data = s;
	if (!proc_ignores(SIGTSTP)) /* a shell without job control */
		ev_signal_start(loop, &s->suspend);
	ev_timer_init(&s->alive, on_alive, 1, 1);
	s->alive.data = s;
	ev_init(&s->calm, on_calm);
	s->calm.data = s;
}

void signals_attach(struct signals *s, struct sched *sched, struct observer *printer, int guard_fd)
{
	s->sched = sched;
	s->printer = printer;
	if (s->guard_fd >= 0)
		return;
	s->guard_fd = guard_fd;
	port_init(&s->guard, s->loop, guard_fd, on_guard, NULL);
	port_want_in(&s->guard, true);
}

void signals_stop(struct signals *s)
{
	for (unsigned i = 0; i < SIGNALS_STOP; i++)
		ev_signal_stop(s->loop, &s->stop[i]);
	ev_signal_stop(s->loop, &s->suspend);
	port_stop(&s->guard);
	ev_timer_stop(s->loop, &s->alive);
	ev_timer_stop(s->loop, &s->calm);
}
