/* SPDX-License-Identifier: Apache-2.0 */
/* What a run comes to: one outcome, one exit code. */
#ifndef CLI_LOAD_OUTCOME_H
#define CLI_LOAD_OUTCOME_H

#include "cli/args/options.h"
#include "scheduler/sched.h"

/* Exit codes: docs/reference/results.md. */
enum {
	EXIT_PASSED = 0,
	EXIT_SOME_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INFRA = 3,
	EXIT_OUR_BUG = 70,
	EXIT_DEADLINE = 124,
	EXIT_BY_SIGNAL = 128, /* + its number */
};

struct outcome {
	const char *name; /* "passed", "failed", "infra", "interrupted", "deadline" */
	int exit_code;
};

/* signum: the signal that ended the run, 0: none. By root causes: what was cancelled because of
 * another never counts. */
struct outcome outcome_of(const struct sched *s, int signum, bool is_past_deadline);

/* What DVSim's exit codes depend on beyond ours; a command fills it in. */
struct outcome_facts {
	int eval_status;    /* of an {eval_cmd} that ended the load; 0: none did */
	bool is_formal_run; /* jobs of the formal flow were run, and their results written */
};

/*
 * The exit code for the shell, of the one that a command came to: itself, or under the name dvsim
 * what DVSim would have said (docs/reference/exit-codes.md has the table).
 */
int outcome_shell_code(const struct args *args, int exit_code);

#endif
