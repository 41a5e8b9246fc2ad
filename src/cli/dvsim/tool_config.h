/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dvsim.hjson: what a work place says of itself, so that nobody has to repeat it on each command
 * line. Only for DVSim's flows. Keys: proj_root; fusesoc: { mapping, extra_cores_root }.
 */
#ifndef CLI_DVSIM_TOOL_CONFIG_H
#define CLI_DVSIM_TOOL_CONFIG_H

#include "cli/args/options.h"

struct tool_config {
	const char *path;      /* NULL: there is none */
	const char *proj_root; /* absolute; NULL: not given */
	/* The file's, then the command line's; NULL-terminated, never NULL. */
	const char *const *mappings; /* "OLD=NEW" or "NEW" */
	const char *const *roots;
};

/* Finds it, reads it, adds the command line. Returns 0, or -1 after errors. */
int tool_config_read(const struct args *args, struct tool_config *ret, struct diags *diags);

#endif
