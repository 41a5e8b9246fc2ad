/* SPDX-License-Identifier: Apache-2.0 */
/* White space as Python 3's str.strip() and int() define it: that of Unicode, and
 * U+001C to U+001F. */
#ifndef BASE_BLANK_H
#define BASE_BLANK_H

#include <stddef.h>

/* Length in bytes of the blank at the start of s (n bytes), or 0 if there is none. */
size_t blank_len(const char *s, size_t n);
/* Returns s (*n bytes) without its leading blanks; *n becomes the length without blanks at both
 * ends. */
const char *blank_strip(const char *s, size_t *n);

#endif
