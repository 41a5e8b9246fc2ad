/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of a job's dependencies, written to a file in the job's directory with one JSON
 * object per line. docs/reference/config.md describes the file.
 */
#ifndef JOB_NEEDS_H
#define JOB_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "job/job_status.h"

#define JOB_NEEDS_NAME "needs.jsonl"

struct job_need {
	const char *id;
	enum job_status status;
	const char *odir;
	const char *log; /* NULL: the job has not run; a log at that place is from an earlier run */
	const char *seed; /* digits, or NULL */
};

/* A list of dependencies, read one by one. The texts from get() are valid as long as the list, and
 * until room changes: get() writes texts that the list does not have into room. */
struct job_needs {
	uint32_t n;
	bool may_repeat; /* a job may be in the list twice; it is written once */
	void (*get)(const void *ctx, uint32_t i, struct str *room, struct job_need *ret);
	const void *ctx;
};

#endif
