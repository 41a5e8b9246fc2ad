/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run is stopped, as by Ctrl-Z, and its jobs with it. TSTP is sent first, because programs may
 * handle it: one that holds a licence gives it back, a nested dvsched pauses its own jobs. Its
 * default action does nothing here, because no shell controls a job's session. So STOP follows,
 * repeated until all have stopped, because a process that is forked meanwhile is not in the tree
 * that was read.
 */
#include <math.h>
#include <signal.h>

#include "base/clock.h"
#include "exec/slot_host.h"

static const double term_stop_s = 0.1, first_round_s = 0.002, last_round_s = 0.05;
enum { ROUNDS_MOST = 100 }; /* a process that has not stopped by then hangs in the kernel */

static double slot_pause_now_s(void)
{
	return clock_now(clock_real());
}

/* Kept daemons work for jobs, so they are stopped with them. */
static void signal_all(struct slot_host *h, int signum)
{
	proc_tree_read(&h->tree, NULL, NULL);
	proc_tree_signal(&h->tree, signum);
}

static void begin_pause(struct slot_host *h)
{
	h->pause = (struct slot_pause){.is_on = true, .since_s = slot_pause_now_s()};
	signal_all(h, SIGTSTP);
	h->pause.next_round_s = h->pause.since_s + (h->tree.n ? term_stop_s : INFINITY);
}

static void end_pause(struct slot_host *h)
{
	h->pause.is_on = false;
	clock_real_skip(slot_pause_now_s() - h->pause.since_s);
	signal_all(h, SIGCONT);
}

void slot_host_pause(struct slot_host *h, bool is_paused)
{
	if (h->pause.is_on == is_paused)
		return;
	if (is_paused)
		begin_pause(h);
	else
		end_pause(h);
}

void slot_host_pause_step(struct slot_host *h)
{
	struct slot_pause *p = &h->pause;
	double now = slot_pause_now_s();

	if (now < p->next_round_s)
		return;
	signal_all(h, SIGSTOP);
	if (proc_tree_is_stopped(&h->tree) || ++p->n_rounds == ROUNDS_MOST)
		p->next_round_s = INFINITY;
	else
		p->next_round_s = now + fmin(first_round_s * p->n_rounds, last_round_s);
}
