/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an end on a device means for the job, the worker and the device: one table, device_class.c.
 *
 * In device/: this table, and directories for all the rest. A device is opened with worker/worker.h
 * and found with probe/probe.h.
 */
#ifndef DEVICE_DEVICE_CLASS_H
#define DEVICE_DEVICE_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#include "dvsched/driver.h"
#include "job/job_status.h"

enum device_mark {
	MARK_NONE,
	MARK_ONE,	  /* counts towards quarantine */
	MARK_IF_TWO_JOBS, /* counts only if two different jobs end like this on the device */
	MARK_QUARANTINE,  /* at once; the rest of its fault domain becomes suspect */
};

struct class_fate {
	const char *name; /* "poison" */
	enum job_status status;
	enum job_reason reason;
	bool is_counted;	/* the attempt counts against the job's retries */
	bool worker_goes_on;	/* false: the process is ended and replaced */
	bool probe_before_next; /* the device is probed before it gets another job */
	enum device_mark mark;
};

const struct class_fate *device_class_fate(enum dvs_class c);
const char *device_class_name(enum dvs_class c);
bool device_class_from_name(const char *name, enum dvs_class *ret);

#endif
