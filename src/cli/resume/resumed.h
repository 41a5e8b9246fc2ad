/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run that is resumed: which results are taken over, and the messages about it.
 *
 * In cli/resume/: what a run takes over from an earlier one (resumed.h), and that run for
 * --skip-passed (skip_passed.h).
 */
#ifndef CLI_RESUME_RESUMED_H
#define CLI_RESUME_RESUMED_H

#include <stdbool.h>

#include "cli/args/options.h"
#include "resume/resume.h"
#include "scheduler/sched.h"

struct resumed {
	struct resume resume;
	struct resume_options options;
	const char *id;
	bool is_other; /* --skip-passed: this run does not go on with it, and only uses its passes
			*/
	bool wants_explanation, is_dry_run;
	bool is_over;  /* it ended by itself: if nothing is to run, its exit code is used */
	int exit_code; /* of the run, if is_over */
};

/* Reads --accept. */
void resumed_read_accepted(const struct args *args, struct resumed *r, struct diags *diags);
/* Before the plan is used: makes the resumed run its parent, with the same directories. */
void resumed_prepare(const struct resumed *r, struct plan *plan);
/* Ends processes of that run that still live; a dry run only says that it would. Returns
 * EXIT_PASSED; EXIT_USAGE if the run itself still goes; EXIT_INFRA if some cannot be ended. */
int resumed_end_survivors(const struct resumed *r);
/*
 * After sched_load(): decides which jobs are taken over, and passes their results to s. false:
 * nothing is to run, because all passed or it is a dry run; *ret_code is the exit code.
 */
bool resumed_apply(struct resumed *r, const struct sources *now, struct sched *s, int *ret_code);

/* Adds a warning if the record of the run was not read to its end: jobs may then run again that had
 * passed. */
void resumed_warn_of_damage(const struct resumed *r, struct diags *diags);

#endif
