/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What {eval_cmd} runs: /bin/sh -c in the current directory, each command once per load. Those that
 * do not need each other's output run side by side, and while we do other work. What a text command
 * (config/text_command.h) can do needs no shell.
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
	size_t number;	/* how many were wanted before it */
	bool is_done;
};

struct evals *evals_new(void);
void evals_free(struct evals *e); /* accepts NULL */
/* The command's result, or NULL: nobody has waited for it yet. (It may be done: what happens must
 * not depend on how fast commands are.) */
const struct eval *evals_find(const struct evals *e, const char *cmd);
/* A command that is to run, once: it begins at once or when others have ended. */
void evals_want(struct evals *e, const char *cmd);
/* How many commands were wanted so far. */
size_t evals_wanted(const struct evals *e);
/* Waits until the first n of them are done. */
void evals_wait(struct evals *e, size_t n);
/* How long that took, all in all. */
double evals_waited_s(const struct evals *e);
bool evals_are_open(const struct evals *e); /* nobody has waited for one that is wanted */
/* Waits for all that are wanted. */
void evals_run(struct evals *e);

#endif
