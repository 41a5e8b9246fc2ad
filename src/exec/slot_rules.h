/* SPDX-License-Identifier: Apache-2.0 */
/* In a slot: what jobs of one kind share, as it came over the wire, and what is made of it once. */
#ifndef EXEC_SLOT_RULES_H
#define EXEC_SLOT_RULES_H

#include "exec/job_log.h"
#include "exec/slot_wire.h"
#include "exec/verdict.h"

/* What is added for each job: DVSCHED_JOB, DVSCHED_ATTEMPT, DVSCHED_ODIR, DVSCHED_NEEDS. */
enum { ENV_PER_JOB = 4 };

struct slot_rules {
	struct job_rules job;
	char *frame; /* what job's strings point into */
	/* The slot's own environment with the rules' over it; room for ENV_PER_JOB and a NULL. */
	const char **env;
	size_t n_env;
	/* ---- made when a verdict needs it first ---- */
	bool is_compiled;
	struct pattern_code **pass, **fail;
	const char **pass_texts;
};

/* "NAME=VALUE", of one NAME. */
bool env_is_same_name(const char *a, const char *b);
/* Takes a copy of the frame's fields. false: not a frame that we know. */
bool slot_rules_take(struct slot_rules *table, struct wire *w, const char *const *base_env);
void slot_rules_free(struct slot_rules *r);
/* -1 with err: one does not compile (which the load should have told). */
int slot_rules_compile(struct slot_rules *r, struct error *err);
/* verdict_decide() under these rules. -1 with err: a pattern does not compile. */
int slot_rules_judge(struct slot_rules *r, const struct ending *end, struct job_log *log,
		     struct job_result *ret, struct error *err);

#endif
