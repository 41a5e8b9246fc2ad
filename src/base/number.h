/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as Python 3's int() and float() read them: blanks around, one '_' between digits. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>

#include "base/arena.h"

/* The whole number in text, of any length, as JSON has it: " +1_000 " is 1000. NULL: it is none. */
const char *number_int(struct arena *mem, const char *text);
/* The number in text as strtod() reads it, or NULL. */
const char *number_real(struct arena *mem, const char *text);

/* One that may be missing: null in JSON. */
struct maybe_number {
	bool known;
	double value;
};

#endif
