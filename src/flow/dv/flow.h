/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DVSim's flows have in common: one configuration or a list of others, defaults below the
 * files, overrides, wildcards, and jobs out of what is left.
 *
 * In flow/dv/: reading a configuration of DVSim's into a struct dv_cfg, its modes, and what
 * {wildcards} mean. Entry: dv_flow_plan(); sim/ and oneshot/ call it.
 */
#ifndef FLOW_DV_FLOW_H
#define FLOW_DV_FLOW_H

#include "flow/dv/cfg.h"
#include "job/dv_block.h"

struct dv_flow {
	const char *name;
	enum dv_kind kind;
	const char *selects;	    /* what words of -x mean, for messages */
	const char *const *ignored; /* names that get their values job by job; ends in NULL */
	void (*set_defaults)(struct dv_cfg *s);
	bool (*check)(struct dv_cfg *s); /* before wildcards are expanded; or NULL */
	/* All before make() that has commands run, which are then waited for; or NULL. */
	void (*begin)(struct dv_cfg *s, struct plan *plan);
	/* Jobs of a configuration that is read and expanded; or what it has, if s->options->list.
	 */
	void (*make)(struct dv_cfg *s, struct plan *plan);
};

/* The plan of a configuration or of a list of them; NULL after errors. */
struct plan *dv_flow_plan(const struct dv_flow *flow, struct cfg *c,
			  const struct flow_options *options, struct diags *diags);

#endif
