/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "drivers/acl/context.h"
#include "drivers/acl/attach.h"
#include "drivers/acl/results.h"
#include "drivers/acl/stream.h"

static bool acl_run_is_run(struct acl_context *c, uint64_t epoch, enum acl_stage stage)
{
	return c->run.epoch == epoch && epoch != 0 && c->run.stage == stage;
}

static int32_t out_of_order(struct acl_context *c, struct dvs_text *err, const char *what,
			    uint64_t epoch)
{
	acl_fail(err, ACL_E_ORDER, "%s of run %" PRIu64 " while run %" PRIu64 " is at %s", what,
		 epoch, c->run.epoch, acl_stage_name(c->run.stage));
	return ACL_E_ORDER;
}

const char *acl_stage_name(enum acl_stage stage)
{
	static const char *const names[] = {
		[ACL_IDLE] = "idle", [ACL_PREPARED] = "prepared",   [ACL_RUNNING] = "running",
		[ACL_OVER] = "over", [ACL_RESETTING] = "resetting",
	};

	return stage < ACL_STAGE_COUNT ? names[stage] : "?";
}

static void tell_committed(struct acl_context *c, uint64_t bytes)
{
	if (c->host->committed)
		c->host->committed(c->host->user, bytes);
}

/* Allocates memory on the device for one tensor, and copies its content there. */
static int32_t acl_upload(struct acl_context *c, size_t i, struct dvs_text *err)
{
	const struct tensor *t = &c->run.job.args[i];
	struct error why = {0};
	void *host;
	int32_t rc = ACL_CALL(c, aclrtMalloc, &c->run.buffers[i], t->bytes, ACL_MALLOC_HUGE_FIRST);

	if (rc != 0) {
		c->run.buffers[i] = NULL;
		return acl_failed(c, err, rc, "args[%zu]: %" PRIu64 " bytes", i, t->bytes);
	}
	host = malloc(t->bytes);
	if (!host)
		return acl_context_fail(c, err, ACL_E_JOB,
					"args[%zu]: %" PRIu64 " bytes: no memory", i, t->bytes);
	if (tensor_fill(t, host, &why) < 0)
		rc = acl_context_fail(c, err, ACL_E_FILE, "args[%zu]: %s", i, why.msg);
	else if ((rc = ACL_CALL(c, aclrtMemcpy, c->run.buffers[i], t->bytes, host, t->bytes,
				ACL_COPY_TO_DEVICE)) != 0)
		rc = acl_failed(c, err, rc, "args[%zu]: %" PRIu64 " bytes to the device", i,
				t->bytes);
	error_done(&why);
	free(host);
	return rc;
}

static int32_t upload_all(struct acl_context *c, struct dvs_text *err)
{
	struct acl_run *r = &c->run;
	struct error why = {0};
	uint64_t bytes = 0;

	r->buffers = arena_zalloc(r->job.mem, (r->job.n_args + 1) * sizeof(*r->buffers));
	for (size_t i = 0; i < r->job.n_args; i++) {
		int32_t rc = r->job.args[i].is_scalar ? 0 : acl_upload(c, i, err);

		if (rc != 0)
			return rc;
		bytes += r->job.args[i].is_scalar ? 0 : r->job.args[i].bytes;
	}
	tell_committed(c, bytes);
	r->block = acl_job_pack(&r->job, r->buffers, &r->block_bytes, &why);
	if (!r->block) {
		acl_context_fail(c, err, ACL_E_JOB, "%s", why.msg);
		error_done(&why);
		return ACL_E_JOB;
	}
	return 0;
}

static int32_t fill_run(struct acl_context *c, uint32_t slot, const struct dvs_run *run,
			struct dvs_text *err)
{
	struct error why = {0};

	c->run.function = acl_images_find(c, slot);
	if (slot && !c->run.function)
		return acl_context_fail(c, err, ACL_E_ORDER, "nothing is loaded in slot %" PRIu32,
					slot);
	if (acl_job_read(run->job, &c->run.job, &why) < 0) {
		acl_context_fail(c, err, ACL_E_JOB, "%s", why.msg);
		error_done(&why);
		return ACL_E_JOB;
	}
	return upload_all(c, err);
}

int32_t acl_run_prepare(struct acl_context *c, uint32_t slot, const struct dvs_run *run,
			struct dvs_text *err)
{
	int32_t rc;

	if (c->run.epoch || run->epoch == 0)
		return out_of_order(c, err, "prepare", run->epoch);
	rc = acl_begin(c, err);
	if (rc != 0)
		return rc;
	c->run = (struct acl_run){.epoch = run->epoch};
	acl_set_stage(c, ACL_PREPARED);
	rc = fill_run(c, slot, run, err);
	if (rc == 0)
		return 0;
	acl_run_release(c);
	c->run.refused = run->epoch;
	return rc;
}

int32_t acl_run_launch(struct acl_context *c, uint64_t epoch, struct dvs_text *err)
{
	struct acl_run *r = &c->run;
	int32_t rc;

	if (!acl_run_is_run(c, epoch, ACL_PREPARED) || c->cause)
		return out_of_order(c, err, "launch", epoch);
	acl_set_stage(c, ACL_RUNNING);
	if (!r->function)
		rc = acl_prove(c); /* a job without a kernel only checks the card */
	else
		rc = ACL_CALL(c, aclrtLaunchKernel, r->function, r->job.image.blocks, r->block,
			      r->block_bytes, c->stream);
	if (rc == 0) {
		if (c->host->progress)
			c->host->progress(c->host->user, 0, 1, 1);
		return 0;
	}
	acl_set_stage(c, ACL_OVER);
	return acl_failed(c, err, rc, "launch");
}

static bool is_about_an_abort(int rc)
{
	return rc == ACL_DEVICE_ABORTING || rc == ACL_STREAM_ABORTING;
}

static void acl_run_over(struct acl_context *c, int32_t *ret_is_over)
{
	acl_set_stage(c, ACL_OVER);
	*ret_is_over = 1;
	if (c->host->progress)
		c->host->progress(c->host->user, 1, 1, 0);
}

static int32_t acl_run_ask(struct acl_context *c, int32_t *ret_is_over, struct dvs_text *err)
{
	int status = -1, rc;

	/* While a stream is being aborted, an error is the expected answer. */
	if (c->run.is_aborted)
		rc = ACL_TRY(c, aclrtStreamQuery, c->stream, &status);
	else
		rc = ACL_CALL(c, aclrtStreamQuery, c->stream, &status);
	if (c->run.is_aborted && is_about_an_abort(rc)) {
		acl_run_over(c, ret_is_over);
		return 0;
	}
	if (rc != 0) {
		acl_set_stage(c, ACL_OVER);
		return acl_failed(c, err, rc, "the run");
	}
	if (status == ACL_STREAM_COMPLETE)
		acl_run_over(c, ret_is_over);
	else if (status != ACL_STREAM_NOT_READY)
		return acl_context_fail(c, err, ACL_E_GARBAGE,
					"the run: aclrtStreamQuery: status %d", status);
	return 0;
}

int32_t acl_run_poll(struct acl_context *c, uint64_t epoch, int32_t *ret_is_over,
		     struct dvs_text *err)
{
	*ret_is_over = 0;
	if (acl_run_is_run(c, epoch, ACL_OVER)) {
		*ret_is_over = 1;
		return c->cause;
	}
	if (!acl_run_is_run(c, epoch, ACL_RUNNING))
		return out_of_order(c, err, "poll", epoch);
	if (c->run.function)
		return acl_run_ask(c, ret_is_over, err);
	acl_run_over(c, ret_is_over);
	return 0;
}

int32_t acl_run_abort(struct acl_context *c, uint64_t epoch)
{
	int rc = ACL_E_UNSUPPORTED;

	if (!acl_run_is_run(c, epoch, ACL_RUNNING))
		return ACL_E_ORDER;
	if (c->api.aclrtStreamAbort)
		rc = ACL_TRY(c, aclrtStreamAbort, c->stream);
	if (rc != 0 && c->api.aclrtDeviceTaskAbort)
		rc = ACL_TRY(c, aclrtDeviceTaskAbort, c->logical, c->options.sync_timeout_ms);
	c->run.is_aborted = c->run.is_aborted || rc == 0;
	return rc;
}

/* Ends a launched run that the host no longer waits for, within the limit of time. */
static void acl_run_settle(struct acl_context *c, struct dvs_text *err)
{
	int rc;

	if (!c->run.is_aborted)
		acl_run_abort(c, c->run.epoch);
	rc = ACL_TRY(c, aclrtSynchronizeStreamWithTimeout, c->stream,
		     (int32_t)c->options.sync_timeout_ms);
	if (rc == 0 || (c->run.is_aborted && is_about_an_abort(rc))) {
		acl_set_stage(c, ACL_OVER);
		acl_context_fail(c, err, ACL_E_CANCELLED, "ended before it was over");
		return;
	}
	acl_context_fail(c, err, ACL_E_STUCK,
			 "the run neither ends nor can be aborted: after %" PRIu32 " ms %s gave %d",
			 c->options.sync_timeout_ms, c->last_call, rc);
	c->is_spent = c->is_dead = true;
}

/* After an abort it is unknown whether the stream works, so it is replaced. */
static void renew_stream(struct acl_context *c)
{
	acl_destroy_stream(c);
	if (ACL_CALL(c, aclrtCreateStream, &c->stream) == 0)
		return;
	c->stream = NULL;
	c->is_spent = true;
}

static int32_t acl_verdict(struct acl_context *c, struct dvs_text *err)
{
	if (c->run.stage == ACL_RUNNING)
		acl_run_settle(c, err);
	else if (c->run.stage == ACL_PREPARED)
		acl_context_fail(c, err, ACL_E_CANCELLED, "never launched");
	else if (c->run.is_aborted)
		acl_context_fail(c, err, ACL_E_CANCELLED, "aborted");
	if (c->cause == 0)
		return acl_collect(c, err);
	return c->cause; /* err has its text, unless an earlier call reported it */
}

int32_t acl_run_finish(struct acl_context *c, uint64_t epoch, struct dvs_text *result,
		       struct dvs_text *err)
{
	bool was_aborted = c->run.is_aborted;
	int32_t rc;

	if (epoch != 0 && epoch == c->run.refused)
		return acl_context_fail(c, err, c->cause, "it was never prepared");
	if (c->run.epoch != epoch || epoch == 0)
		return out_of_order(c, err, "finish", epoch);
	rc = acl_verdict(c, err);
	was_aborted |= c->run.is_aborted;
	acl_describe(c, result);
	acl_run_release(c);
	if (was_aborted && !c->is_spent)
		renew_stream(c);
	return rc;
}

/* After a fault, a buffer is freed only by the reset, which first stops running work. */
static void acl_run_give_back(struct acl_context *c, void *buffer)
{
	if (c->is_dead)
		return;
	if (!c->is_spent) {
		ACL_CALL(c, aclrtFree, buffer);
		return;
	}
	vec_push(&c->left, buffer);
}

void acl_run_release(struct acl_context *c)
{
	struct acl_run *r = &c->run;

	for (size_t i = 0; r->buffers && i < r->job.n_args; i++)
		if (r->buffers[i])
			acl_run_give_back(c, r->buffers[i]);
	if (r->epoch)
		tell_committed(c, 0);
	if (r->job.mem)
		acl_job_done(&r->job);
	c->run = (struct acl_run){0};
	acl_set_stage(c, ACL_IDLE);
}
