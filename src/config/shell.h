/* SPDX-License-Identifier: Apache-2.0 */
/* Shell commands side by side, each in its own process group, with limits, while we do other work.
 */
#ifndef CONFIG_SHELL_H
#define CONFIG_SHELL_H

#include "config/eval.h"

enum { SHELLS_MOST = 16 };

struct shell_limits {
	unsigned at_once; /* at least 1; more than SHELLS_MOST is SHELLS_MOST */
	double timeout_s; /* of each command */
	size_t output_most;
};

struct shells;

struct shells *shells_new(const struct shell_limits *limits);
/* Ends what still runs; accepts NULL. */
void shells_free(struct shells *s);
/* Runs the command as soon as there is a place: now, in shells_turn(), or in shells_wait(). */
void shells_add(struct shells *s, struct eval *v);
/* Reads what has been said so far and gives free places away; does not wait. */
void shells_turn(struct shells *s);
/* Until the first n of those that were added are done. */
void shells_wait(struct shells *s, size_t n);

#endif
