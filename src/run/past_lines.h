/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of results.json of the newest runs of a configuration, for readers of single figures of
 * jobs. The file has one job per line (run/results.c), and may have 100 MB. So this reads lines and
 * finds the few members that are needed, and builds no tree. A file that was formatted anew teaches
 * nothing.
 */
#ifndef RUN_PAST_LINES_H
#define RUN_PAST_LINES_H

#include <stddef.h>

#include "base/str.h"
#include "job/job_spec.h"

/* false: the rest of this file is not needed. */
typedef bool past_take_line(void *ctx, const char *line);

/* Calls take() for each line, the newest run first. */
void past_lines_read(const struct plan *plan, past_take_line *take, void *ctx);
/* The id of the job of a line (*ret_n bytes); NULL: it has none. */
const char *past_line_id(const char *line, size_t *ret_n);
/* The largest number after any such key ("\"duration_s\":") in the line; 0: there is none. */
double past_line_largest(const char *line, const char *key);
/* Ids that differ in digits only, as by a seed, have the same family. */
void past_family(const char *id, size_t n, struct str *ret);

#endif
