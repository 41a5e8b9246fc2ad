/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time that a run spends, and the inner watchdog, which simulates the idle counter of a real chip.
 *
 * The rule "idle" ends a rank that made no progress for the given time, even if it waits for a slow
 * peer. The rule "evidence" ends only a rank whose own work makes no progress. A real chip makes
 * progress while it computes, so a late wake-up of this thread must not end a run.
 */

#include "drivers/sim/codes.h"
#include "drivers/sim/run.h"

/* Interval of progress reports. */
static const uint64_t tick_ns = 20000000;

void sim_tell(struct sim_run *run, enum sim_doing doing, uint64_t done, uint64_t total)
{
	atomic_store(&run->doing, doing);
	run->sim->host.progress(run->sim->host.user, done, total, (int32_t)doing);
}

static void tell_progress(struct sim_run *run, enum sim_doing doing, double part)
{
	uint64_t at = atomic_load(&run->at);

	atomic_store(&run->progress_ns, sim_now_ns());
	sim_tell(run, doing, at * 1000 + (uint64_t)(part * 1000), run->program.n * 1000);
}

/* 0: within the limits; check again at *ret_next_ns (0: no need). */
static int32_t wait_watch(const struct sim_run *run, uint64_t now_ns, uint64_t *ret_next_ns)
{
	const struct sim_watch_rule *w = &run->sim->options.watch;
	bool is_suspect = !w->by_evidence || atomic_load(&run->doing) == SIM_WORKS;
	uint64_t idle_end = atomic_load(&run->progress_ns) + w->idle_ns;
	uint64_t sync_end = atomic_load(&run->launched_ns) + w->sync_ns;

	*ret_next_ns = 0;
	if (w->idle_ns && is_suspect) {
		if (now_ns >= idle_end)
			return SIM_LATCHED_STALL;
		*ret_next_ns = idle_end;
	}
	if (w->sync_ns) {
		if (now_ns >= sync_end)
			return SIM_SYNC_LATE;
		if (!*ret_next_ns || sync_end < *ret_next_ns)
			*ret_next_ns = sync_end;
	}
	return 0;
}

static const char *doing_name(const struct sim_run *run)
{
	static const char *const names[] = {"while it was idle", "in its own work",
					    "while it waited for peers"};

	return names[atomic_load(&run->doing)];
}

static int32_t watch_end(struct sim_run *run, int32_t code, struct dvs_text *err)
{
	int32_t none = 0;
	double idle_s = (double)(sim_now_ns() - atomic_load(&run->progress_ns)) / 1e9;

	atomic_compare_exchange_strong(&run->latched, &none, code);
	if (code == SIM_SYNC_LATE)
		return sim_fail(err, code, "the run was not over in %.3g s",
				(double)run->sim->options.watch.sync_ns / 1e9);
	return sim_fail(err, code, "no progress for %.3g s %s (code 100)", idle_s, doing_name(run));
}

static uint64_t wait_sooner(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* Sleeps once, unless the run must end. seen: the bell, read before the caller checked its
 * condition. */
static int32_t wait_doze(struct sim_run *run, uint32_t seen, uint64_t until_ns,
			 struct dvs_text *err)
{
	uint64_t next_ns;
	int32_t code;

	if (atomic_load(&run->is_cancelled))
		return sim_fail(err, SIM_CANCELLED, "cancelled in operation %u",
				(unsigned)atomic_load(&run->at));
	code = wait_watch(run, sim_now_ns(), &next_ns);
	if (code != 0)
		return watch_end(run, code, err);
	sim_bell_wait(run->bell, seen, wait_sooner(until_ns, next_ns));
	return 0;
}

int32_t sim_pause(struct sim_run *run, enum sim_doing doing, uint64_t ns, struct dvs_text *err)
{
	uint64_t until_ns = sim_now_ns() + ns;
	int32_t code = 0;

	sim_tell(run, doing, (uint64_t)atomic_load(&run->at) * 1000, run->program.n * 1000);
	while (code == 0) {
		uint32_t seen = atomic_load(run->bell);

		if (sim_now_ns() >= until_ns)
			return 0;
		code = wait_doze(run, seen, until_ns, err);
	}
	return code;
}

static void wait_burn(const struct sim_run *run, uint64_t until_ns)
{
	while (sim_now_ns() < until_ns && !atomic_load(&run->is_cancelled))
		;
}

/* Progress is reported before each check, so only a pause without progress can be too long. */
int32_t sim_spend(struct sim_run *run, uint64_t ns, bool is_busy, struct dvs_text *err)
{
	uint64_t begin_ns = sim_now_ns(), now_ns = begin_ns, step_ns = tick_ns;
	int32_t code = 0;

	ns = (uint64_t)((double)ns * run->slow);
	if (run->sim->options.watch.idle_ns && run->sim->options.watch.idle_ns / 4 < step_ns)
		step_ns = run->sim->options.watch.idle_ns / 4 + 1;
	while (code == 0 && now_ns - begin_ns < ns) {
		uint32_t seen = atomic_load(run->bell);
		uint64_t until_ns = begin_ns + ns;

		if (until_ns > now_ns + step_ns)
			until_ns = now_ns + step_ns;
		tell_progress(run, SIM_WORKS, (double)(now_ns - begin_ns) / (double)ns);
		code = wait_doze(run, seen, is_busy ? 1 : until_ns, err);
		if (is_busy)
			wait_burn(run, until_ns);
		now_ns = sim_now_ns();
	}
	if (code == 0)
		tell_progress(run, SIM_WORKS, 1);
	return code;
}

int32_t sim_barrier(struct sim_run *run, struct dvs_text *err)
{
	struct sim_meet *m = run->sim->meet;
	enum sim_meeting is;
	uint32_t barrier;
	int32_t who = 0, code = 0;

	if (!m)
		return 0;
	barrier = sim_meet_arrive(m);
	sim_tell(run, SIM_WAITS, (uint64_t)atomic_load(&run->at) * 1000, run->program.n * 1000);
	for (;;) {
		uint32_t seen = atomic_load(run->bell);

		is = sim_meet_look(m, barrier, &who);
		if (is != SIM_NOT_YET)
			break;
		code = wait_doze(run, seen, 0, err);
		if (code != 0)
			return code;
	}
	tell_progress(run, SIM_WORKS, 1);
	if (is == SIM_BROKEN)
		return sim_fail(err, SIM_PEER, "rank %d failed before barrier %u", who, barrier);
	if (is == SIM_NEVER)
		return sim_fail(err, SIM_DEADLOCK,
				"rank %d has ended and will never reach barrier %u", who, barrier);
	return 0;
}

void sim_watch_opaque(struct sim_run *run)
{
	uint64_t next_ns;
	int32_t code;

	if (!atomic_load(&run->is_opaque) || atomic_load(&run->latched))
		return;
	code = wait_watch(run, sim_now_ns(), &next_ns);
	if (code != 0) {
		watch_end(run, code, NULL);
		sim_run_cancel(run); /* a kernel may ignore it */
	}
}
