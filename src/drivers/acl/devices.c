/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/devices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/acl/acl_api.h"
#include "drivers/acl/codes.h"
#include "drivers/acl/dcmi.h"
#include "drivers/acl/visible.h"

struct census {
	struct acl_options options;
	struct visible visible;
	struct acl_api api;
	bool is_ours; /* we started the runtime */
	uint32_t count;
	char soc[32];
};

int acl_device_resolve(const struct acl_options *o, int32_t device, int32_t *ret_logical,
		       int32_t *ret_physical, struct error *err)
{
	struct visible v;

	if (visible_read(getenv(VISIBLE_VARIABLE), &v, err) < 0)
		return -1;
	*ret_logical = o->has_logical_ids ? device : visible_logical(&v, device);
	*ret_physical = visible_physical(&v, *ret_logical);
	if (device >= 0 && *ret_logical >= 0 && *ret_physical >= 0)
		return 0;
	return error_plain(err, "device %" PRId32 " is not among those of " VISIBLE_VARIABLE "=%s",
			   device, v.is_limited ? getenv(VISIBLE_VARIABLE) : "");
}

/* Copies only the members that the host's struct has, and keeps its size. */
static void acl_give_device(struct dvs_device *to, struct dvs_device *device)
{
	device->size = to->size;
	memcpy(to, device, to->size < sizeof(*device) ? to->size : sizeof(*device));
}

static void acl_devices_describe(const struct dcmi_facts *facts, int32_t id, const char *soc,
				 struct dvs_device *ret)
{
	*ret = (struct dvs_device){
		.id = id, .fault_domain = facts->card, .numa = -1, .health = facts->health};
	snprintf(ret->model, sizeof(ret->model), "%s", soc);
	snprintf(ret->detail, sizeof(ret->detail), "%s", facts->text);
}

static void acl_devices_add_device(const struct census *s, int32_t logical, struct dvs_device *to)
{
	int32_t physical = visible_physical(&s->visible, logical);
	struct dcmi_facts facts;
	struct dvs_device d;
	int status = ACL_STATUS_NORMAL;

	dcmi_get(s->options.dcmi, physical, &facts);
	acl_devices_describe(&facts, s->options.has_logical_ids ? logical : physical, s->soc, &d);
	snprintf(d.family, sizeof(d.family), "npu"); /* as other drivers of these ids */
	if (s->api.aclrtQueryDeviceStatus && s->api.aclrtQueryDeviceStatus(logical, &status) == 0 &&
	    status != ACL_STATUS_NORMAL) {
		d.health = DVS_HEALTH_BAD;
		snprintf(d.detail, sizeof(d.detail), "runtime: abnormal; %.64s", facts.text);
	}
	acl_give_device(to, &d);
}

static int32_t acl_devices_count(struct census *s, struct dvs_text *err)
{
	const char *soc = s->api.aclrtGetSocName ? s->api.aclrtGetSocName() : NULL;
	int rc = s->api.aclrtGetDeviceCount(&s->count);

	snprintf(s->soc, sizeof(s->soc), "%s", soc ? soc : "");
	if (rc != 0)
		return acl_fail(err, rc, "no devices: aclrtGetDeviceCount: %d", rc);
	if (s->count > VISIBLE_MOST)
		return acl_fail(err, ACL_E_GARBAGE, "aclrtGetDeviceCount: %" PRIu32 " devices",
				s->count);
	if (s->visible.is_limited && s->count > s->visible.n)
		s->count = s->visible.n;
	return 0;
}

static int32_t acl_devices_start(struct census *s, struct dvs_text *err)
{
	struct error why = {0};
	int rc;

	if (visible_read(getenv(VISIBLE_VARIABLE), &s->visible, &why) < 0)
		return acl_fail_with(err, ACL_E_OPTIONS, &why);
	if (acl_api_open(s->options.libdir, &s->api, &why) < 0)
		return acl_fail_with(err, ACL_E_LIBRARY, &why);
	rc = s->api.aclInit(NULL);
	s->is_ours = rc == 0;
	if (rc == 0 || rc == ACL_ALREADY_INITIALISED)
		return 0;
	return acl_fail(err, rc, "the runtime does not start: aclInit: %d", rc);
}

static int32_t acl_devices_take(struct census *s, struct dvs_device *devices, size_t cap,
				struct dvs_text *err)
{
	int32_t rc = acl_devices_count(s, err);

	for (size_t i = 0; rc == 0 && i < s->count && i < cap; i++)
		acl_devices_add_device(
			s, (int32_t)i,
			(struct dvs_device *)(void *)((char *)devices + i * devices->size));
	return rc;
}

int32_t acl_probe(const char *options, struct dvs_device *devices, size_t cap, size_t *ret_n,
		  struct dvs_text *err)
{
	struct census s = {0};
	struct error why = {0};
	int32_t rc;

	if (acl_options_read(options, &s.options, &why) < 0)
		rc = acl_fail_with(err, ACL_E_OPTIONS, &why);
	else
		rc = acl_devices_start(&s, err);
	if (rc == 0)
		rc = acl_devices_take(&s, devices, cap, err);
	if (s.is_ours)
		s.api.aclFinalize();
	*ret_n = rc == 0 ? s.count : 0;
	acl_options_done(&s.options);
	return rc;
}

int32_t acl_health(int32_t device, const char *options, struct dvs_device *ret,
		   struct dvs_text *err)
{
	struct acl_options o;
	struct error why = {0};
	struct dcmi_facts facts;
	struct dvs_device d;
	int32_t rc = 0, logical, physical;

	if (acl_options_read(options, &o, &why) < 0) {
		rc = acl_fail_with(err, ACL_E_OPTIONS, &why);
	} else if (acl_device_resolve(&o, device, &logical, &physical, &why) < 0) {
		rc = acl_fail_with(err, ACL_E_DEVICE, &why);
	} else {
		dcmi_get(o.dcmi, physical, &facts);
		acl_devices_describe(&facts, device, "", &d);
		acl_give_device(ret, &d);
	}
	acl_options_done(&o);
	return rc;
}

int32_t acl_lend_as(int32_t device, const char *options, struct dvs_text *ret, struct dvs_text *err)
{
	struct acl_options o;
	struct error why = {0};
	int32_t rc = 0, logical, physical;

	if (acl_options_read(options, &o, &why) < 0)
		rc = acl_fail_with(err, ACL_E_OPTIONS, &why);
	else if (acl_device_resolve(&o, device, &logical, &physical, &why) < 0)
		rc = acl_fail_with(err, ACL_E_DEVICE, &why);
	else
		snprintf(ret->at, ret->size, "%" PRId32, physical);
	acl_options_done(&o);
	return rc;
}
