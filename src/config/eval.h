/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What {eval_cmd} runs: /bin/sh -c in the current directory, each command once per load.
 * Commands that do not need each other's output are put on a list and run side by side.
 */
#ifndef CONFIG_EVAL_H
#define CONFIG_EVAL_H

#include "base/str.h"

struct evals;

struct eval {
	char *cmd;
	struct str out; /* stdout and stderr, line ends as LF, the last one removed */
	char *why;	/* what went wrong; NULL: nothing */
	int status;	/* if something did: the exit status, 128 + signal, or 1 */
	bool is_done;
};

struct evals *evals_new(void);
void evals_free(struct evals *e); /* accepts NULL */
/* The command's result, or NULL: it has not run. */
const struct eval *evals_find(const struct evals *e, const char *cmd);
/* Puts a command on the list of those to run, once. */
void evals_want(struct evals *e, const char *cmd);
bool evals_are_wanted(const struct evals *e); /* the list is not empty */
/* Runs all that are on the list, as many at a time as there are processors. */
void evals_run(struct evals *e);

#endif
