/* SPDX-License-Identifier: Apache-2.0 */
/* Our own regular expressions, on bytes: a bad one is a bug, a match that cannot be decided is
 * none. */
#ifndef TOOL_REGEX_H
#define TOOL_REGEX_H

#include "tool/lines.h"

struct regex;

struct regex *regex_new(const char *pattern); /* ^ and $: where lines begin and end */
void regex_free(struct regex *r);
bool regex_match(struct regex *r, struct span text);
/* Of the last match; text must still be there. */
struct span regex_group(const struct regex *r, unsigned n);

#endif
