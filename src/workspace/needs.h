/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file about the jobs that a job needs: sent to the starter of the job, in frames before the
 * one that asks for it, and written there, so that a job that needs 20,000 costs the scheduler a
 * copy and no system call.
 */
#ifndef WORKSPACE_NEEDS_H
#define WORKSPACE_NEEDS_H

#include "base/error.h"
#include "base/wire.h"
#include "job/job_needs.h"

/* Frames of that type, none if there are no needs. */
void needs_put(struct str *b, uint8_t type, const struct job_needs *needs);
/* At the other end: appends what a frame brings; false: not what needs_put() made. */
bool needs_take(struct str *to, const struct wire *w);
/* Writes <odir>/needs.jsonl anew: what stands there is replaced, whatever it is or links to. -1
 * with err. */
int needs_write(const char *odir, const struct str *needs, struct error *err);
/* For a job that needs nothing and was not given the path: what an earlier run left is removed. */
void needs_remove(const char *odir);
/* text may hold the path of the file. */
bool needs_is_named(const char *text);

#endif
