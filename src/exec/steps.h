/* SPDX-License-Identifier: Apache-2.0 */
/* In a slot: what is done around a job's process, inside the fence only. */
#ifndef EXEC_STEPS_H
#define EXEC_STEPS_H

#include <sys/types.h>

#include "base/confine.h"
#include "job/job_reader.h"
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
	job_reader_find *find_reader;
	int log_fd;	 /* -1: there is no log */
	off_t log_start; /* what the job itself wrote begins here */
};

/* Measures, and what a step that fails makes of the verdict in *outcome. */
void steps_measure(const struct steps_job *job, struct job_outcome *outcome);
/* With the final verdict. */
void steps_clean(struct confine *c, const struct job_steps *steps, const struct job_result *result);

#endif
