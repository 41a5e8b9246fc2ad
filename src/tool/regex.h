/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions in the source code, on bytes. An invalid one is a bug (assertion). A match
 * that the library cannot decide counts as no match. */
#ifndef TOOL_REGEX_H
#define TOOL_REGEX_H

#include "tool/lines.h"

struct regex;

struct regex *regex_new(const char *pattern); /* ^ and $: where lines begin and end */
void regex_free(struct regex *r);
bool regex_match(struct regex *r, struct span text);
/* Group n of the last match, a part of its text; empty if the group did not match. */
struct span regex_group(const struct regex *r, unsigned n);

#endif
