/* SPDX-License-Identifier: Apache-2.0 */
/* Blanks as Python 3's str.strip() and int() know them: Unicode's, and U+001C to U+001F. */
#ifndef BASE_BLANK_H
#define BASE_BLANK_H

#include <stddef.h>

/* Bytes of the blank that s begins with, or 0. n: bytes left. */
size_t blank_len(const char *s, size_t n);
/* Where the text in s begins; *n becomes its length without the blanks at both ends. */
const char *blank_strip(const char *s, size_t *n);

#endif
