/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "drivers/sim/codes.h"
#include "drivers/sim/device_state.h"
#include "drivers/sim/run.h"

void sim_hang(void)
{
	for (;;)
		pause();
}

static void strike_crash(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
}

void sim_die(enum sim_action how, int sig, int32_t code)
{
	switch (how) {
	case SIM_HANG:
		sim_hang();
	case SIM_CRASH:
		strike_crash(sig);
		break;
	case SIM_EXIT:
		_exit(code);
	case SIM_STOP_HEARTBEAT:
		kill(getpid(), SIGSTOP);
		break;
	default:
		break;
	}
}

/* Records the fault as configured, with its random delay. The same seed gives the same record. */
static void strike_record(json_t *to, const struct sim_fault *f, uint64_t ns)
{
	json_t *j = json_deep_copy(f->json); /* a copy, because json_t is not thread-safe */

	json_object_del(j, "p");
	if (ns)
		json_object_set_new(j, "took_ms", json_real((double)(ns / 1000) / 1000));
	json_array_append_new(to, j);
}

static void sleep_for(uint64_t ns)
{
	uint64_t until_ns = sim_now_ns() + ns;
	struct timespec t = {.tv_sec = (time_t)(until_ns / 1000000000u),
			     .tv_nsec = (long)(until_ns % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void wedge_for_ever(struct sim_device_state *s)
{
	s->wedge = SIM_WEDGED_FOR_EVER;
	s->n_ecc++;
}

static void wedge_until_reset(struct sim_device_state *s)
{
	s->wedge = SIM_WEDGED_UNTIL_RESET;
	s->n_ecc++;
}

/* An action that fails a call: changes the state of the process or the device, and returns the code
 * of the call. */
static int32_t break_with(struct sim *s, const struct sim_fault *f, struct dvs_text *err)
{
	int32_t code;

	if (f->action == SIM_WEDGE) {
		code = sim_device_state_change_to(
			s->options.state_dir, s->device,
			f->clears_on_reset ? wedge_until_reset : wedge_for_ever, err);
		if (code != 0)
			return code;
	}
	if (f->action == SIM_POISON || f->action == SIM_WEDGE || sim_code_poisons(f->code))
		s->poison = f->code;
	return sim_fail(err, f->code, "fault: %s", sim_action_name(f->action));
}

int32_t sim_strike(struct sim *s, enum sim_point on, const struct sim_occasion *o,
		   struct dvs_text *err)
{
	const struct sim_fault *f;
	size_t at = 0;

	while ((f = sim_fault_next(&s->options.faults, on, o, &at))) {
		uint64_t ns = f->action == SIM_DELAY ? sim_fault_ns(&s->options.faults, f, o) : 0;

		strike_record(s->faults, f, ns);
		if (f->action == SIM_DELAY)
			sleep_for(ns);
		else if (f->action == SIM_CODE || f->action == SIM_POISON || f->action == SIM_WEDGE)
			return break_with(s, f, err);
		else if (f->action == SIM_NO_SHOW)
			sim_hang();
		else
			sim_die(f->action, f->sig, f->code);
	}
	return 0;
}

/* Outside a run, the job and the attempt come from the worker's environment. */
struct sim_occasion sim_occasion_of(const struct sim *s)
{
	const char *attempt = getenv("DVSCHED_ATTEMPT");

	if (s->run)
		return s->run->occasion;
	return (struct sim_occasion){
		.device = s->device,
		.rank = s->meet ? s->meet->rank : 0,
		.job = getenv("DVSCHED_JOB"),
		.attempt = attempt ? (uint32_t)strtoul(attempt, NULL, 10) : 0,
	};
}

int32_t sim_strike_call(struct sim *s, enum sim_point on, struct dvs_text *err)
{
	const struct sim_occasion o = sim_occasion_of(s);

	return sim_strike(s, on, &o, err);
}

static int32_t strike_run(struct sim_run *run, const struct sim_fault *f, uint64_t ns,
			  struct dvs_text *err)
{
	switch (f->action) {
	case SIM_DELAY:
		return sim_pause(run, SIM_IDLES, ns, err);
	case SIM_STALL_THEN_RECOVER:
		return sim_pause(run, SIM_WORKS, ns, err);
	case SIM_SLOW:
		run->slow *= f->factor;
		return 0;
	case SIM_CORRUPT:
		run->is_corrupt = true;
		return 0;
	case SIM_CODE:
	case SIM_POISON:
	case SIM_WEDGE:
		return break_with(run->sim, f, err);
	default:
		sim_tell(run, SIM_WORKS, 0, 0);
		atomic_store(&run->is_opaque, 1);
		sim_die(f->action, f->sig, f->code);
		return 0;
	}
}

static int32_t strike_all(struct sim_run *run, enum sim_point on, const struct sim_occasion *o,
			  struct dvs_text *err)
{
	const struct sim_faults *faults = &run->sim->options.faults;
	const struct sim_fault *f;
	int32_t code = 0;
	size_t at = 0;

	while (code == 0 && (f = sim_fault_next(faults, on, o, &at))) {
		uint64_t ns = sim_fault_ns(faults, f, o);

		strike_record(run->faults, f, ns);
		code = strike_run(run, f, ns, err);
	}
	return code;
}

int32_t sim_strike_run(struct sim_run *run, struct dvs_text *err)
{
	return strike_all(run, SIM_ON_RUN, &run->occasion, err);
}

int32_t sim_strike_malloc(struct sim_run *run, struct dvs_text *err)
{
	struct sim_occasion o = run->occasion;

	o.ordinal = ++run->n_mallocs;
	return strike_all(run, SIM_ON_MALLOC, &o, err);
}
