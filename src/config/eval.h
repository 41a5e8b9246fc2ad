/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the commands of {eval_cmd} with /bin/sh -c in the current directory, each one once per load.
 * Commands that do not need each other's output run in parallel, also while dvsched does other
 * work. Simple text commands (config/text_command.h) run without a shell.
 */
#ifndef CONFIG_EVAL_H
#define CONFIG_EVAL_H

#include "base/str.h"

struct evals;

struct eval {
	char *cmd;
	struct str out; /* stdout and stderr, line ends as LF, without the last one */
	char *why;	/* the error; NULL: none */
	int status;	/* after an error: the exit status, 128 + signal, or 1 */
	size_t number;	/* its index in the order of evals_want() */
	bool is_done;
};

struct evals *evals_new(void);
void evals_free(struct evals *e); /* accepts NULL */
/* The command's result; NULL if it was not waited for yet, even if it has ended: behaviour must not
 * depend on how fast commands are. */
const struct eval *evals_find(const struct evals *e, const char *cmd);
/* Runs a command, unless it was wanted before. It starts now, or when other commands have ended. */
void evals_want(struct evals *e, const char *cmd);
/* Number of commands wanted so far. */
size_t evals_wanted(const struct evals *e);
/* Waits until the first n commands have ended. */
void evals_wait(struct evals *e, size_t n);
/* The total time spent in evals_wait(). */
double evals_waited_s(const struct evals *e);
bool evals_are_open(const struct evals *e); /* some wanted commands were not waited for */
/* Waits for all wanted commands. */
void evals_run(struct evals *e);

#endif
