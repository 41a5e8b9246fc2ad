/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/run.h"

#include "drivers/npu_codes.h"
#include "drivers/simpler/scratch.h"

enum { ACCEPTED = 1 };

const char *simpler_run_state_name(enum simpler_run_state state)
{
	static const char *const names[] = {
		[RUN_NONE] = "none",
		[RUN_UNPREPARED] = "not prepared",
		[RUN_PREPARED] = "prepared",
		[RUN_UNLAUNCHED] = "not launched",
		[RUN_LAUNCHED] = "launched, and not known to be over",
		[RUN_OVER] = "over",
		[RUN_LOST] = "lost",
	};

	return names[state];
}

bool simpler_run_is_gone(const struct simpler_run *run)
{
	return run->state == RUN_NONE || run->state == RUN_UNPREPARED;
}

static void simpler_run_describe(struct simpler_run *run)
{
	run->descriptor = (struct simpler_descriptor){
		.run_id = run->number,
		.generation = run->number,
		.dispatch_id = run->number,
		.epoch = run->epoch,
		.accepted = &run->accepted,
		.accepted_value = ACCEPTED,
	};
}

static int32_t run_prepare(struct simpler_session *s, struct simpler_run *run, struct dvs_text *err)
{
	int native = SESSION_CALL(s, prepare, s->context, s->run, (int32_t)run->callable,
				  run->call.args, &run->config, &run->descriptor);

	if (native == 0)
		return 0;
	if (s->library.version == SIMPLER_FIRST && native == SIMPLER_FIRST_OVERLAP)
		return simpler_fail(err, SIMPLER_E_OVERLAP, "simpler_prepare_run returned %d",
				    native);
	return simpler_fail(err, simpler_code_of(native, SIMPLER_E_PREPARE),
			    "simpler_prepare_run returned %d", native);
}

static int32_t simpler_run_make(struct simpler_session *s, struct simpler_run *run, json_t *job,
				const struct simpler_ring *usual, const struct simpler_gang *gang,
				struct dvs_text *err)
{
	const struct simpler_slot *slot = simpler_slots_get(&s->slots, run->callable);
	struct simpler_ring ring = *usual;
	int32_t c;

	if (!slot)
		return simpler_fail(err, SIMPLER_E_ORDER, "no callable has the id %u",
				    run->callable);
	if ((c = simpler_ring_read(json_object_get(job, "ring"), SIMPLER_E_JOB, &ring, err)) ||
	    (c = simpler_call_read(job, &slot->signature, gang, &run->call, err)) ||
	    (c = simpler_call_send(s, &run->call, err)))
		return c;
	simpler_ring_put(&ring, &run->config);
	return run_prepare(s, run, err);
}

int32_t simpler_run_prepare(struct simpler_session *s, struct simpler_run *run, uint32_t callable,
			    json_t *job, const struct simpler_ring *usual,
			    const struct simpler_gang *gang, struct dvs_text *err)
{
	run->callable = callable;
	simpler_run_describe(run);
	run->code = simpler_run_make(s, run, job, usual, gang, err);
	run->state = run->code ? RUN_UNPREPARED : RUN_PREPARED;
	if (run->code) {
		simpler_call_done(&run->call);
		return run->code;
	}
	run->code = simpler_scratch_clear(s, run->config.ring_heap, err);
	if (run->code)
		run->state = RUN_UNLAUNCHED;
	return run->code;
}

int32_t simpler_run_launch(struct simpler_session *s, struct simpler_run *run, struct dvs_text *err)
{
	int native;

	if (run->state != RUN_PREPARED)
		return simpler_fail(err, SIMPLER_E_ORDER, "launch of a run that is %s",
				    simpler_run_state_name(run->state));
	native = SESSION_CALL(s, launch, s->context, s->run);
	run->state = native ? RUN_UNLAUNCHED : RUN_LAUNCHED;
	if (native)
		run->code = simpler_fail(err, simpler_code_of(native, SIMPLER_E_LAUNCH),
					 "simpler_launch_run returned %d", native);
	return run->code;
}

int32_t simpler_run_poll(struct simpler_session *s, struct simpler_run *run, int32_t *ret_is_over,
			 struct dvs_text *err)
{
	int native;

	*ret_is_over = run->state == RUN_OVER;
	if (run->state == RUN_OVER)
		return 0;
	if (run->state != RUN_LAUNCHED)
		return simpler_fail(err, SIMPLER_E_ORDER, "poll of a run that is %s",
				    simpler_run_state_name(run->state));
	native = SESSION_CALL(s, poll, s->context, s->run);
	if (native == 1) {
		run->state = RUN_OVER;
		*ret_is_over = 1;
	} else if (native) {
		run->state = RUN_LOST;
		run->code = simpler_fail(err, simpler_code_of(native, SIMPLER_E_POLL),
					 "simpler_poll_run returned %d", native);
	}
	return run->code;
}

/* The latched codes of the task scheduler are returned negated, so -1 is one of them. But from
 * FIRST on silicon, -1 means that the runner failed earlier. */
static int32_t code_of_end(const struct simpler_session *s, int native)
{
	if (native == -1 && (s->is_sim || s->library.version == SIMPLER_SECOND))
		return SIMPLER_E_SCOPE;
	return native < -1 ? simpler_code_of(native, SIMPLER_E_FINISH) : native;
}

static int32_t run_conclude(struct simpler_session *s, struct simpler_run *run,
			    struct dvs_text *err)
{
	int32_t c;

	run->wait = SESSION_CALL(s, wait, s->context, s->run);
	run->finalize = SESSION_CALL(s, finalize, s->context, s->run);
	c = code_of_end(s, run->wait);
	if (run->finalize)
		c = c ? npu_code_cause(c, code_of_end(s, run->finalize))
		      : code_of_end(s, run->finalize);
	if (c)
		return simpler_fail(err, c, "simpler_wait_run returned %d, simpler_finalize_run %d",
				    run->wait, run->finalize);
	return simpler_call_check(s, &run->call, &run->n_checked, err);
}

static int32_t simpler_run_release(struct simpler_session *s, struct simpler_run *run,
				   struct dvs_text *err)
{
	run->finalize = SESSION_CALL(s, finalize, s->context, s->run);
	if (run->code)
		return run->code;
	return simpler_fail(err, SIMPLER_E_NOT_RUN, "the run was prepared and never launched");
}

int32_t simpler_run_finish(struct simpler_session *s, struct simpler_run *run, struct dvs_text *err)
{
	if (run->state == RUN_LAUNCHED) {
		run->state = RUN_LOST;
		run->code = SIMPLER_E_UNFINISHED;
	}
	switch (run->state) {
	case RUN_NONE:
		return simpler_fail(err, SIMPLER_E_ORDER, "finish without a run");
	case RUN_LAUNCHED:
	case RUN_LOST:
		return simpler_fail(err, run->code,
				    "the run is still going, and nothing but the end of the "
				    "process ends it");
	case RUN_OVER:
		run->code = run_conclude(s, run, err);
		break;
	case RUN_PREPARED:
	case RUN_UNLAUNCHED:
		run->code = simpler_run_release(s, run, err);
		break;
	case RUN_UNPREPARED:
		break;
	}
	simpler_call_done(&run->call);
	run->state = RUN_NONE;
	return run->code;
}
