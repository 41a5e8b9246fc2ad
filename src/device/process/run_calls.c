/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of a run into the driver, in the order of the ABI. */
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "device/driver/join_context.h"
#include "device/process/run_parts.h"

static const int64_t first_pause_ns = 50 * 1000, last_pause_ns = 5 * 1000 * 1000;
static const uint64_t look_ns = 100 * 1000 * 1000; /* between two looks at the log's size */

static bool notices_cancel(struct run *r)
{
	if (r->is_cancelled || !r->p->host.is_cancelled(r->p))
		return r->is_cancelled;
	r->is_cancelled = true;
	run_fail(r, DVS_PEER, CALL_NONE, "the run was cancelled");
	return true;
}

/* Ends a call of the driver that returned code. 0, or -1: the call failed, and the run fails. */
static int run_end_call(struct run *r, enum driver_call call, int32_t code)
{
	call_end(r->p);
	return code == 0 ? 0 : run_fail_code(r, call, code);
}

static int run_call_load(struct run *r)
{
	struct dvs_text err = call_err(r->p);

	call_begin(r->p, CALL_LOAD);
	if (run_end_call(r, CALL_LOAD, r->driver->load(r->ctx, r->job, &r->slot, &err)) < 0)
		return -1;
	run_reach(r, PHASE_LOADED);
	return 0;
}

static int write_context(struct run *r, const struct dvs_context *given)
{
	struct join_rank rank = {r->p->hello.device, r->ask.rank, r->ask.n_ranks};
	struct error err = {0};

	if (join_context_write(r->context, &rank, given, &err) < 0)
		return run_fail_error(r, DVS_BUSY, CALL_JOIN, &err);
	return 0;
}

static int run_call_join(struct run *r)
{
	struct dvs_text room = call_err(r->p);
	struct dvs_join ask = {
		.size = sizeof(ask),
		.rank = r->ask.rank,
		.n_ranks = r->ask.n_ranks,
		.n_buffers = r->ask.n_buffers,
		.epoch = r->ask.epoch,
		.token = r->ask.token,
		.window_bytes = r->ask.window_bytes,
		.buffers = r->ask.buffers,
		.deadline_ns = r->ask.join_deadline_ns,
		.shared_fd = r->shared_fd,
		.flags = r->ask.waits_for_go ? 0 : DVS_JOIN_NO_WAIT,
		.shared_bytes = r->ask.shared_bytes,
	};
	_cleanup_(freep) struct dvs_buffer *buffers = xcalloc(ask.n_buffers + 1, sizeof(*buffers));
	struct dvs_context given = {.size = sizeof(given), .buffers = buffers};
	struct error err = {0};

	if (!(r->driver->caps & DVS_CAP_GANG))
		return run_fail(r, DVS_UNSUPPORTED, CALL_JOIN, "this driver has no gangs");
	call_begin(r->p, CALL_JOIN);
	if (run_end_call(r, CALL_JOIN, r->driver->join(r->ctx, &ask, &given, &room)) < 0)
		return -1;
	r->is_joined = true;
	if (given.buffers != buffers)
		return run_fail(r, DVS_CONFIG, CALL_JOIN,
				"join() gave a list of buffers of its own, not the host's");
	if (join_context_check(&ask, &given, &err) < 0)
		return run_fail_error(r, DVS_CONFIG, CALL_JOIN, &err);
	return write_context(r, &given);
}

static int run_call_prepare(struct run *r)
{
	struct dvs_text err = call_err(r->p);
	struct dvs_run ask = {
		.size = sizeof(ask),
		.attempt = r->ask.start.attempt,
		.epoch = r->ask.epoch,
		.rank = r->ask.rank,
		.n_ranks = r->ask.n_ranks,
		.job_id = r->ask.start.id,
		.odir = r->ask.start.odir,
		.job = r->job,
		.deadline_ns = r->ask.deadline_ns,
	};

	call_begin(r->p, CALL_PREPARE);
	if (run_end_call(r, CALL_PREPARE, r->driver->prepare(r->ctx, r->slot, &ask, &err)) < 0)
		return -1;
	r->is_prepared = true;
	run_reach(r, PHASE_ARMED);
	return 0;
}

static int wait_for_go(struct run *r)
{
	while (r->ask.waits_for_go && atomic_load(&r->p->channel.go_epoch) != r->ask.epoch) {
		if (notices_cancel(r))
			return -1;
		channel_wait(&r->p->channel, -1);
	}
	return notices_cancel(r) ? -1 : 0;
}

static int run_call_launch(struct run *r)
{
	struct dvs_text err = call_err(r->p);
	struct board *b = r->p->board;

	/* Progress that was reported while loading does not count for the run. */
	atomic_store(&b->evidence, 0);
	atomic_store(&b->has_reported, 0);
	call_begin(r->p, CALL_LAUNCH);
	if (run_end_call(r, CALL_LAUNCH, r->driver->launch(r->ctx, r->ask.epoch, &err)) < 0)
		return -1;
	atomic_store(&b->progress_ns, board_now_ns());
	run_reach(r, PHASE_LAUNCHED);
	return 0;
}

static void abort_run(struct run *r)
{
	if (!(r->driver->caps & DVS_CAP_ABORT))
		return;
	call_err(r->p);
	call_begin(r->p, CALL_ABORT);
	run_end_call(r, CALL_ABORT, r->driver->abort(r->ctx, r->ask.epoch));
}

/* Checks the log's size every look_ns. true: it is over its limit, and the run fails. */
static bool notices_flood(struct run *r)
{
	uint64_t now = board_now_ns();

	if (now - r->looked_ns < look_ns)
		return false;
	r->looked_ns = now;
	if (!run_has_flooded(r))
		return false;
	run_fail(r, DVS_JOB, CALL_NONE, "the log went over its limit");
	atomic_store(&r->p->channel.cancel_epoch, r->ask.epoch);
	return true;
}

/* Cancels the run once, if it was cancelled or its log is too long. The driver ends it. */
static void look_around(struct run *r)
{
	if (r->is_cancelled)
		return;
	if (notices_flood(r))
		r->is_cancelled = true;
	else if (!notices_cancel(r))
		return;
	abort_run(r);
}

static int run_call_poll_once(struct run *r, int32_t *ret_is_over)
{
	struct dvs_text err = call_err(r->p);

	call_begin(r->p, CALL_POLL);
	return run_end_call(r, CALL_POLL, r->driver->poll(r->ctx, r->ask.epoch, ret_is_over, &err));
}

static void run_call_poll_until_over(struct run *r)
{
	int64_t pause_ns = first_pause_ns;
	int32_t is_over = 0;

	r->looked_ns = board_now_ns();
	while (run_call_poll_once(r, &is_over) == 0) {
		if (is_over) {
			notices_cancel(r); /* it may be over because it was cancelled */
			run_reach(r, PHASE_RAN);
			return;
		}
		look_around(r);
		channel_wait(&r->p->channel, pause_ns);
		pause_ns = pause_ns * 2 < last_pause_ns ? pause_ns * 2 : last_pause_ns;
	}
}

/* Keeps the driver's result if it is a JSON object. */
static void keep_result(struct run *r)
{
	json_t *parsed;

	r->p->result[RESULT_ROOM - 1] = '\0';
	if (!*r->p->result)
		return;
	parsed = json_loads(r->p->result, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(parsed))
		r->result.result = r->p->result;
	else
		r->p->host.log(r->p, 1, "the driver's result is not a JSON object: left out");
	json_decref(parsed);
}

static void run_call_finish(struct run *r)
{
	struct dvs_text err = call_err(r->p), result = {r->p->result, RESULT_ROOM};
	int32_t rc;

	r->p->result[0] = r->p->result[RESULT_ROOM - 1] = '\0';
	call_begin(r->p, CALL_FINISH);
	rc = r->driver->finish(r->ctx, r->ask.epoch, &result, &err);
	call_end(r->p);
	keep_result(r);
	if (rc != 0) {
		run_fail_code(r, CALL_FINISH, rc);
		return;
	}
	if (!run_has_failed(r))
		run_reach(r, PHASE_FINISHED);
}

static void run_call_leave(struct run *r)
{
	call_err(r->p);
	call_begin(r->p, CALL_LEAVE);
	run_end_call(r, CALL_LEAVE, r->driver->leave(r->ctx));
}

static void run_call_reset(struct run *r)
{
	struct dvs_text err = call_err(r->p);
	uint64_t begin_ns = board_now_ns();
	/* Without the lock other processes may use the device, so a reset must not be forced. */
	bool is_ours = r->p->channel.has_lock || r->p->hello.lock_path;
	int32_t is_forced = r->has_wedged && is_ours, is_verified = 0, rc;

	call_begin(r->p, CALL_RESET);
	rc = r->driver->reset(r->ctx, is_forced, &is_verified, &err);
	call_end(r->p);
	r->result.reset_ns = board_now_ns() - begin_ns;
	r->result.is_spent = rc != 0 || !is_verified;
	if (rc != 0)
		run_fail_code(r, CALL_RESET, rc);
	else if (!is_verified)
		run_fail(r, DVS_POISON, CALL_RESET, "reset() did not bring the device back");
}

/* Sends the cause before the calls that clean up, which may hang. */
static void tell_cause(struct run *r)
{
	if (!run_has_failed(r) || r->is_cancelled || r->is_cause_told)
		return;
	r->is_cause_told = true;
	run_decide(r);
	run_send(r, DEVICE_CAUSE);
}

void run_look_after(struct run *r)
{
	int32_t answer;

	if (!r->driver->is_usable)
		return;
	tell_cause(r);
	call_begin(r->p, CALL_IS_USABLE);
	answer = r->driver->is_usable(r->ctx);
	call_end(r->p);
	if (answer == DVS_WORN || (answer == DVS_UNUSABLE && !run_has_failed(r)))
		atomic_store(&r->p->board->is_worn, 1);
	if (answer != DVS_UNUSABLE || !run_has_failed(r))
		return;
	r->result.is_spent = true;
	if (r->driver->caps & DVS_CAP_RESET)
		run_call_reset(r);
}

void run_drive(struct run *r)
{
	if (run_call_load(r) < 0)
		return;
	if ((!r->ask.token || run_call_join(r) == 0) && run_call_prepare(r) == 0 &&
	    wait_for_go(r) == 0 && run_call_launch(r) == 0)
		run_call_poll_until_over(r);
	if (r->is_prepared || r->is_joined)
		tell_cause(r);
	if (r->is_prepared)
		run_call_finish(r);
	if (r->is_joined)
		run_call_leave(r);
}
