/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of jobs: the part shared by jobs with the same rules, and the variables of each
 * attempt. */
#ifndef WORKSPACE_JOB_ENV_H
#define WORKSPACE_JOB_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "job/job_spec.h"

/* Number of variables per attempt: DVSCHED_JOB, DVSCHED_ATTEMPT, DVSCHED_ODIR, DVSCHED_NEEDS. */
enum { JOB_ENV_OWN = 4 };

/* a and b, both "NAME=VALUE", have the same NAME. */
bool job_env_is_same_name(const char *a, const char *b);
/* Returns base with the variables of the rules on top, without those of JOB_ENV_OWN:
 * a malloc()ed array with room for these and a NULL. Its strings are borrowed.
 * *ret_n: the number of variables. */
const char **job_env_merge(const char *const *base, const struct job_rules *r, size_t *ret_n);

struct job_env_run {
	const char *id;
	uint32_t attempt;
	const char *odir; /* NULL: no directory, and no DVSCHED_NEEDS */
	bool has_needs_file;
};
/* Sets ret to the variables of JOB_ENV_OWN, which the caller must free(). Returns how many. */
size_t job_env_make_own(const struct job_env_run *run, char *ret[JOB_ENV_OWN]);

#endif
