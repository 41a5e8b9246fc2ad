/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dvsim.hjson: settings of a project or user, which need not be repeated on each command line. Only
 * for DVSim's flows. Keys: proj_root; fusesoc: { mapping, extra_cores_root }.
 */
#ifndef CLI_DVSIM_TOOL_CONFIG_H
#define CLI_DVSIM_TOOL_CONFIG_H

#include "cli/args/options.h"

struct tool_config {
	const char *path;      /* NULL: there is no file */
	const char *proj_root; /* absolute; NULL: not given */
	/* From the file, then from the command line; NULL-terminated, never NULL. */
	const char *const *mappings; /* "OLD=NEW" or "NEW" */
	const char *const *roots;
};

/* Finds and reads the file, and adds options of the command line. Returns 0, or -1 after errors. */
int tool_config_read(const struct args *args, struct tool_config *ret, struct diags *diags);

#endif
