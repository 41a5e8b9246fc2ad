/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first steps of run, list, plan and config: command line -> configuration -> plan.
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
#include "run/past_run.h"

/* cfg outlives plan: positions point into it. */
struct loaded {
	struct cfg *cfg; /* for `run -- CMD`: its pools of devices; NULL: none */
	struct plan *plan;
	struct past_run reused; /* --skip-passed: the run with the passes; id NULL: none */
	struct diags diags;
};

/* The options that every command takes: log level and file, colour. Returns 0, or -1 after errors.
 */
int load_common(const struct args *args, struct diags *diags);
bool load_wants_color(const struct args *args, int fd);

struct cfg *load_cfg(const struct args *args, struct diags *diags);
/* The configuration at path, for its settings and not for a plan: overrides are applied, and
 * wildcards of DVSim's flows are expanded where possible. NULL after errors. */
struct cfg *load_cfg_settings(const struct args *args, const char *path, struct diags *diags);

/* Fills l and prints all diagnostics. Returns EXIT_PASSED or the exit code. Call load_done() in any
 * case. */
int load_plan(const struct args *args, struct loaded *l);
/* Prints and clears l->diags. Returns EXIT_PASSED; after errors EXIT_USAGE, or EXIT_INFRA if all of
 * them are of infrastructure. */
int load_report(const struct args *args, struct loaded *l);
void load_done(struct loaded *l);

#endif
