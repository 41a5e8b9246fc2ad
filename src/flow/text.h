/* SPDX-License-Identifier: Apache-2.0 */
/* Which characters may be in texts of a configuration. */
#ifndef FLOW_TEXT_H
#define FLOW_TEXT_H

#include "base/arena.h"

/* Can s be in a command? Valid UTF-8, without control characters except tabs and line breaks. */
bool text_is_clean(const char *s);
bool text_is_line(const char *s); /* the same, without tabs and line breaks */
/* Can s be the word in {…}? A letter or _, then letters, digits and _. */
bool text_is_word(const char *s, size_t len);
/* s with control characters and invalid UTF-8 as \xNN, for messages. In mem. */
const char *text_printable(struct arena *mem, const char *s);

#endif
