/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pass and fail patterns: Python's regular expressions, run by PCRE2. The translation and its
 * limits: docs/reference/config.md. A pattern that cannot be decided (match limit) is a verdict of
 * its own, never "no match".
 */
#ifndef JUDGE_PATTERN_H
#define JUDGE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "job/job_spec.h"

struct pattern_code; /* one compiled pattern */

/* NULL with err (pos: the pattern's, message: what and at which character of it). warning: NULL, or
   a malloc()ed note on a construct that Python reads otherwise. */
struct pattern_code *pattern_compile(const struct pattern *p, char **ret_warning,
				     struct error *err);
void pattern_free(struct pattern_code *c);

enum pattern_match { PATTERN_NO, PATTERN_YES, PATTERN_UNDECIDED };
/* line: valid UTF-8, its '\n' included where the log has one. */
enum pattern_match pattern_match_line(struct pattern_code *c, const char *line, size_t len);

/* Compiles each text among the patterns of a plan once, to report every bad one at load, whichever
 * backend a job goes to. */
void pattern_check_plan(const struct plan *plan, struct diags *diags);

#endif
