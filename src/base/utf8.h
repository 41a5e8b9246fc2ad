/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length (1-4) of the well-formed code point at the start of s (n bytes), or 0 if there is none. */
size_t utf8_valid_len(const char *s, size_t n);
/* Offset of the first byte that belongs to no well-formed code point; n if there is none. */
size_t utf8_first_bad(const char *s, size_t n);
/* The code point at s, k bytes long, is a control character: C0, DEL or C1 (some terminals obey
 * U+009B as they do ESC [), one that changes the direction of the text around it (U+202E makes
 * "gpj.exe" of "exe.jpg"), or one of the line ends U+2028 and U+2029. */
bool utf8_is_control(const char *s, size_t k);

#endif
