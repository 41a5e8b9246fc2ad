/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file with the results of a job's dependencies. Its data is sent to the process that starts
 * the job, in frames before the one that starts it, and that process writes the file. So the
 * scheduler makes no system call for it, even if a job has 20,000 dependencies.
 */
#ifndef WORKSPACE_NEEDS_H
#define WORKSPACE_NEEDS_H

#include "base/error.h"
#include "base/wire.h"
#include "job/job_needs.h"

/* Appends frames of that type to b; none if there are no needs. */
void needs_put(struct str *b, uint8_t type, const struct job_needs *needs);
/* In the receiver: appends the contents of a frame to `to`. false: the frame was not made by
 * needs_put(). */
bool needs_take(struct str *to, const struct wire *w);
/* Writes needs.jsonl as a new file in dir, a descriptor of odir; an existing file or link is
 * replaced, never written to. Returns 0, or -1 with err. */
int needs_write(int dir, const char *odir, const struct str *needs, struct error *err);

/* An attempt that is about to start. */
struct needs_place {
	const char *odir;
	int dir;     /* odir, opened */
	bool is_new; /* odir is: there is no file of an earlier run */
	const struct str *needs;
	/* The texts of the job that may name the file; NULL-terminated. env may be NULL. */
	const char *const *words, *const *env;
};
/* Writes the file if the job has dependencies or names it; writing takes a third as long as
 * starting a job. Otherwise removes that of an earlier run. *ret_exists: was it written? Returns 0,
 * or -1 with err. */
int needs_prepare(const struct needs_place *p, bool *ret_exists, struct error *err);

#endif
