/* SPDX-License-Identifier: Apache-2.0 */
/* Finds memory that a function keeps each time it is called, without a sanitizer. */
#ifndef TESTS_HEAP_H
#define TESTS_HEAP_H

#include <malloc.h>

enum { HEAP_CALLS = 64, HEAP_SMALLEST = 16 }; /* the smallest block that malloc() can give */

/* The first calls fill caches, malloc()'s too. */
static inline void assert_keeps_no_memory(void (*call)(void *ctx), void *ctx)
{
	size_t before;

	for (int i = 0; i < HEAP_CALLS; i++)
		call(ctx);
	before = mallinfo2().uordblks;
	for (int i = 0; i < HEAP_CALLS; i++)
		call(ctx);
	assert_true(mallinfo2().uordblks < before + (size_t)HEAP_CALLS * HEAP_SMALLEST);
}

#endif
