/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What run, list, plan and config do first: command line -> configuration -> plan.
 *
 * In cli/load/: finding the configuration and the scratch root, jobs of an earlier run, limits,
 * pools of devices, exit codes. Entry: load_plan().
 */
#ifndef CLI_LOAD_LOAD_H
#define CLI_LOAD_LOAD_H

#include "cli/args/options.h"
#include "cli/load/outcome.h"
#include "config/config.h"
#include "job/job_spec.h"

/* cfg outlives plan: positions point into it. */
struct loaded {
	struct cfg *cfg; /* of `run -- CMD`: its pools of devices; NULL: it needs none */
	struct plan *plan;
	struct diags diags;
};

/* The options that every command takes: log level and file, colour. Returns 0, or -1 after errors.
 */
int load_common(const struct args *args, struct diags *diags);
bool load_wants_color(const struct args *args, int fd);

struct cfg *load_cfg(const struct args *args, struct diags *diags);
/* The configuration at path, for who wants its settings and no plan: overrides applied, wildcards
 * of DVSim's flows expanded where that can be. */
struct cfg *load_cfg_settings(const struct args *args, const char *path, struct diags *diags);

/* Fills l; returns EXIT_PASSED or the exit code, with all diagnostics printed. load_done() in any
 * case. */
int load_plan(const struct args *args, struct loaded *l);
/* Prints and forgets what is in l->diags so far; returns EXIT_USAGE if there were errors. */
int load_report(const struct args *args, struct loaded *l);
void load_done(struct loaded *l);

#endif
