/* SPDX-License-Identifier: Apache-2.0 */
/* A user's pattern (PCRE2) with named groups. It matches bytes, because a tool may print any. */
#ifndef DRIVERS_COMMAND_PATTERN_H
#define DRIVERS_COMMAND_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct smi_pattern;

/* NULL with err: the position of the error. names: the allowed names of groups, NULL-terminated; or
 * NULL. */
struct smi_pattern *smi_pattern_new(const char *text, const char *const *names, struct error *err);
void smi_pattern_free(struct smi_pattern *p);
bool smi_pattern_has(const struct smi_pattern *p, const char *name);
/* ^ and $ match at lines. text: any bytes. If PCRE2 cannot decide, there is no match. */
bool smi_pattern_match(struct smi_pattern *p, const char *text, size_t n);
/* Text of a group of the last match, without blanks around it, in mem. NULL: no such group, or it
 * is empty. */
const char *smi_pattern_group(const struct smi_pattern *p, struct arena *mem, const char *name);
/* The line of the last match, in mem. */
const char *smi_pattern_line(const struct smi_pattern *p, struct arena *mem);

#endif
