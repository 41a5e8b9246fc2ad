/* SPDX-License-Identifier: Apache-2.0 */
/* In a process that runs jobs: the rules of jobs of one kind as received, with the data derived
 * from them. */
#ifndef JUDGE_SHARED_RULES_H
#define JUDGE_SHARED_RULES_H

#include "base/wire.h"
#include "job/job_spec.h"
#include "judge/job_log.h"
#include "judge/verdict.h"

struct shared_rules {
	struct job_rules job;
	char *frame; /* the received frame; job's strings point into it */
	/* The result of job_env_merge(). */
	const char **env;
	/* ---- made by shared_rules_compile() ---- */
	bool is_compiled;
	struct pattern_code **pass, **fail;
	const char **pass_texts;
};

/* Copies the rules of the frame into table, which has JOB_WIRE_PLACES entries. false: the frame is
 * invalid. */
bool shared_rules_take(struct shared_rules *table, struct wire *w, const char *const *base_env);
/* Compiles the patterns at the first call. Returns 0, or -1 with err: a pattern is invalid (which
 * is normally reported at load). */
int shared_rules_compile(struct shared_rules *r, struct error *err);
/* Calls verdict_decide() with these rules. Returns 0, or -1 with err: a pattern is invalid. */
int shared_rules_judge(struct shared_rules *r, const struct ending *end, struct job_log *log,
		       struct job_outcome *ret, struct error *err);

#endif
