/* SPDX-License-Identifier: Apache-2.0 */
/* What a run comes to: one outcome, one exit code. */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "scheduler/sched.h"

struct outcome {
	const char *name; /* "passed", "failed", "infra", "interrupted", "deadline" */
	int exit_code;
};

/* signum: the signal that ended the run, 0: none. By root causes: what was cancelled because of
 * another never counts. */
struct outcome outcome_of(const struct sched *s, int signum, bool is_past_deadline);

#endif
