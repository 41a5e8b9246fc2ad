/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the native flows (jobs, cases) have in common at the top of a configuration.
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

/* A load with its words; -D is known. native_done() ends it. */
void native_init(struct load *l, struct cfg *c, const struct flow_options *options,
		 struct diags *diags);
void native_done(struct load *l);
/* `overrides`. 0, or -1 after errors. */
int native_override(struct load *l);
/* {words} in `backends`, and which backends there are then: before any settings are read. */
void native_read_backends(struct load *l, const struct flow_options *options);

/* flow_replace_words() of these flows. */
void native_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
			  struct diags *diags);

/* f is the root's. Keys: name. */
void native_read_name(struct load *l, struct cfg_fields *f, struct native_top *top);
/* Settings for many jobs; what: the key, for messages. Read over *ret. */
void native_read_defaults(struct load *l, struct hjson_node *node, const char *what,
			  struct settings *ret);
/* Keys: resources, backends, keep_runs, passed_links. */
void native_read_machines(struct load *l, struct cfg_fields *f, struct native_top *top);
/* A plan without jobs. */
struct plan *native_plan(struct load *l, const char *flow, const struct native_top *top,
			 const struct flow_options *options);

#endif
