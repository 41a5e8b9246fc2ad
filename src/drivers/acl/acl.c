/* SPDX-License-Identifier: Apache-2.0 */
/* Driver acl: Ascend NPUs through AscendCL. The library is opened when it is first needed. */
#include "drivers/acl/context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drivers/acl/attach.h"
#include "drivers/acl/dcmi.h"
#include "drivers/acl/devices.h"
#include "drivers/acl/reset.h"
#include "drivers/temp_files.h"

static int32_t acl_find_device(struct acl_context *c, struct dvs_text *err)
{
	struct error why = {0};
	struct dcmi_facts facts;
	int32_t physical;

	if (acl_device_resolve(&c->options, c->device, &c->logical, &physical, &why) < 0)
		return acl_fail_with(err, ACL_E_DEVICE, &why);
	dcmi_get(c->options.dcmi, physical, &facts);
	c->physical = physical;
	if (facts.health == DVS_HEALTH_BAD)
		return acl_fail(err, ACL_E_UNHEALTHY, "device %" PRId32 ": %s", c->device,
				facts.text);
	return 0;
}

static int32_t acl_set_up(struct acl_context *c, const char *options, struct dvs_text *err)
{
	struct error why = {0};
	int32_t rc;

	if (acl_options_read(options, &c->options, &why) < 0)
		return acl_fail_with(err, ACL_E_OPTIONS, &why);
	if (acl_api_open(c->options.libdir, &c->api, &why) < 0)
		return acl_fail_with(err, ACL_E_LIBRARY, &why);
	rc = acl_find_device(c, err);
	return rc ? rc : acl_attach(c, err);
}

static void log_open(struct acl_context *c)
{
	char text[160];
	size_t free_bytes = 0, total = 0;

	if (!c->host->log)
		return;
	if (c->api.aclrtGetMemInfo)
		ACL_TRY(c, aclrtGetMemInfo, ACL_MEMORY_HBM, &free_bytes, &total);
	snprintf(text, sizeof(text),
		 "device %" PRId32 " (%" PRId32 " here): %s, %zu of %zu MiB free", c->device,
		 c->logical, c->soc, free_bytes >> 20, total >> 20);
	c->host->log(c->host->user, 2, text);
}

static void free_context(struct acl_context *c)
{
	acl_options_done(&c->options);
	vec_done(&c->left);
	free(c);
}

static int32_t acl_open(const struct dvs_host *host, int32_t device, const char *options,
			void **ret_ctx, struct dvs_text *err)
{
	struct acl_context *c = xcalloc(1, sizeof(*c));
	int32_t rc;

	c->host = host;
	temp_files_leave_there(host, "dvsched-acl-*");
	c->device = device;
	rc = acl_set_up(c, options, err);
	if (rc != 0) {
		free_context(c);
		return rc;
	}
	log_open(c);
	*ret_ctx = c;
	return 0;
}

static void acl_close(void *ctx)
{
	struct acl_context *c = ctx;

	acl_detach(c);
	free_context(c);
}

static int32_t acl_load(void *ctx, const char *job, uint32_t *ret_slot, struct dvs_text *err)
{
	return acl_images_load(ctx, job, ret_slot, err);
}

static int32_t acl_unload(void *ctx, uint32_t slot)
{
	return acl_images_unload(ctx, slot);
}

static int32_t acl_prepare(void *ctx, uint32_t slot, const struct dvs_run *run,
			   struct dvs_text *err)
{
	return acl_run_prepare(ctx, slot, run, err);
}

static int32_t acl_launch(void *ctx, uint64_t epoch, struct dvs_text *err)
{
	return acl_run_launch(ctx, epoch, err);
}

static int32_t acl_poll(void *ctx, uint64_t epoch, int32_t *ret_is_over, struct dvs_text *err)
{
	return acl_run_poll(ctx, epoch, ret_is_over, err);
}

static int32_t acl_finish(void *ctx, uint64_t epoch, struct dvs_text *result, struct dvs_text *err)
{
	return acl_run_finish(ctx, epoch, result, err);
}

static int32_t acl_abort(void *ctx, uint64_t epoch)
{
	return acl_run_abort(ctx, epoch);
}

static int32_t acl_reset_device(void *ctx, int32_t force, int32_t *ret_is_verified,
				struct dvs_text *err)
{
	return acl_reset(ctx, force, ret_is_verified, err);
}

static int32_t acl_is_usable(void *ctx)
{
	const struct acl_context *c = ctx;

	return !c->is_spent;
}

/* Called from another thread, while the driver's thread may be in a call that never returns. */
static void acl_diagnose(void *ctx, struct dvs_text *text)
{
	struct acl_context *c = ctx;
	const char *call = atomic_load(&c->trace.call), *name, *hint;
	uint64_t since_ns = atomic_load(&c->trace.since_ns), now_ns;
	int32_t cause = atomic_load(&c->trace.cause);
	int n = snprintf(text->at, text->size, "device %" PRId32 ": %s, run %" PRIu64, c->device,
			 acl_stage_name((enum acl_stage)atomic_load(&c->trace.stage)),
			 atomic_load(&c->trace.epoch));

	now_ns = c->host->now_ns(c->host->user);
	if (call && n > 0 && (size_t)n < text->size)
		n += snprintf(text->at + n, text->size - (size_t)n, "; in %s for %.1f s", call,
			      (double)(now_ns > since_ns ? now_ns - since_ns : 0) / 1e9);
	if (cause && n > 0 && (size_t)n < text->size) {
		acl_classify(cause, 0, &name, &hint);
		snprintf(text->at + n, text->size - (size_t)n, "; first error %" PRId32 ", %s",
			 cause, name ? name : "unknown");
	}
}

static uint64_t acl_inner_watch_ns(const char *options)
{
	struct acl_options o;
	struct error err = {0};
	uint64_t ns = 0;

	if (acl_options_read(options, &o, &err) == 0)
		ns = o.op_timeout_ns;
	error_done(&err);
	acl_options_done(&o);
	return ns;
}

static const struct dvs_driver driver = {
	.abi = DVS_DRIVER_ABI,
	.size = sizeof(struct dvs_driver),
	.name = "acl",
	.version = "1",
	.caps = DVS_CAP_ABORT | DVS_CAP_RESET | DVS_CAP_HEALTH | DVS_CAP_INNER_WATCH |
		DVS_CAP_TENSORS,
	.probe = acl_probe,
	.open = acl_open,
	.load = acl_load,
	.unload = acl_unload,
	.prepare = acl_prepare,
	.launch = acl_launch,
	.poll = acl_poll,
	.finish = acl_finish,
	.abort = acl_abort,
	.reset = acl_reset_device,
	.health = acl_health,
	.lend_as = acl_lend_as,
	.diagnose = acl_diagnose,
	.classify = acl_classify,
	.close = acl_close,
	.inner_watch_ns = acl_inner_watch_ns,
	.is_usable = acl_is_usable,
};

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	return host_abi == DVS_DRIVER_ABI ? &driver : NULL;
}
