/* SPDX-License-Identifier: Apache-2.0 */
/* Runs shell commands in parallel, each in its own process group and with limits, while dvsched
 * does other work. */
#ifndef CONFIG_SHELL_H
#define CONFIG_SHELL_H

#include "config/eval.h"

enum { SHELLS_MOST = 16 };

struct shell_limits {
	unsigned at_once; /* commands at a time, at least 1; more than SHELLS_MOST counts as
			     SHELLS_MOST */
	double timeout_s; /* per command */
	size_t output_most;
};

struct shells;

struct shells *shells_new(const struct shell_limits *limits);
/* Kills running commands; accepts NULL. */
void shells_free(struct shells *s);
/* Adds v->cmd, which starts as soon as there is a free place: now, in shells_turn(), or in
 * shells_wait(). v is borrowed and gets the result. */
void shells_add(struct shells *s, struct eval *v);
/* Reads the output so far, and starts commands in free places. Does not block. */
void shells_turn(struct shells *s);
/* Blocks until the first n added commands have ended. */
void shells_wait(struct shells *s, size_t n);

#endif
