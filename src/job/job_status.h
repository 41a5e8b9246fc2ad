/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what happens to a job. Names and texts: job_status.c, one table each. */
#ifndef JOB_STATUS_H
#define JOB_STATUS_H

#include <stdbool.h>

/* The six public states. Everything finer is a reason. */
enum job_status {
	JOB_SCHEDULED, /* waits for what it needs */
	JOB_QUEUED,    /* may run as soon as there is room */
	JOB_RUNNING,
	JOB_PASSED,
	JOB_FAILED,
	JOB_KILLED, /* by us: timeout, a signal to the run, a dependency */
	JOB_STATUS_COUNT
};

/* Why a job has the status it has. In results.json by name: append only, never rename. */
enum job_reason {
	REASON_NONE,
	REASON_EXIT,		 /* non-zero exit status */
	REASON_SIGNAL,		 /* died by a signal that we did not send */
	REASON_TIMEOUT,		 /* its own deadline */
	REASON_FAIL_PATTERN,	 /* a line of the log matched */
	REASON_MISSING_PATTERN,	 /* a pass pattern never matched */
	REASON_PATTERN_ERROR,	 /* a pattern could not be decided (match limit) */
	REASON_LOG_UNREADABLE,	 /* patterns, but the log is gone or cannot be read */
	REASON_LEAK,		 /* left processes behind, and leak: fail */
	REASON_LOG_FLOOD,	 /* log over its limit */
	REASON_MEMORY,		 /* killed for memory, not by us */
	REASON_STALL,		 /* no progress */
	REASON_LAUNCH,		 /* could not be started: no process, log or directory */
	REASON_LOST,		 /* whoever ran it died or vanished */
	REASON_REFUSED,		 /* its backend will never run it */
	REASON_UNKILLABLE,	 /* still there after KILL */
	REASON_SCRIPTED,	 /* the fake backend's decision */
	REASON_DEPENDENCY,	 /* one that it needs failed or was killed */
	REASON_ALL_DEPENDENCIES, /* needs any, and none passed */
	REASON_RESOURCE,	 /* asks for more than there can ever be */
	REASON_USER,		 /* a signal to the run, or stop */
	REASON_MAX_FAILURES,	 /* --max-failures reached */
	REASON_RUN_DEADLINE,	 /* --run-deadline */
	REASON_POST_STEP,    /* the job passed, but what it was to leave is missing or unreadable */
	REASON_WRONG_RESULT, /* a device ran it, and the driver's check of the result failed */
	REASON_BAD_REQUEST,  /* a driver says that what the job asks for cannot be */
	REASON_DEADLOCK,     /* on a device nothing runs and nothing can */
	REASON_POISON,	     /* a worker process can use its device no more */
	REASON_WEDGE,	     /* a device is unusable */
	REASON_PEER,	     /* another rank of its gang is the cause */
	REASON_DEVICE_BUSY,  /* somebody else has the device, or it is short of something */
	REASON_NO_DEVICE,    /* no usable device is left for it */
	REASON_QUEUE_TIMEOUT,  /* it waited too long for devices */
	REASON_BREAKS_DEVICES, /* it ended alike on two devices: the job, and not the devices */
	REASON_COUNT
};

/* Whose fault. The exit code of a run goes by the classes of its root causes. */
enum job_class { CLASS_NONE, CLASS_JOB, CLASS_INFRA, CLASS_DEPENDENCY, CLASS_USER, CLASS_COUNT };

/* Marks on a result; never states of their own. */
#define MARK_FLAKY    1u /* passed, but not at the first attempt */
#define MARK_LEAKY    2u /* left processes that had to be killed */
#define MARK_FALLBACK 4u /* passed, but only on its fallback; not flaky then */

static inline bool job_status_is_final(enum job_status s)
{
	return s >= JOB_PASSED;
}

const char *job_status_name(enum job_status s); /* "PASSED" */
char job_status_letter(enum job_status s);	/* 'P'; unique */
const char *job_reason_name(enum job_reason r); /* "fail_pattern" */
enum job_class job_reason_class(enum job_reason r);
const char *job_class_name(enum job_class c); /* "infra" */
bool job_status_from_name(const char *name, enum job_status *ret);
bool job_reason_from_name(const char *name, enum job_reason *ret);

#endif
