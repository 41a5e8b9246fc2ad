/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? and nothing else. */
#ifndef HJSON_NUMBER_H
#define HJSON_NUMBER_H

#include "hjson.h"

struct scan;

/* The end of the number that begins here; NULL: none does. */
const char *number_end(const char *begin, const char *end);
/* Makes n of the number from begin to end. False: fault, it is out of range. */
bool number_read(struct scan *s, const char *begin, const char *end, struct hjson_node *n);

#endif
