/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which jobs of a plan an earlier run has proven to be done, and why the others run again. A pass
 * is taken over if its record is in the journal, its spec is the same, its sources are the same,
 * its log is as it was left, and everything that it needs is taken over, too.
 *
 *   resume_open(&r, run_path, &err)      the run, and those that it continues
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
	RESUME_NEW, /* the run did not have it */
	RESUME_FAILED,
	RESUME_INTERRUPTED,
	RESUME_NOT_STARTED,
	RESUME_CHANGED, /* a member of its spec */
	RESUME_SOURCES,
	RESUME_LIMIT, /* its pass used more than it may now */
	RESUME_LOG_GONE,
	RESUME_LOG_CHANGED,
	RESUME_COVERAGE_GONE,
	RESUME_UNPROVEN, /* nothing is recorded that its log could be compared with */
	RESUME_INTERACTIVE,
	RESUME_NEEDS,	/* a job that runs again */
	RESUME_FINALLY, /* others run again */
	RESUME_WHAT_COUNT,
};

struct resume_job {
	enum resume_what what;
	const char *word; /* of a member, for RESUME_CHANGED and RESUME_LIMIT */
	uint32_t because; /* index of the job that it needs, for RESUME_NEEDS */
	/* Its record; NULL: there is none. */
	const struct recorded_job *row;
	const struct job_spec *spec; /* in the plan of that record */
	const struct run_record *record;
	const char *sources; /* how they differ from those of that run; NULL: not at all */
};

struct resume_options {
	const char *const *accepted; /* --accept; NULL: none */
	bool accepts_sources;
	const struct sources *sources; /* as they are now */
};

/* A run, and how its sources differ from those of now. */
struct resume_run {
	struct run_record *record;
	bool is_compared;
	const char *difference; /* NULL: they do not */
};

/* {0} is none. */
struct resume {
	struct arena *mem;
	VEC(struct resume_run) chain; /* the run itself, its parent, as far as they are needed */
	const struct plan *plan;
	struct resume_options options;
	struct resume_job *jobs; /* one for each of the plan */
	size_t n_taken;
	size_t n_gone; /* jobs of the run that the plan does not have */
	struct comparison comparison;
};

/* 0, or -1 with err. resume_done() in any case. */
int resume_open(struct resume *ret, const char *run_path, struct error *err);
void resume_done(struct resume *r);
void resume_decide(struct resume *r, const struct plan *plan, const struct resume_options *options);

/* "failed", "command changed: …", "needs 'demo:build'". */
void resume_add_reason(const struct resume *r, size_t n, struct str *to);
/* Lines: root causes with their jobs, and how many run again because of them. */
void resume_explain(const struct resume *r, struct str *to);
/* The name of what, as users know it. */
const char *resume_what_name(enum resume_what what);

#endif
