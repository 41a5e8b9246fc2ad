/* SPDX-License-Identifier: Apache-2.0 */
/* A text line by line as Python reads one (LF, CR and CRLF end a line), and its words. */
#ifndef TOOL_LINES_H
#define TOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct span {
	const char *s;
	size_t n;
};

struct lines {
	struct span rest;
};

/* The next line without its end; false, and an empty one, after the last. */
bool lines_next(struct lines *in, struct span *ret);
bool span_has(struct span s, const char *text);
bool span_is(struct span s, const char *text);
struct span span_strip(struct span s);
/* The next word of *rest; false: none left. */
bool span_word(struct span *rest, struct span *ret);
size_t span_count_words(struct span s);
char *span_text(struct arena *mem, struct span s);
/* A decimal number as Python's float() reads it, blanks around it allowed; false: it is none, or
 * not finite. */
bool span_number(struct span s, double *ret);

#endif
