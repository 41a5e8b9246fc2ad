/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with the headers that it needs before it, and a tally that tests fill. */
#ifndef TESTS_UNIT_PRINTERS_UNIT_H
#define TESTS_UNIT_PRINTERS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "printers/tally.h"

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* A target of so many jobs that are all SCHEDULED. */
static inline void add_target(struct tally *t, const char *name, uint32_t n)
{
	uint32_t counts[JOB_STATUS_COUNT] = {[JOB_SCHEDULED] = n};

	tally_add_target(t, name, counts);
}

/* Job n of the target goes from one status to another. */
static inline bool change(struct tally *t, uint32_t n, uint32_t target, enum job_status was,
			  enum job_status is, double now)
{
	static char ids[64][16];
	struct tally_job job = {.id = ids[n % 64],
				.log_path = "/s/log",
				.started_s = now,
				.n = n,
				.target = target,
				.status = is};

	snprintf(ids[n % 64], sizeof(ids[0]), "job_%u", n);
	if (is == JOB_FAILED) {
		job.reason = REASON_EXIT;
		job.message = "exit 1";
	}
	return tally_change(t, &job, was, now);
}

static inline void start(struct tally *t, uint32_t n, uint32_t target, double now)
{
	change(t, n, target, JOB_SCHEDULED, JOB_QUEUED, now);
	change(t, n, target, JOB_QUEUED, JOB_RUNNING, now);
}

#endif
