/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a driver keep the rules of dvsched/driver.h? The check runs in a process of its own, call by
 * call, so a driver that crashes, or never returns, only fails the check. Blocking.
 *
 * In device/check/: the steps of a check. Entries: device_check(), and check_driver() in the other
 * process.
 */
#ifndef DEVICE_CHECK_CHECK_H
#define DEVICE_CHECK_CHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "dvsched/driver.h"

enum check_verdict { CHECK_GOOD, CHECK_BAD, CHECK_SKIPPED };

struct driver_check {
	const char *driver;  /* a name or a path */
	const char *options; /* JSON; NULL: {} */
	const char *job;     /* JSON of a job that passes; NULL: {} */
	int32_t device;
	const char *state_dir; /* records files that the driver may leave; NULL: none */
	double limit_s;	       /* for each step */
	/* Called once for each check. why: NULL if it is good. */
	void (*line)(void *ctx, enum check_verdict v, const char *what, const char *why);
	void *ctx;
};

/* 0: all steps were taken, whatever their verdicts. -1 with err: the driver is missing or of
 * another ABI, or it crashed or never returned. */
int device_check(const struct driver_check *c, struct error *err);

/* The other side, in the probe's process. */
typedef void check_stage(const char *text);
typedef void check_line(enum check_verdict v, const char *what, const char *why);
void check_driver(const struct dvs_driver *d, const char *options, const char *job, int32_t device,
		  check_stage *stage, check_line *line);

#endif
