/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_status.h"

#include <assert.h>
#include <string.h>

#include "base/attr.h"

static const char *const status_names[] = {
	[JOB_SCHEDULED] = "SCHEDULED", [JOB_QUEUED] = "QUEUED", [JOB_RUNNING] = "RUNNING",
	[JOB_PASSED] = "PASSED",       [JOB_FAILED] = "FAILED", [JOB_KILLED] = "KILLED",
};
static_assert(ARRAY_LEN(status_names) == JOB_STATUS_COUNT, "one name per status");

static const struct {
	const char *name;
	enum job_class class;
} reasons[] = {
	[REASON_NONE] = {"none", CLASS_NONE},
	[REASON_EXIT] = {"exit", CLASS_JOB},
	[REASON_SIGNAL] = {"signal", CLASS_JOB},
	[REASON_TIMEOUT] = {"timeout", CLASS_JOB},
	[REASON_FAIL_PATTERN] = {"fail_pattern", CLASS_JOB},
	[REASON_MISSING_PATTERN] = {"missing_pattern", CLASS_JOB},
	[REASON_PATTERN_ERROR] = {"pattern_error", CLASS_JOB},
	[REASON_LOG_UNREADABLE] = {"log_unreadable", CLASS_INFRA},
	[REASON_LEAK] = {"leak", CLASS_JOB},
	[REASON_LOG_FLOOD] = {"log_flood", CLASS_JOB},
	[REASON_MEMORY] = {"memory", CLASS_INFRA},
	[REASON_STALL] = {"stall", CLASS_JOB},
	[REASON_LAUNCH] = {"launch", CLASS_INFRA},
	[REASON_LOST] = {"lost", CLASS_INFRA},
	[REASON_REFUSED] = {"refused", CLASS_INFRA},
	[REASON_UNKILLABLE] = {"unkillable", CLASS_INFRA},
	[REASON_SCRIPTED] = {"scripted", CLASS_JOB},
	[REASON_DEPENDENCY] = {"dependency", CLASS_DEPENDENCY},
	[REASON_ALL_DEPENDENCIES] = {"all_dependencies", CLASS_DEPENDENCY},
	[REASON_RESOURCE] = {"resource", CLASS_INFRA},
	[REASON_USER] = {"user", CLASS_USER},
	[REASON_MAX_FAILURES] = {"max_failures", CLASS_USER},
	[REASON_RUN_DEADLINE] = {"run_deadline", CLASS_USER},
	[REASON_POST_STEP] = {"post_step", CLASS_JOB},
	[REASON_WRONG_RESULT] = {"wrong_result", CLASS_JOB},
	[REASON_BAD_REQUEST] = {"bad_request", CLASS_JOB},
	[REASON_DEADLOCK] = {"deadlock", CLASS_JOB},
	[REASON_POISON] = {"poison", CLASS_INFRA},
	[REASON_WEDGE] = {"wedge", CLASS_INFRA},
	[REASON_PEER] = {"peer", CLASS_INFRA},
	[REASON_DEVICE_BUSY] = {"device_busy", CLASS_INFRA},
	[REASON_NO_DEVICE] = {"no_device", CLASS_INFRA},
	[REASON_QUEUE_TIMEOUT] = {"queue_timeout", CLASS_INFRA},
	[REASON_BREAKS_DEVICES] = {"breaks_devices", CLASS_JOB},
	[REASON_MEMORY_LIMIT] = {"memory_limit", CLASS_JOB},
	[REASON_PROCESS_LIMIT] = {"process_limit", CLASS_JOB},
	[REASON_CPU_LIMIT] = {"cpu_limit", CLASS_JOB},
	[REASON_CANCELLED] = {"cancelled", CLASS_USER},
	[REASON_NODE_FAILURE] = {"node_failure", CLASS_INFRA},
	[REASON_PREEMPTED] = {"preempted", CLASS_INFRA},
	[REASON_TIME_LIMIT] = {"time_limit", CLASS_JOB},
};
static_assert(ARRAY_LEN(reasons) == REASON_COUNT, "one row per reason");

static const char *const class_names[] = {
	[CLASS_NONE] = "none",	 [CLASS_JOB] = "job",
	[CLASS_INFRA] = "infra", [CLASS_DEPENDENCY] = "dependency",
	[CLASS_USER] = "user",
};
static_assert(ARRAY_LEN(class_names) == CLASS_COUNT, "one name per class");

const char *job_status_name(enum job_status s)
{
	return status_names[s];
}

char job_status_letter(enum job_status s)
{
	return status_names[s][0];
}

const char *job_reason_name(enum job_reason r)
{
	return reasons[r].name;
}

enum job_class job_reason_class(enum job_reason r)
{
	return reasons[r].class;
}

const char *job_class_name(enum job_class c)
{
	return class_names[c];
}

bool job_status_from_name(const char *name, enum job_status *ret)
{
	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		if (strcmp(status_names[i], name) == 0) {
			*ret = (enum job_status)i;
			return true;
		}
	return false;
}

bool job_reason_from_name(const char *name, enum job_reason *ret)
{
	for (int i = 0; i < REASON_COUNT; i++)
		if (strcmp(reasons[i].name, name) == 0) {
			*ret = (enum job_reason)i;
			return true;
		}
	return false;
}
