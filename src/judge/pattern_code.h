/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan may know of a compiled pattern, to skip lines without asking it. */
#ifndef JUDGE_PATTERN_CODE_H
#define JUDGE_PATTERN_CODE_H

#include "judge/pattern.h"

/* The pattern as it was written. */
const char *pattern_text(const struct pattern_code *c);
/* The text that every match begins with, at the start of a line; NULL: not known. */
const char *pattern_prefix(const struct pattern_code *c, size_t *ret_len);

#endif
