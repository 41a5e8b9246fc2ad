/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/results.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "drivers/acl/context.h"
#include "drivers/acl/visible.h"

static int32_t collect_one(struct acl_context *c, size_t i, struct dvs_text *err)
{
	const struct tensor *t = &c->run.job.args[i];
	struct error why = {0};
	void *host = malloc(t->bytes);
	int32_t rc = 0;

	if (!host)
		return acl_context_fail(c, err, ACL_E_JOB,
					"args[%zu]: %" PRIu64 " bytes: no memory", i, t->bytes);
	rc = ACL_CALL(c, aclrtMemcpy, host, t->bytes, c->run.buffers[i], t->bytes,
		      ACL_COPY_TO_HOST);
	if (rc != 0)
		rc = acl_failed(c, err, rc, "args[%zu]: %" PRIu64 " bytes from the device", i,
				t->bytes);
	else if (tensor_check(t, host, &why) < 0)
		rc = acl_context_fail(c, err, ACL_E_RESULT, "args[%zu]: %s", i, why.msg);
	error_done(&why);
	free(host);
	return rc;
}

int32_t acl_collect(struct acl_context *c, struct dvs_text *err)
{
	int32_t rc;

	if (!c->run.function)
		return 0;
	/* The stream has finished, but the runtime reports errors of its work only to a wait. */
	rc = ACL_CALL(c, aclrtSynchronizeStreamWithTimeout, c->stream,
		      (int32_t)c->options.sync_timeout_ms);
	if (rc != 0)
		return acl_failed(c, err, rc, "the run");
	for (size_t i = 0; i < c->run.job.n_args; i++) {
		const struct tensor *t = &c->run.job.args[i];

		if (!t->is_out || t->expect.source == TENSOR_UNSET)
			continue;
		rc = collect_one(c, i, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void describe_environment(const struct acl_context *c, struct json_out *j)
{
	char id[16];

	snprintf(id, sizeof(id), "%" PRId32, c->physical);
	jout_key(j, "environment");
	jout_object(j);
	jout_key(j, VISIBLE_VARIABLE);
	jout_string(j, id);
	jout_object_end(j);
}

static void describe_version(struct acl_context *c, struct json_out *j)
{
	int32_t major = 0, minor = 0, patch = 0;
	char text[48];

	if (!c->api.aclrtGetVersion || c->is_spent ||
	    ACL_TRY(c, aclrtGetVersion, &major, &minor, &patch) != 0)
		return;
	snprintf(text, sizeof(text), "%" PRId32 ".%" PRId32 ".%" PRId32, major, minor, patch);
	jout_key(j, "runtime");
	jout_string(j, text);
}

void acl_describe(struct acl_context *c, struct dvs_text *result)
{
	struct json_out j;

	jout_init(&j, -1, 0);
	jout_object(&j);
	jout_key(&j, "device");
	jout_int(&j, c->device);
	jout_key(&j, "logical");
	jout_int(&j, c->logical);
	jout_key(&j, "soc");
	jout_string(&j, c->soc);
	describe_version(c, &j);
	if (!c->run.function)
		describe_environment(c, &j);
	jout_object_end(&j);
	if (result && result->at && j.buf.len < result->size)
		memcpy(result->at, j.buf.s, j.buf.len + 1);
	jout_done(&j);
}
