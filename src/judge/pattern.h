/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pass and fail patterns: Python's regular expressions, matched by PCRE2. docs/reference/config.md
 * describes the translation and its limits. If a match exceeds the match limit, the result is
 * PATTERN_UNDECIDED, never "no match".
 */
#ifndef JUDGE_PATTERN_H
#define JUDGE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "job/job_spec.h"

struct pattern_code; /* one compiled pattern */

/* Returns NULL with err (position of the pattern; the message names the character). *ret_warning:
 * NULL, or a warning about a construct with another meaning in Python, which the caller must
 * free(). */
struct pattern_code *pattern_compile(const struct pattern *p, char **ret_warning,
				     struct error *err);
void pattern_free(struct pattern_code *c);

enum pattern_match { PATTERN_NO, PATTERN_YES, PATTERN_UNDECIDED };
/* line: valid UTF-8, with its '\n' if the log has one. */
enum pattern_match pattern_match_line(struct pattern_code *c, const char *line, size_t len);

/* Compiles each pattern of a plan once, so that all invalid ones are reported at load, for all
 * backends. */
void pattern_check_plan(const struct plan *plan, struct diags *diags);

#endif
