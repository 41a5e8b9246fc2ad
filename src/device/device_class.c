/* SPDX-License-Identifier: Apache-2.0 */
#include "device/device_class.h"

#include <assert.h>
#include <string.h>

#include "base/attr.h"

/* Why each row is as it is: docs/reference/devices.md, "What an error means". */
static const struct class_fate fates[] = {
	[DVS_OK] = {"ok", JOB_PASSED, REASON_NONE, .is_counted = true, .worker_goes_on = true},
	[DVS_JOB] = {"job", JOB_FAILED, REASON_WRONG_RESULT, .is_counted = true,
		     .worker_goes_on = true},
	[DVS_CONFIG] = {"config", JOB_FAILED, REASON_BAD_REQUEST, .is_counted = true,
			.worker_goes_on = true},
	[DVS_STALL] = {"stall", JOB_KILLED, REASON_STALL, .is_counted = true, .mark = MARK_ONE},
	[DVS_DEADLOCK] = {"deadlock", JOB_FAILED, REASON_DEADLOCK, .is_counted = true},
	[DVS_TIMEOUT] = {"timeout", JOB_KILLED, REASON_TIMEOUT, .is_counted = true,
			 .mark = MARK_ONE},
	[DVS_POISON] = {"poison", JOB_FAILED, REASON_POISON, .probe_before_next = true,
			.mark = MARK_ONE},
	[DVS_WEDGE] = {"wedge", JOB_FAILED, REASON_WEDGE, .mark = MARK_QUARANTINE},
	[DVS_LOST] = {"lost", JOB_KILLED, REASON_LOST, .is_counted = true,
		      .mark = MARK_IF_TWO_JOBS},
	[DVS_BUSY] = {"busy", JOB_FAILED, REASON_DEVICE_BUSY, .worker_goes_on = true},
	[DVS_PEER] = {"peer", JOB_KILLED, REASON_PEER, .worker_goes_on = true},
	[DVS_UNSUPPORTED] = {"unsupported", JOB_FAILED, REASON_BAD_REQUEST, .is_counted = true,
			     .worker_goes_on = true},
};
static_assert(ARRAY_LEN(fates) == DVS_CLASS_COUNT, "one row per class");

const struct class_fate *device_class_fate(enum dvs_class c)
{
	assert(c < DVS_CLASS_COUNT);
	return &fates[c];
}

const char *device_class_name(enum dvs_class c)
{
	return device_class_fate(c)->name;
}

bool device_class_from_name(const char *name, enum dvs_class *ret)
{
	for (unsigned i = 0; i < DVS_CLASS_COUNT; i++)
		if (strcmp(fates[i].name, name) == 0) {
			*ret = (enum dvs_class)i;
			return true;
		}
	return false;
}
