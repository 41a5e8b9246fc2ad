/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of jobs, for slots and for device workers: the part shared by jobs with the same
 * rules, and that of each run. */
#ifndef WORKSPACE_JOB_ENV_H
#define WORKSPACE_JOB_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"
#include "job/job_spec.h"
#include "job/job_start.h"

/* Returns base with the variables of the rules on top, without those that each attempt has
 * (DVSCHED_JOB, …), in a malloc()ed array that ends in NULL. Its strings are borrowed. */
const char **job_env_merge(const char *const *base, const struct job_rules *r);

/* One run of a job: an attempt, or one rank of it. */
struct job_env_run {
	const struct job_start *start; /* without a directory there is no DVSCHED_NEEDS */
	bool has_needs_file;
	/* Variables that override all others, with those of start. "NAME" without '=': NAME is not
	 * set. */
	const char *const *extra;
	size_t n_extra;
};

struct job_env {
	const char **at; /* NULL-terminated */
	VEC(char *) own; /* those of its strings that are not borrowed */
};

/* The environment of a run: kind (NULL-terminated, from job_env_merge()), DVSCHED_JOB, _ATTEMPT,
 * _ODIR and _NEEDS, those of run->start, and run->extra. The strings of kind are borrowed, all
 * others are copied. */
void job_env_make(struct job_env *ret, const char *const *kind, const struct job_env_run *run);
void job_env_done(struct job_env *e);

#endif
