/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "cli/deadline.h"
#include "cli/load.h"
#include "config/config.h"
#include "printers/printers.h"

/* What cannot be launched any more is killed within one turn of the loop: drawing waits for that.
 */
static const double storm_s = 0.2;

static const int stop_signals[SIGNALS_STOP] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void on_early(int signum)
{
	cfg_interrupt();
	signal(signum, SIG_DFL);
	raise(signum);
}

void signals_before_run(void)
{
	struct sigaction action = {.sa_handler = on_early};

	sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < SIGNALS_STOP; i++)
		if (!proc_ignores(stop_signals[i]))
			sigaction(stop_signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* `ulimit -f`: EFBIG, as a full disk gives ENOSPC */
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

static void stop_run(struct signals *s, int signum)
{
	if (!s->signum)
		s->signum = signum;
	s->n++;
	if (!s->sched || s->n > 2)
		exit(EXIT_BY_SIGNAL + signum);
	pause_printer(s);
	if (s->n == 1)
		log_warning("%s: stopping; jobs get TERM, then KILL after the grace; once more: "
			    "KILL now",
			    strsignal(signum));
	sched_stop(s->sched, s->n == 1 ? STOP_TERM : STOP_KILL, REASON_USER, signum);
}

static void on_stop(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	stop_run(w->data, w->signum);
}

static void on_alive(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct signals *s = w->data;

	(void)loop;
	(void)revents;
	deadline_tell_alive(s->deadline_fd);
}

static void on_deadline(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct signals *s = w->data;

	(void)revents;
	if (s->is_past_deadline || !s->sched)
		return;
	s->is_past_deadline = true;
	log_warning("run deadline: stopping; what needs any of what is there still runs");
	deadline_tell_alive(s->deadline_fd);
	ev_timer_start(loop, &s->alive);
	sched_stop(s->sched, STOP_DEADLINE, REASON_RUN_DEADLINE, 0);
}

void signals_start(struct signals *s, struct ev_loop *loop)
{
	*s = (struct signals){.loop = loop, .deadline_fd = -1};
	for (unsigned i = 0; i < SIGNALS_STOP; i++) {
		ev_signal_init(&s->stop[i], on_stop, stop_signals[i]);
		s->stop[i].data = s;
		if (!proc_ignores(stop_signals[i]))
			ev_signal_start(loop, &s->stop[i]);
	}
	ev_signal_init(&s->deadline, on_deadline, SIGUSR1);
	s->deadline.data = s;
	ev_signal_start(loop, &s->deadline);
	ev_timer_init(&s->alive, on_alive, 1, 1);
	s->alive.data = s;
	ev_init(&s->calm, on_calm);
	s->calm.data = s;
}

/* Blocked since deadline_split(): one that came while the configuration was read counts from here.
 */
static void let_deadline_in(void)
{
	sigset_t deadline;

	sigemptyset(&deadline);
	sigaddset(&deadline, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &deadline, NULL);
}

void signals_attach(struct signals *s, struct sched *sched, struct observer *printer,
		    int deadline_fd)
{
	s->sched = sched;
	s->printer = printer;
	s->deadline_fd = deadline_fd;
	let_deadline_in();
}

void signals_stop(struct signals *s)
{
	for (unsigned i = 0; i < SIGNALS_STOP; i++)
		ev_signal_stop(s->loop, &s->stop[i]);
	ev_signal_stop(s->loop, &s->deadline);
	ev_timer_stop(s->loop, &s->alive);
	ev_timer_stop(s->loop, &s->calm);
}
