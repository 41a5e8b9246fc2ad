/* SPDX-License-Identifier: Apache-2.0 */
/* What texts of a configuration may consist of. */
#ifndef FLOW_TEXT_H
#define FLOW_TEXT_H

#include "base/arena.h"

/* All of it can stand in a command: valid UTF-8, no control characters but tabs and line breaks. */
bool text_is_clean(const char *s);
bool text_is_line(const char *s); /* and none of those */
/* A letter or _, then letters, digits and _: what {…} may hold. */
bool text_is_word(const char *s, size_t len);
/* For messages, arena-owned. */
const char *text_printable(struct arena *mem, const char *s);

#endif
