/* SPDX-License-Identifier: Apache-2.0 */
/* In a slot: what is done around a job's process, inside the fence only. */
#ifndef EXEC_STEPS_H
#define EXEC_STEPS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/confine.h"
#include "job/job_result.h"
#include "job/job_spec.h"

/* Before the process; the job's directory is there. steps: NULL is accepted here and below. */
int steps_write(struct confine *c, const struct job_steps *steps, struct error *err);
/* Before that: what must not be there. */
int steps_remove(struct confine *c, const struct job_steps *steps, struct error *err);

/* A job that has ended. */
struct steps_job {
	const struct job_rules *rules;
	const struct job_steps *steps;
	int log_fd;	 /* -1: there is no log */
	off_t log_start; /* what the job itself wrote begins here */
};

/*
 * Measures, and what a step that fails makes of the verdict in *result. ret->coverage is in mem.
 * result->message is malloc()ed, as the verdict's is.
 */
void steps_measure(const struct steps_job *job, struct arena *mem, struct job_measures *ret,
		   struct job_result *result);
/* With the final verdict. */
void steps_clean(struct confine *c, const struct job_steps *steps, struct job_result *result);

#endif
