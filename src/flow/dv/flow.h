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
#include "flow/dv/readers.h"
#include "flow/dv/words.h"

/* The members of flow_type that are the same in all of DVSim's flows. */
#define DV_FLOW_TYPE                                                     \
	.kind = FLOW_DVSIM, .readers = dv_readers, .make = dv_flow_plan, \
	.replace_words = dv_replace_words, .limit_time = dv_limit_time

/* flow_type.dv: what differs between them. */
struct dv_flow {
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
void dv_limit_time(struct job_rules *rules, const struct flow_options *options, struct arena *mem);
/* flow_type.make of these flows: the plan of a configuration or of a list of them. */
struct plan *dv_flow_plan(const struct flow_type *type, struct cfg *c,
			  const struct flow_options *options, struct diags *diags);

#endif
