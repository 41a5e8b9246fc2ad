/* SPDX-License-Identifier: Apache-2.0 */
/* Some shell commands side by side, each in its own process group, with limits. */
#ifndef CONFIG_SHELL_H
#define CONFIG_SHELL_H

#include "config/eval.h"

enum { SHELLS_MOST = 16 };

struct shell_limits {
	unsigned at_once; /* at least 1; more than SHELLS_MOST is SHELLS_MOST */
	double timeout_s; /* of each command */
	size_t output_most;
};

/* Runs n commands; all are done at the end. */
void shells_run(struct eval *const *evals, size_t n, const struct shell_limits *limits);

#endif
