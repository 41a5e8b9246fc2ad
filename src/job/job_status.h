/* SPDX-License-Identifier: Apache-2.0 */
/* States of a job, reasons for them, and classes of reasons. Their names are in the tables of
 * job_status.c. */
#ifndef JOB_STATUS_H
#define JOB_STATUS_H

#include <stdbool.h>

/* The six public states. Details are in the reason. */
enum job_status {
	JOB_SCHEDULED, /* waits for its dependencies */
	JOB_QUEUED,    /* may run as soon as its backend and resources have room */
	JOB_RUNNING,
	JOB_PASSED,
	JOB_FAILED,
	JOB_KILLED, /* by dvsched: timeout, a signal to the run, a failed dependency */
	JOB_STATUS_COUNT
};

/* Why a job has the status it has. In results.json by name: append only, never rename. */
enum job_reason {
	REASON_NONE,
	REASON_EXIT,		 /* non-zero exit status */
	REASON_SIGNAL,		 /* ended by a signal that dvsched did not send */
	REASON_TIMEOUT,		 /* it ran longer than its timeout */
	REASON_FAIL_PATTERN,	 /* a line of the log matched */
	REASON_MISSING_PATTERN,	 /* a pass pattern never matched */
	REASON_PATTERN_ERROR,	 /* a pattern could not be matched completely (match limit) */
	REASON_LOG_UNREADABLE,	 /* it has patterns, but the log does not exist or cannot be read */
	REASON_LEAK,		 /* it left processes, and has leak: fail */
	REASON_LOG_FLOOD,	 /* the log is larger than its limit */
	REASON_MEMORY,		 /* killed by the kernel for lack of memory */
	REASON_STALL,		 /* no progress */
	REASON_LAUNCH,		 /* could not be started: no process, log or directory */
	REASON_LOST,		 /* the process that ran it ended or was lost */
	REASON_REFUSED,		 /* its backend cannot run it */
	REASON_UNKILLABLE,	 /* it still existed after KILL */
	REASON_SCRIPTED,	 /* the fake backend's decision */
	REASON_DEPENDENCY,	 /* a dependency failed or was killed */
	REASON_ALL_DEPENDENCIES, /* none of the jobs in its needs_any passed */
	REASON_RESOURCE,	 /* it needs more of a resource than exists */
	REASON_USER,		 /* a signal to the run, or stop */
	REASON_MAX_FAILURES,	 /* --max-failures reached */
	REASON_RUN_DEADLINE,	 /* --run-deadline */
	REASON_POST_STEP,      /* passed, but a file that it must write is missing or unreadable */
	REASON_WRONG_RESULT,   /* a device ran it, and the driver's check of the result failed */
	REASON_BAD_REQUEST,    /* a driver reported the job's request as impossible */
	REASON_DEADLOCK,       /* on its devices nothing runs, and nothing can start to run */
	REASON_POISON,	       /* a worker process can no longer use its device */
	REASON_WEDGE,	       /* a device is unusable */
	REASON_PEER,	       /* another rank of its gang failed first */
	REASON_DEVICE_BUSY,    /* another process uses the device, or the device lacks a resource */
	REASON_NO_DEVICE,      /* no usable device is left for it */
	REASON_QUEUE_TIMEOUT,  /* it waited too long for devices */
	REASON_BREAKS_DEVICES, /* failed in the same way on two devices: the job is the cause */
	REASON_MEMORY_LIMIT,   /* its processes took more memory than their limit */
	REASON_PROCESS_LIMIT,  /* … were more than their limit */
	REASON_CPU_LIMIT,      /* … took more CPU time than their limit */
	REASON_CANCELLED,      /* somebody else cancelled it in its batch system */
	REASON_NODE_FAILURE,   /* the node of a cluster that ran it failed */
	REASON_PREEMPTED,      /* its batch system gave its place to another job */
	REASON_TIME_LIMIT,     /* it reached the time limit of its batch system */
	REASON_COUNT
};

/* Where the cause is. The exit code of a run depends on the classes of its root causes. */
enum job_class { CLASS_NONE, CLASS_JOB, CLASS_INFRA, CLASS_DEPENDENCY, CLASS_USER, CLASS_COUNT };

/* Marks on a result. They do not change the status. */
#define MARK_FLAKY    1u /* passed, but not at the first attempt that counts */
#define MARK_LEAKY    2u /* it left processes that had to be killed */
#define MARK_FALLBACK 4u /* passed on its fallback only; never with MARK_FLAKY */

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
