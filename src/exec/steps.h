/* SPDX-License-Identifier: Apache-2.0 */
/* In a slot: steps before and after a job's process, only on paths that struct confine allows. */
#ifndef EXEC_STEPS_H
#define EXEC_STEPS_H

#include <sys/types.h>

#include "base/confine.h"
#include "job/job_reader.h"
#include "job/job_result.h"
#include "job/job_spec.h"

/* Writes the file of a step, before the process starts; the job's directory must exist. Here and
 * below, steps may be NULL. Returns 0, or -1 with err. */
int steps_write(struct confine *c, const struct job_steps *steps, struct error *err);
/* Removes steps->remove_before (into the trash). Call it before steps_write(). */
int steps_remove(struct confine *c, const struct job_steps *steps, struct error *err);

/* A job that has ended. */
struct steps_job {
	const struct job_rules *rules;
	const struct job_steps *steps;
	job_reader_find *find_reader;
	int log_fd;	 /* -1: there is no log */
	off_t log_start; /* where the output of the job begins */
};

/* Reads the measures into *outcome. A reader that fails makes a passed job fail. */
void steps_measure(const struct steps_job *job, struct job_outcome *outcome);
/* Removes steps->remove_unless_passed if the job did not pass. result: the final one. */
void steps_clean(struct confine *c, const struct job_steps *steps, const struct job_result *result);

#endif
