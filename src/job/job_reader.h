/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers extract measures (times, coverage) from the log or other files of a job. Each flow has
 * its own readers. Rules and steps refer to a reader by name, because they are sent to the process
 * that runs the job (a slot); that process finds the reader by its name and calls it.
 */
#ifndef JOB_JOB_READER_H
#define JOB_JOB_READER_H

#include <sys/types.h>

#include "base/error.h"
#include "job/job_result.h"

/* What a reader gets of a job that has ended. */
struct job_left {
	const char *tool; /* job_rules.tool, or NULL */
	const char *path; /* job_steps.read_path; NULL for a reader of the log */
	int log_fd;
	off_t log_start; /* offset of the job's own output in the log */
};

struct job_reader {
	const char *name;
	/* Sets members of ret->measures only, with texts in job_outcome_mem(ret). Returns 1 if it
	 * found any measure, 0 if none; or -1 with err if a required file or value is missing,
	 * which fails the job. */
	int (*read)(const struct job_left *left, struct job_outcome *ret, struct error *err);
};

/* Returns NULL if there is no reader of this name. */
typedef const struct job_reader *job_reader_find(const char *name);

#endif
