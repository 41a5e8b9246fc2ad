/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reads measures in what a job left. A flow has readers of its own; rules and steps call them
 * by name, because they travel to other processes, and who runs jobs finds them by it. A reader
 * runs where the job ran: in a slot.
 */
#ifndef JOB_JOB_READER_H
#define JOB_JOB_READER_H

#include <sys/types.h>

#include "base/error.h"
#include "job/job_result.h"

/* A job that has ended. */
struct job_left {
	const char *tool; /* the rules'; or NULL */
	const char *path; /* the steps' read_path; NULL for a reader of the log */
	int log_fd;
	off_t log_start; /* what the job itself wrote begins here */
};

struct job_reader {
	const char *name;
	/* Sets some of ret->measures, with texts in job_outcome_mem(ret), and nothing else. -1 with
	 * err: what must be there is not, which fails the job. */
	int (*read)(const struct job_left *left, struct job_outcome *ret, struct error *err);
};

/* NULL: there is none of this name. */
typedef const struct job_reader *job_reader_find(const char *name);

#endif
