/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of single bytes and code points. All functions need valid UTF-8, which text_bad()
 * checks. */
#ifndef HJSON_TEXT_H
#define HJSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum text_class {
	TEXT_EOL = 1,	  /* LF CR */
	TEXT_BLANK = 2,	  /* space, tab, LF, CR */
	TEXT_PUNCT = 4,	  /* { } [ ] , : */
	TEXT_MARK = 8,	  /* # / { } [ ]: what a lint looks at in a quoteless string */
	TEXT_CONTROL = 16 /* below 0x20 */
};

extern const unsigned char text_class[256];

static inline bool text_is(char c, unsigned classes)
{
	return text_class[(unsigned char)c] & classes;
}

/* The first byte that is NUL or no UTF-8, or end. */
const char *text_bad(const char *text, const char *end);
/* Code points from one place to another. */
size_t text_columns(const char *from, const char *to);
/* Bytes of the white space (as Python's str.strip() sees it) that begins at p; 0: none does. */
size_t text_space(const char *p, const char *end);
/* First byte behind the white space at p; the start of the white space before end. */
const char *text_trim_left(const char *p, const char *end);
const char *text_trim_right(const char *p, const char *end);
/* What follows the line end at p: LF, CR LF or CR. */
static inline const char *text_next_line(const char *p, const char *end)
{
	return p + (*p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1);
}

/* Encodes a code point, not a surrogate; returns the bytes written, 4 at most. */
size_t text_encode(char *out, unsigned code);

#endif
