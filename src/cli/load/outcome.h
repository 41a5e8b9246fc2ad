/* SPDX-License-Identifier: Apache-2.0 */
/* The outcome of a run and its exit code. */
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

/* signum: the signal that ended the run, 0: none. Root causes decide: jobs that were cancelled
 * because of another one never count. */
struct outcome outcome_of(const struct sched *s, int signum, bool is_past_deadline);

/* Further facts that DVSim's exit codes depend on; a command fills them in. */
struct outcome_facts {
	int eval_status;    /* of an {eval_cmd} that ended the load; 0: none */
	bool is_formal_run; /* jobs of the formal flow were run, and their results written */
};

/*
 * The exit code for the shell. exit_code: that of a command. It is returned as it is or, under the
 * name dvsim, converted to DVSim's (docs/reference/exit-codes.md has the table).
 */
int outcome_shell_code(const struct args *args, int exit_code);

#endif
