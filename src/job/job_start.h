/* SPDX-License-Identifier: Apache-2.0 */
/* The start of an attempt, as it is sent to the process that runs the job: the fields that slots
 * and device workers have in common. */
#ifndef JOB_JOB_START_H
#define JOB_JOB_START_H

#include "base/wire.h"
#include "job/job_spec.h"

/* Strings point into the frame; the array is malloc()ed. */
struct job_start {
	uint32_t rules; /* their place: job_wire_place_rules() */
	uint32_t attempt;
	bool has_attempt;
	const char *id, *command;
	const char *odir, *log_path; /* odir NULL: the run has neither */
	const char *const *env;	     /* overrides all other variables; NULL-terminated */
	size_t n_env;
};

/* Appends the fields, without a frame around them. env: NULL-terminated; NULL: none. */
void job_start_put(struct str *b, uint32_t place, const struct job_spec *spec, uint32_t attempt,
		   const char *const *env);
/* false: the frame was not made by job_start_put(). Call job_start_done() also then. */
bool job_start_take(struct wire *w, struct job_start *ret);
void job_start_done(struct job_start *s);

#endif
