/* SPDX-License-Identifier: Apache-2.0 */
/* The run that is resumed: what of it is taken over, and what users are told of that. */
#ifndef CLI_RUN_RESUMED_H
#define CLI_RUN_RESUMED_H

#include <stdbool.h>

#include "resume/resume.h"
#include "scheduler/sched.h"

struct resumed {
	struct resume resume;
	struct resume_options options;
	const char *id;
	bool wants_explanation, is_dry_run;
	bool is_over;  /* it ended by itself: if nothing is to run, its exit code still holds */
	int exit_code; /* then */
};

/* Before anything is made of the plan: it goes on with r, in the same places. */
void resumed_prepare(const struct resumed *r, struct plan *plan);
/*
 * After sched_load(): decides, and tells s of it. false: there is nothing to run, or it was only
 * asked; *ret_code is the exit code.
 */
bool resumed_apply(struct resumed *r, const struct sources *now, struct sched *s, int *ret_code);

#endif
