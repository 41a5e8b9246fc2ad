/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dvsched backends`: lists backends, and checks one with a small job.
 *
 * In cli/backends/: cmd_backends.c, the command and its list; check_backend.c, the check.
 */
#ifndef CLI_BACKENDS_BACKENDS_CMD_H
#define CLI_BACKENDS_BACKENDS_CMD_H

#include "cli/args/options.h"
#include "flow/roster.h"

int cmd_backends(const struct args *args);

/* Runs small jobs on the backend e of r, prints a line per fact, and returns the exit code. type:
 * the name of its type. */
int check_backend(const struct args *args, const struct roster *r, const struct roster_entry *e,
		  const char *type);

#endif
