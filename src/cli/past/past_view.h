/* SPDX-License-Identifier: Apache-2.0 */
/* A run that is shown to a user, job by job: one that has ended, was killed, or goes on. */
#ifndef CLI_PAST_PAST_VIEW_H
#define CLI_PAST_PAST_VIEW_H

#include "cli/args/options.h"
#include "run/run_record.h"

struct past_view {
	const struct args *args;
	struct diags *diags;
	const char *scratch_root;
	struct run_record record;
	bool is_live; /* its scheduler still runs */
};

/*
 * Opens a run: an id, a prefix of one, a path or "latest"; NULL: the newest that really ran. In a
 * run that was killed, jobs without an end are lost. Returns 0, or -1 after errors.
 * past_view_done() must be called in both cases.
 */
int past_view_open(struct past_view *v, const char *run);
/* Opens the run and finds the job of the words [RUN] JOB; *ret is its index in the plan. */
int past_view_open_job(struct past_view *v, uint32_t *ret);
void past_view_done(struct past_view *v);

/* The job's row, valid as long as v is. */
struct result_row past_view_row(struct past_view *v, uint32_t job);

#endif
