/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that jobs of one kind share, and what each run has of its own beside it. */
#ifndef WORKSPACE_JOB_ENV_H
#define WORKSPACE_JOB_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "job/job_spec.h"

/* What is added for each job: DVSCHED_JOB, DVSCHED_ATTEMPT, DVSCHED_ODIR, DVSCHED_NEEDS. */
enum { JOB_ENV_OWN = 4 };

/* "NAME=VALUE", of one NAME. */
bool job_env_is_same_name(const char *a, const char *b);
/* base with the rules' variables over it, without those of JOB_ENV_OWN. A malloc()ed array with
 * room for these and a NULL; its strings are borrowed. */
const char **job_env_merge(const char *const *base, const struct job_rules *r, size_t *ret_n);

struct job_env_run {
	const char *id;
	uint32_t attempt;
	const char *odir; /* NULL: it has none, and no DVSCHED_NEEDS */
	bool has_needs_file;
};
/* The variables of JOB_ENV_OWN for one run, malloc()ed. Returns how many. */
size_t job_env_make_own(const struct job_env_run *run, char *ret[JOB_ENV_OWN]);

#endif
