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
/* Writes <odir>/needs.jsonl as a new file; an existing file or link is replaced, never written to.
 * Returns 0, or -1 with err. */
int needs_write(const char *odir, const struct str *needs, struct error *err);
/* Removes the file of an earlier run, for a job that has no dependencies or does not
 * use the file. */
void needs_remove(const char *odir);
/* text may contain the path of the file. */
bool needs_is_named(const char *text);

#endif
