/* SPDX-License-Identifier: Apache-2.0 */
/* In a process that runs jobs: the rules of jobs of one kind as received, with the data derived
 * from them. */
#ifndef JUDGE_JOB_KIND_H
#define JUDGE_JOB_KIND_H

#include "base/wire.h"
#include "job/job_spec.h"
#include "judge/job_log.h"
#include "judge/verdict.h"

struct job_kind {
	struct job_rules job;
	char *frame; /* the received frame; job's strings point into it */
	/* The result of job_env_merge(). */
	const char **env;
	/* ---- made by job_kind_compile() ---- */
	bool is_compiled;
	struct pattern_code **pass, **fail;
	const char **pass_texts;
};

/* Copies the rules of the frame into table, which has JOB_WIRE_PLACES entries. false: the frame is
 * invalid. */
bool job_kind_take(struct job_kind *table, struct wire *w, const char *const *base_env);
/* Compiles the patterns at the first call. Returns 0, or -1 with err: a pattern is invalid (which
 * is normally reported at load). */
int job_kind_compile(struct job_kind *r, struct error *err);
/* Calls verdict_decide() with these rules. Returns 0, or -1 with err: a pattern is invalid. */
int job_kind_judge(struct job_kind *r, const struct ending *end, struct job_log *log,
		   struct job_outcome *ret, struct error *err);

#endif
