/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of a compiled pattern with which a scan can skip lines. */
#ifndef JUDGE_PATTERN_CODE_H
#define JUDGE_PATTERN_CODE_H

#include "judge/pattern.h"

/* The pattern as written. */
const char *pattern_text(const struct pattern_code *c);
/* The literal text with which every match begins, if matches occur only at the start of a line;
 * NULL: there is none. */
const char *pattern_prefix(const struct pattern_code *c, size_t *ret_len);

#endif
