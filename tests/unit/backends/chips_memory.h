/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory is in use: a test looks before and after whether anything is left. */
#ifndef TESTS_UNIT_BACKENDS_CHIPS_MEMORY_H
#define TESTS_UNIT_BACKENDS_CHIPS_MEMORY_H

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* 0: not known, as where freed memory may stay in a cache of the thread, or where another malloc()
 * has it. */
static inline size_t memory_in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	const char *tunables = getenv("GLIBC_TUNABLES");

	if (tunables && strstr(tunables, "tcache_count=0"))
		return mallinfo2().uordblks;
#endif
	return 0;
}

#endif
