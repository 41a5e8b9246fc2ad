/* SPDX-License-Identifier: Apache-2.0 */
/* In a process that runs jobs: what jobs of one kind share, as it came over the wire, and what is
 * made of it once. */
#ifndef JUDGE_JOB_KIND_H
#define JUDGE_JOB_KIND_H

#include "base/wire.h"
#include "job/job_spec.h"
#include "judge/job_log.h"
#include "judge/verdict.h"

struct job_kind {
	struct job_rules job;
	char *frame; /* what job's strings point into */
	/* job_env_merge()'s. */
	const char **env;
	size_t n_env;
	/* ---- made when a verdict needs it first ---- */
	bool is_compiled;
	struct pattern_code **pass, **fail;
	const char **pass_texts;
};

/* Takes a copy of the frame's fields into table, which has JOB_WIRE_PLACES. false: not a frame that
 * we know. */
bool job_kind_take(struct job_kind *table, struct wire *w, const char *const *base_env);
void job_kind_free(struct job_kind *r);
/* -1 with err: one does not compile (which the load should have told). */
int job_kind_compile(struct job_kind *r, struct error *err);
/* verdict_decide() under these rules. -1 with err: a pattern does not compile. */
int job_kind_judge(struct job_kind *r, const struct ending *end, struct job_log *log,
		   struct job_outcome *ret, struct error *err);

#endif
