/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which jobs of a plan are taken over from an earlier run, and why others run again. A pass
 * is taken over if its record is in the journal, its spec and sources are the same as now, its log
 * has not changed since, and all its dependencies are taken over, too. With keeps_failed, failures
 * are taken over as well.
 *
 *   resume_open(&r, run_path, &err)      reads the run; its parents are read when needed
 *   resume_decide(&r, plan, &options)
 *   resume_explain(&r, &text)
 *   resume_done(&r)
 */
#ifndef RESUME_RESUME_H
#define RESUME_RESUME_H

#include "resume/members.h"
#include "resume/sources.h"
#include "run/run_record.h"

enum resume_what {
	RESUME_TAKEN,
	RESUME_KEPT,	  /* it failed, and is taken over as it is */
	RESUME_CANCELLED, /* it was cancelled because of such a job, and will be again */
	RESUME_NEW,	  /* not in the plan of the run */
	RESUME_FAILED,
	RESUME_INTERRUPTED,
	RESUME_NOT_STARTED,
	RESUME_CHANGED, /* a member of its spec changed */
	RESUME_SOURCES,
	RESUME_LIMIT, /* its pass used more than its limit allows now */
	RESUME_LOG_GONE,
	RESUME_LOG_CHANGED,
	RESUME_COVERAGE_GONE,
	RESUME_UNPROVEN, /* the journal has nothing to compare its log with */
	RESUME_MARKED,	 /* its pass has a mark, which is its word */
	RESUME_INTERACTIVE,
	RESUME_NEVER,	/* its configuration says so */
	RESUME_NEEDS,	/* it depends on a job that runs again */
	RESUME_FINALLY, /* a finally job, and other jobs run again */
	RESUME_WHAT_COUNT,
};

struct resume_job {
	enum resume_what what;
	const char *word; /* word of the member, for RESUME_CHANGED and RESUME_LIMIT */
	uint32_t because; /* index of that dependency, for RESUME_NEEDS */
	/* The job's record in the earlier run; NULL: none. */
	const struct recorded_job *row;
	const struct job_spec *spec; /* its spec in the plan of that run */
	const struct run_record *record;
	const char *sources; /* how sources differ from those of that run; NULL: not at all */
};

struct resume_options {
	const char *const *accepted; /* --accept; NULL: none */
	bool accepts_sources;
	bool keeps_failed;
	bool wants_plain_passes; /* a pass that is flaky, leaky or of a fallback is not taken over
				  */
	const struct sources *sources; /* the current ones */
};

/* A run, and the difference of its sources from the current ones. */
struct resume_run {
	struct run_record *record;
	bool is_compared;
	const char *difference;		      /* NULL: no difference */
	struct sources was;		      /* as it has recorded them, once they were needed */
	const struct job_inputs *last_inputs; /* that were compared last, with the result */
	const char *last_difference;
};

/* {0} is empty. */
struct resume {
	struct arena *mem;
	VEC(struct resume_run) chain; /* the run, its parent …, as far as needed */
	const struct plan *plan;
	struct resume_options options;
	struct resume_job *jobs; /* one per job of the plan */
	size_t n_taken, n_kept;	 /* RESUME_TAKEN, RESUME_KEPT */
	size_t n_again;		 /* jobs that run again */
	size_t n_gone;		 /* jobs of the run that the plan does not have */
	struct comparison comparison;
};

/* Returns 0, or -1 with err; resume_done() must be called in both cases. */
int resume_open(struct resume *ret, const char *run_path, struct error *err);
void resume_done(struct resume *r);
void resume_decide(struct resume *r, const struct plan *plan, const struct resume_options *options);

/* The job does not run. */
bool resume_is_settled(const struct resume_job *job);
/* Appends why job n runs again: "failed", "command changed: …", "needs 'demo:build'". */
void resume_add_reason(const struct resume *r, size_t n, struct str *to);
/* Appends lines with the reasons, the jobs that have each, and how many jobs run again because of
 * these. */
void resume_explain(const struct resume *r, struct str *to);
/* Appends a line for each job that runs again. */
void resume_explain_each(const struct resume *r, struct str *to);
/* The name of `what` for users. */
const char *resume_what_name(enum resume_what what);

#endif
