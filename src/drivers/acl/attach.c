/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/attach.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "drivers/acl/context.h"
#include "drivers/acl/stream.h"

static int32_t check_soc(struct acl_context *c, struct dvs_text *err)
{
	const char *name = c->api.aclrtGetSocName ? c->api.aclrtGetSocName() : NULL;
	const char *wanted = c->options.soc;

	snprintf(c->soc, sizeof(c->soc), "%s", name ? name : "");
	if (!wanted || str_starts(c->soc, wanted))
		return 0;
	if (!name)
		return acl_context_fail(c, err, ACL_E_SOC,
					"soc is \"%s\", and this runtime cannot say "
					"what is there",
					wanted);
	return acl_context_fail(c, err, ACL_E_SOC, "soc is \"%s\", and device %" PRId32 " is a %s",
				wanted, c->device, c->soc);
}

int32_t acl_set_limits(struct acl_context *c, struct dvs_text *err)
{
	const struct acl_options *o = &c->options;
	uint64_t us = o->op_timeout_ns / 1000, actual_us = us;
	int rc;

	if ((us && !c->api.aclrtSetOpExecuteTimeOutV2) ||
	    (o->wait_timeout_ns && !c->api.aclrtSetOpWaitTimeout))
		return acl_context_fail(c, err, ACL_E_UNSUPPORTED,
					"%s: this runtime has no such limit",
					us ? "op_timeout" : "wait_timeout");
	if (us) {
		rc = ACL_CALL(c, aclrtSetOpExecuteTimeOutV2, us, &actual_us);
		if (rc != 0)
			return acl_failed(c, err, rc, "op_timeout");
	}
	if (o->wait_timeout_ns) {
		rc = ACL_CALL(c, aclrtSetOpWaitTimeout,
			      (uint32_t)((o->wait_timeout_ns + 999999999) / 1000000000));
		if (rc != 0)
			return acl_failed(c, err, rc, "wait_timeout");
	}
	return 0;
}

static int32_t attach_start(struct acl_context *c, struct dvs_text *err)
{
	int rc = ACL_CALL(c, aclInit, NULL);

	if (rc != 0 && rc != ACL_ALREADY_INITIALISED)
		return acl_failed(c, err, rc, "the runtime does not start");
	c->is_ours = rc == 0;
	return check_soc(c, err);
}

int acl_bind(struct acl_context *c)
{
	int rc = ACL_CALL(c, aclrtSetDevice, c->logical);

	c->n_binds += rc == 0;
	return rc;
}

int acl_unbind(struct acl_context *c)
{
	int rc = 0;

	while (c->n_binds > 0 && rc == 0) {
		rc = ACL_CALL(c, aclrtResetDevice, c->logical);
		c->n_binds -= rc == 0;
	}
	return rc;
}

static int32_t get_device(struct acl_context *c, struct dvs_text *err)
{
	int rc = acl_bind(c);

	if (rc != 0)
		return acl_failed(c, err, rc, "device %" PRId32, c->device);
	rc = acl_set_limits(c, err);
	if (rc != 0)
		return rc;
	rc = ACL_CALL(c, aclrtCreateStream, &c->stream);
	if (rc == 0)
		return 0;
	c->stream = NULL;
	return acl_failed(c, err, rc, "device %" PRId32, c->device);
}

int32_t acl_attach(struct acl_context *c, struct dvs_text *err)
{
	int32_t rc = attach_start(c, err);

	if (rc == 0)
		rc = get_device(c, err);
	if (rc != 0)
		acl_detach(c);
	return rc;
}

void acl_detach(struct acl_context *c)
{
	/* On an unusable device, a call that frees something may never return. The end of the
	 * process frees everything for certain. */
	if (c->is_spent || c->is_dead) {
		c->is_dead = true;
		acl_run_release(c);
		return;
	}
	acl_run_release(c);
	acl_images_clear(c);
	acl_destroy_stream(c);
	if (acl_unbind(c) != 0 || !c->is_ours)
		return;
	acl_enter(c, "aclFinalize");
	acl_left_anyhow(c, c->api.aclFinalize());
	c->is_ours = false;
}
