/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DVSim's flows share: they read a configuration or a list of them, add defaults, apply
 * overrides, expand wildcards, and make jobs from the result.
 *
 * In flow/dv/: reading a configuration of DVSim's into a struct dv_cfg, its modes, and what
 * {wildcards} mean. Entry: dv_flow_plan(); sim/ and oneshot/ call it.
 */
#ifndef FLOW_DV_FLOW_H
#define FLOW_DV_FLOW_H

#include "dvsim/dv_block.h"
#include "flow/dv/cfg.h"

struct dv_flow {
	const char *name;
	enum dv_kind kind;
	const char *selects;	    /* what words of -x can name, for messages */
	const char *const *ignored; /* names whose values differ by job; ends in NULL */
	void (*set_defaults)(struct dv_cfg *s);
	bool (*check)(struct dv_cfg *s); /* before wildcards are expanded; or NULL */
	/* Starts the commands that make() needs. They are waited for before make(). Or NULL. */
	void (*begin)(struct dv_cfg *s, struct plan *plan);
	/* Makes the jobs of an expanded configuration, or calls s->options->list if it is set. */
	void (*make)(struct dv_cfg *s, struct plan *plan);
};

/* flow_type.limit_time of these flows (job/rules.c). */
void dv_limit_time(struct job_rules *rules, const struct flow_options *options);
/* The plan of a configuration or of a list of them; NULL after errors. */
struct plan *dv_flow_plan(const struct dv_flow *flow, struct cfg *c,
			  const struct flow_options *options, struct diags *diags);

#endif
