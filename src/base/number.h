/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in the syntax of Python 3's int() and float(): blanks at both ends, single '_' between
 * digits. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>

#include "base/arena.h"

/* The integer in text, of any length, in JSON's form: "1000" for " +1_000 ". NULL:
 * not an integer. */
const char *number_int(struct arena *mem, const char *text);
/* The number in text in a form that strtod() reads. NULL: not a number. */
const char *number_real(struct arena *mem, const char *text);

/* A number that may be unknown, which is null in JSON. */
struct maybe_number {
	bool known;
	double value;
};

#endif
