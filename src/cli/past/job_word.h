/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a user names a job of an earlier run: by its id, its name, a part of its id that no other job
 * has, or %N, its number in the list that `ls` printed last in this scratch root.
 */
#ifndef CLI_PAST_JOB_WORD_H
#define CLI_PAST_JOB_WORD_H

#include "base/arena.h"
#include "base/diag.h"
#include "job/job_spec.h"

struct job_word {
	const char *text; /* an id after %N was looked up */
	const char *run;  /* of %N: the id of the run that was listed; else NULL */
	bool is_id;	  /* text is a whole id */
};

/* Looks up a %N. Returns 0, or -1 with err. */
int job_word_read(struct job_word *ret, const char *word, const char *scratch_root,
		  struct arena *mem, struct error *err);
/* Finds the job in a plan. -1 after an error, which lists the candidates. */
int job_word_find(const struct job_word *w, const struct plan *plan, uint32_t *ret,
		  struct diags *diags);

/* Stores the ids of the jobs, so that %N names jobs[N - 1]. false: they cannot be stored. */
bool job_numbers_store(const char *scratch_root, const char *run_id, const struct plan *plan,
		       const uint32_t *jobs, size_t n);

#endif
