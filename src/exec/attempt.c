/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of an attempt: launch, deadline, leaks, the kill ladder. */
#include "exec/attempt.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exec/attempt_parts.h"
#include "exec/log_pace.h"

/* How long processes that a job leaves may take to end by themselves. */
static const double leak_wait_s = 0.1;
/* After KILL: how long until it is called unkillable, and between two rounds of killing. */
static const double give_up_s = 5, first_round_s = 0.002, last_round_s = 0.05;
/* Of starts that fail for a shortage: pauses between two tries, and when the job fails. */
static const double launch_pause_s = 0.05, launch_pause_most_s = 1, launch_give_up_s = 300;
/* Bytes of ask.needs that are kept for the next attempt. */
enum { NEEDS_KEPT = 1 << 20 };

static double attempt_now_s(void)
{
	return clock_now(clock_real());
}

void attempt_init(struct attempt *a, struct slot_host *host)
{
	*a = (struct attempt){.host = host, .odir = -1, .log.fd = -1, .shown.due_s = INFINITY};
	pty_init(&a->pty);
	cgroup_job_init(&a->cgroup);
}

void attempt_clear(struct attempt *a)
{
	struct attempt_ask *ask = &a->ask;

	closep(&a->odir);
	pty_close(&a->pty);
	cgroup_job_end(&a->cgroup);
	job_log_close(&a->log);
	slot_run_done(&ask->run);
	str_clear(&ask->needs);
	if (ask->needs.cap > NEEDS_KEPT)
		str_done(&ask->needs);
	for (size_t i = 0; i < ask->own_strings.n; i++)
		free(ask->own_strings.at[i]);
	vec_done(&ask->own_strings);
	job_outcome_done(&a->outcome);
	a->phase = ATTEMPT_NONE;
}

/* ---- the kill ladder ---- */

static void attempt_kill_round(struct attempt *a)
{
	cgroup_job_kill(&a->cgroup);
	attempt_signal(a, SIGKILL);
	a->clocks.phase_at = attempt_now_s() + a->clocks.pause_s;
	a->clocks.pause_s = fmin(a->clocks.pause_s * 2, last_round_s);
}

static void attempt_enter_kill(struct attempt *a)
{
	if (a->phase == ATTEMPT_KILL)
		return;
	attempt_keep_daemons(a);
	a->phase = ATTEMPT_KILL;
	a->clocks.deadline_at = a->clocks.look_at = INFINITY;
	a->clocks.give_up_at = attempt_now_s() + give_up_s;
	a->clocks.pause_s = first_round_s;
	attempt_kill_round(a);
}

/* A stopped process handles TERM only after CONT. */
static void attempt_enter_term(struct attempt *a)
{
	double grace_s = a->ask.rules->job.grace_s < 0 ? a->host->grace_s
						       : a->ask.rules->job.grace_s;

	if (grace_s <= 0) {
		attempt_enter_kill(a);
		return;
	}
	attempt_keep_daemons(a);
	a->phase = ATTEMPT_TERM;
	a->clocks.deadline_at = INFINITY;
	a->clocks.phase_at = attempt_now_s() + grace_s;
	attempt_signal(a, SIGTERM);
	proc_tree_signal(&a->host->tree, SIGCONT);
}

static void attempt_give_up(struct attempt *a)
{
	struct attempt_end *end = &a->end;

	attempt_describe_left(a, true, &end->stuck);
	if (end->stuck.len == 0)
		str_add(&end->stuck, "its end cannot be waited for");
	end->ending.stuck = end->stuck.s;
	attempt_finish(a);
}

static void attempt_enter_leak(struct attempt *a)
{
	attempt_keep_daemons(a);
	if (attempt_reap(a)) {
		attempt_finish(a);
		return;
	}
	a->phase = ATTEMPT_LEAKS;
	a->clocks.deadline_at = INFINITY;
	a->clocks.phase_at = attempt_now_s() + leak_wait_s;
}

static void attempt_kill_leaked(struct attempt *a)
{
	struct attempt_end *end = &a->end;

	attempt_keep_daemons(a);
	attempt_describe_left(a, false, &end->leaked);
	if (end->leaked.len)
		end->ending.leaked = end->leaked.s;
	attempt_enter_kill(a);
}

void attempt_kill(struct attempt *a, bool now, enum job_reason reason)
{
	struct error err = {0};

	slot_host_pause(a->host, false);
	if (a->phase == ATTEMPT_RETRY_LAUNCH) {
		error_plain(&err, "killed before it could be started");
		attempt_end_unstarted(a, JOB_KILLED, reason, &err);
		return;
	}
	attempt_step(a); /* a job that has ended by now has ended by itself */
	if (a->phase == ATTEMPT_NONE || a->phase == ATTEMPT_OVER)
		return;
	if (!a->procs.leader_is_gone && !ending_is_decided(&a->end.ending)) {
		a->end.ending.was_killed = true;
		a->end.ending.kill_reason = reason;
	}
	if (now)
		attempt_enter_kill(a);
	else if (a->phase == ATTEMPT_RUNS)
		attempt_enter_term(a);
}

void attempt_continue(struct attempt *a)
{
	if (a->phase == ATTEMPT_RUNS && attempt_on_terminal(a) && !a->procs.leader_is_gone)
		kill(-a->procs.leader, SIGCONT);
}

/* ---- launch ---- */

static void attempt_run(struct attempt *a, const struct attempt_launch *l)
{
	const struct job_rules *job = &a->ask.rules->job;

	a->procs.leader = l->pid;
	a->procs.leader_is_gone = false;
	a->procs.started_s = l->started_s;
	a->phase = ATTEMPT_RUNS;
	a->clocks = (struct attempt_clocks){
		.deadline_at = INFINITY,
		.phase_at = INFINITY,
		.give_up_at = INFINITY,
		.pause_s = log_pace(0, 0, INFINITY),
	};
	/* The user at the terminal decides how long an interactive job takes. */
	if (job->timeout_s > 0 && !job->is_interactive)
		a->clocks.deadline_at = l->started_s + job->timeout_s;
	a->clocks.look_at = l->started_s + a->clocks.pause_s;
	a->outcome.result.pid = l->pid;
	a->outcome.result.start_wall_s = l->started_wall_s;
	attempt_show_begin(a);
	attempt_watch_begin(a);
	slot_host_note_oom(a->host, l->started_s);
}

/* err says what is short; it is freed. */
static void attempt_launch_later(struct attempt *a, struct error *err)
{
	struct attempt_clocks *c = &a->clocks;

	if (a->phase != ATTEMPT_RETRY_LAUNCH) {
		a->phase = ATTEMPT_RETRY_LAUNCH;
		*c = (struct attempt_clocks){
			.deadline_at = INFINITY,
			.look_at = INFINITY,
			.give_up_at = attempt_now_s() + launch_give_up_s,
			.pause_s = launch_pause_s,
		};
	}
	if (attempt_now_s() >= c->give_up_at) {
		attempt_end_unstarted(a, JOB_FAILED, REASON_LAUNCH, err);
		return;
	}
	a->news.shortage = err->errnum;
	error_done(err);
	c->phase_at = attempt_now_s() + c->pause_s;
	c->pause_s = fmin(c->pause_s * 2, launch_pause_most_s);
}

static void attempt_fail_start(struct attempt *a, struct error *err)
{
	if (errno_is_shortage(err->errnum))
		attempt_launch_later(a, err);
	else
		attempt_end_unstarted(a, JOB_FAILED, REASON_LAUNCH, err);
}

static void attempt_try_launch(struct attempt *a)
{
	struct attempt_launch l = {0};

	switch (attempt_launch(a, &l)) {
	case LAUNCH_RUNS:
		attempt_run(a, &l);
		break;
	case LAUNCH_LATER:
		error_sys(&l.err, l.errnum, "no process can be made for it");
		attempt_launch_later(a, &l.err);
		break;
	case LAUNCH_REFUSED:
		attempt_refuse(a, l.exit_status, l.why.s);
		break;
	case LAUNCH_FAILED:
		attempt_fail_start(a, &l.err);
		break;
	}
	str_done(&l.why);
}

/* A shortage slows the run, it does not fail the job. */
static void attempt_try_start(struct attempt *a)
{
	struct error err = {0};

	if (!a->ask.is_prepared) {
		if (attempt_prepare(a, &err) < 0) {
			attempt_fail_start(a, &err);
			return;
		}
		a->ask.is_prepared = true;
		attempt_cgroup_begin(a);
	}
	attempt_try_launch(a);
}

static int attempt_take(struct attempt *a, struct shared_rules *rules, const struct wire *w,
			struct error *err)
{
	struct attempt_ask *ask = &a->ask;
	struct wire copy;

	/* Later frames move the buffer that w reads from. */
	str_clear(&ask->frame);
	str_addn(&ask->frame, w->at, (size_t)(w->end - w->at));
	copy = (struct wire){ask->frame.s, ask->frame.s + ask->frame.len, true};
	if (!slot_take_run(&copy, &ask->run))
		return error_plain(err, "the slot was sent a job that it cannot read");
	ask->rules = &rules[ask->run.start.rules];
	if (ask->rules->job.is_dry_run) /* `make -n` only prints what it would do */
		ask->run.steps = (struct job_steps){0};
	return 0;
}

void attempt_start(struct attempt *a, struct shared_rules *rules, struct wire *w)
{
	struct error err = {0};

	a->end.ending = (struct ending){.exit_status = -1}; /* until the leader was reaped */
	a->procs = (struct attempt_procs){.reap_at = INFINITY, .reap_since_s = INFINITY};
	a->news = (struct attempt_news){0};
	a->watch.peak_bytes = 0;
	*a->host->ending_signals = 0;
	a->ask.is_prepared = a->ask.has_odir = false;
	if (attempt_take(a, rules, w, &err) < 0)
		attempt_end_unstarted(a, JOB_FAILED, REASON_LAUNCH, &err);
	else
		attempt_try_start(a);
}

/* ---- what is due ---- */

static void attempt_time_out(struct attempt *a)
{
	a->end.ending.is_timeout = true;
	a->end.ending.timeout_s = a->ask.rules->job.timeout_s;
	attempt_enter_term(a);
}

/* Does the verdict depend on the size or the content of the log? */
static bool attempt_wants_looks(const struct attempt *a)
{
	const struct job_rules *job = &a->ask.rules->job;

	return job->max_log_bytes || job->pass_patterns.n || job->fail_patterns.n;
}

/* Checks the size of the log against its limit; its growth decides when to look again. */
static void attempt_look(struct attempt *a, double now)
{
	uint64_t most = a->ask.rules->job.max_log_bytes;
	off_t was = a->log.size;

	job_log_look(&a->log);
	if (job_log_is_over(&a->log, most)) {
		a->end.ending.flood_bytes = most;
		attempt_enter_kill(a);
		return;
	}
	a->clocks.pause_s = log_pace(a->clocks.pause_s, (double)(a->log.size - was),
				     most ? (double)most - (double)a->log.size : INFINITY);
	a->clocks.look_at = now + a->clocks.pause_s;
}

/* Until the end of its grace a job that takes too much may take the whole machine. */
static void attempt_check_limits(struct attempt *a, double now)
{
	enum job_reason reason;

	if (!attempt_watch(a, now))
		return;
	reason = a->end.ending.over.reason;
	if (reason == REASON_MEMORY_LIMIT || reason == REASON_PROCESS_LIMIT)
		attempt_enter_kill(a);
	else
		attempt_enter_term(a);
}

static void attempt_do_phase(struct attempt *a)
{
	switch (a->phase) {
	case ATTEMPT_RETRY_LAUNCH:
		attempt_try_start(a);
		break;
	case ATTEMPT_LEAKS:
		attempt_kill_leaked(a);
		break;
	case ATTEMPT_TERM:
		attempt_enter_kill(a);
		break;
	case ATTEMPT_KILL:
		if (attempt_now_s() >= a->clocks.give_up_at)
			attempt_give_up(a);
		else
			attempt_kill_round(a);
		break;
	case ATTEMPT_NONE:
	case ATTEMPT_RUNS:
	case ATTEMPT_OVER:
		break;
	}
}

void attempt_step(struct attempt *a)
{
	bool is_empty = a->phase != ATTEMPT_RETRY_LAUNCH && attempt_reap(a);
	double now;

	if (a->host->pause.is_on)
		slot_host_pause_step(a->host);
	if (a->phase == ATTEMPT_NONE || a->phase == ATTEMPT_OVER)
		return;
	if (is_empty) {
		attempt_finish(a);
		return;
	}
	if (a->host->pause.is_on)
		return;
	if (a->phase == ATTEMPT_RUNS && a->procs.leader_is_gone) {
		attempt_enter_leak(a);
		return;
	}
	now = attempt_now_s();
	attempt_show(a, now);
	if (now >= a->procs.reap_since_s + give_up_s && a->phase != ATTEMPT_KILL)
		attempt_enter_kill(a);
	else if (now >= a->clocks.deadline_at && a->phase == ATTEMPT_RUNS)
		attempt_time_out(a);
	else if (now >= a->clocks.phase_at)
		attempt_do_phase(a);
	else if (now >= a->clocks.look_at && a->phase == ATTEMPT_RUNS)
		attempt_look(a, now);
	else if (now >= a->clocks.watch_at && a->phase == ATTEMPT_RUNS)
		attempt_check_limits(a, now);
}

double attempt_wake_at(const struct attempt *a)
{
	bool runs = a->phase == ATTEMPT_RUNS, looks = runs && attempt_wants_looks(a);

	if (a->host->pause.is_on)
		return a->host->pause.next_round_s;
	if (a->phase == ATTEMPT_OVER)
		return a->shown.is_blocked ? INFINITY : a->shown.due_s;
	if (a->phase == ATTEMPT_NONE)
		return INFINITY;
	return fmin(fmin(fmin(a->clocks.deadline_at, a->clocks.phase_at), a->shown.due_s),
		    fmin(fmin(a->procs.reap_at, looks ? a->clocks.look_at : INFINITY),
			 runs ? a->clocks.watch_at : INFINITY));
}
