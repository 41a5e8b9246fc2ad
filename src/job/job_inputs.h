/* SPDX-License-Identifier: Apache-2.0 */
/* What a job reads, if its configuration says so: decides whether an earlier pass is still valid.
 */
#ifndef JOB_INPUTS_H
#define JOB_INPUTS_H

struct job_inputs {
	const char *const
		*files;		/* absolute paths of files and directories, and globs; with NULL */
	const char *const *env; /* names of variables of dvsched's environment; with NULL */
};

#endif
