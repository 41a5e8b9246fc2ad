/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The top-level keys that the native flows (jobs, cases) share.
 *
 * In flow/native/: entries and their settings, dependencies, jobs out of sweeps, and the plan
 * of a single command. Entries: flow_jobs (jobs.c), flow_plan_command().
 */
#ifndef FLOW_NATIVE_NATIVE_H
#define FLOW_NATIVE_NATIVE_H

#include "flow/native/settings.h"

struct native_top {
	struct text name;
	const struct resource_limit *limits;
	uint32_t n_limits, keep_runs;
	bool has_passed_links;
};

/* Begins a load, with the values of -D, {scratch} and {cfg_dir}. native_done() ends it. */
void native_init(struct load *l, struct cfg *c, const struct flow_options *options,
		 struct diags *diags);
void native_done(struct load *l);
/* Applies `overrides`. Returns 0, or -1 after errors. */
int native_override(struct load *l);
/* Replaces {words} in `backends` and reads the roster. Call it before settings are read. */
void native_read_backends(struct load *l, const struct flow_options *options);

/* flow_replace_words() of these flows. */
void native_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
			  struct diags *diags);

/* Reads `name`. f: the fields of the root. */
void native_read_name(struct load *l, struct cfg_fields *f, struct native_top *top);
/* Reads settings for many jobs over *ret. what: the key of node, for messages. */
void native_read_defaults(struct load *l, struct hjson_node *node, const char *what,
			  struct settings *ret);
/* Reads `resources`, `keep_runs` and `passed_links`, and checks `backends`. */
void native_read_machines(struct load *l, struct cfg_fields *f, struct native_top *top);
/* A new plan without jobs, for the caller to free. */
struct plan *native_plan(struct load *l, const char *flow, const struct native_top *top,
			 const struct flow_options *options);

#endif
