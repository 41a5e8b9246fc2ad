/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/reset.h"

#include <inttypes.h>

#include "drivers/acl/attach.h"
#include "drivers/acl/context.h"
#include "drivers/acl/dcmi.h"
#include "drivers/acl/stream.h"
#include "drivers/npu_codes.h"

enum { ATTEMPTS = 3 };

static bool is_late(int rc)
{
	const struct npu_code *row = npu_code_find(rc);

	return row && row->class == DVS_TIMEOUT;
}

/* Stops running work, within a limit of time, and frees all handles, because open handles would
 * block the reset. If the work does not stop, freeing would block, too, so nothing is freed. */
static void acl_quiesce(struct acl_context *c)
{
	int rc = 0;

	if (c->api.aclrtDeviceTaskAbort)
		ACL_TRY(c, aclrtDeviceTaskAbort, c->logical, c->options.sync_timeout_ms);
	if (c->api.aclrtSynchronizeDeviceWithTimeout)
		rc = ACL_TRY(c, aclrtSynchronizeDeviceWithTimeout,
			     (int32_t)c->options.sync_timeout_ms);
	c->is_dead = c->is_dead || is_late(rc);
	acl_run_release(c);
	for (size_t i = 0; i < c->left.n && !c->is_dead; i++)
		ACL_TRY(c, aclrtFree, c->left.at[i]);
	c->left.n = 0;
	if (c->is_dead)
		return;
	acl_images_clear(c);
	acl_destroy_stream(c);
}

/* Returns 0 if the calls succeeded. Only acl_revive() proves that the device works. */
static int reset_once(struct acl_context *c)
{
	int rc = acl_bind(c);

	if (rc != 0)
		return rc;
	acl_quiesce(c);
	/* The reset by force affects this process only, and undoes all its bindings. */
	if (c->api.aclrtResetDeviceForce)
		rc = ACL_CALL(c, aclrtResetDeviceForce, c->logical);
	else
		rc = acl_unbind(c);
	if (rc != 0)
		return rc;
	acl_images_forget(c);
	c->stream = NULL;
	c->n_binds = 0;
	return 0;
}

static int acl_revive(struct acl_context *c)
{
	int rc = acl_bind(c);

	if (rc == 0)
		rc = acl_prove(c);
	if (rc == 0)
		rc = acl_set_limits(c, NULL);
	if (rc == 0)
		rc = ACL_CALL(c, aclrtCreateStream, &c->stream);
	if (rc != 0) {
		c->stream = NULL;
		return rc;
	}
	c->is_spent = c->is_dead = false;
	return 0;
}

static int32_t not_reset(struct acl_context *c, int rc, struct dvs_text *err)
{
	struct dcmi_facts facts;

	c->is_spent = c->is_dead = true;
	acl_set_stage(c, ACL_IDLE);
	dcmi_get(c->options.dcmi, c->physical, &facts);
	return acl_failed(c, err, rc, "%d resets, and device %" PRId32 " is still not usable (%s)",
			  ATTEMPTS, c->device, facts.text);
}

int32_t acl_reset(struct acl_context *c, int32_t force, int32_t *ret_is_verified,
		  struct dvs_text *err)
{
	int rc = 0;

	(void)force; /* a reset affects no other process in any case */
	*ret_is_verified = 0;
	acl_set_stage(c, ACL_RESETTING);
	for (int i = 0; i < ATTEMPTS; i++) {
		rc = reset_once(c);
		if (rc == 0)
			rc = acl_revive(c);
		if (rc != 0)
			continue;
		*ret_is_verified = 1;
		acl_set_stage(c, ACL_IDLE);
		return acl_begin(c, err);
	}
	return not_reset(c, rc, err);
}
