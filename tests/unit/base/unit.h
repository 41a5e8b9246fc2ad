/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with the headers that it needs before it, and common code of the tests of this module. */
#ifndef TESTS_UNIT_BASE_UNIT_H
#define TESTS_UNIT_BASE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"

/* Good enough to mix cases; the same on every machine. */
static inline unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
