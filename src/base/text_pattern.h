/* SPDX-License-Identifier: Apache-2.0 */
/* A user's pattern (PCRE2) with named groups. It matches bytes, because a tool may print any. */
#ifndef BASE_TEXT_PATTERN_H
#define BASE_TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct text_pattern;

/* NULL with err: the position of the error. names: the allowed names of groups, NULL-terminated; or
 * NULL. */
struct text_pattern *text_pattern_new(const char *text, const char *const *names,
				      struct error *err);
void text_pattern_free(struct text_pattern *p);
bool text_pattern_has(const struct text_pattern *p, const char *name);
/* ^ and $ match at lines. text: any bytes. If PCRE2 cannot decide, there is no match. */
bool text_pattern_match(struct text_pattern *p, const char *text, size_t n);
/* Text of a group of the last match, without blanks around it, in mem. NULL: no such group, or it
 * is empty. */
const char *text_pattern_group(const struct text_pattern *p, struct arena *mem, const char *name);
/* The line of the last match, in mem. */
const char *text_pattern_line(const struct text_pattern *p, struct arena *mem);

#endif
