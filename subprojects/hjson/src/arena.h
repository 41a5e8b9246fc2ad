/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is allocated piece by piece and freed all at once. Chunks grow with the size of the
 * arena, up to 64 KiB, so little memory is unused: at most an eighth of a small arena, one chunk of
 * a big one.
 */
#ifndef HJSON_ARENA_H
#define HJSON_ARENA_H

#include <stddef.h>

struct chunk;

struct arena {
	struct chunk *chunks;
	char *next;
	char *end;
	size_t taken; /* bytes taken from the allocator */
};

/* size bytes; aligned for a node if every size taken from this arena is a multiple of 8. */
void *arena_take(struct arena *a, size_t size);
/* A copy of s with a NUL behind it. */
char *arena_copy(struct arena *a, const char *s, size_t len);
void arena_done(struct arena *a);

__attribute__((noreturn)) void out_of_memory(void);
/* malloc() and realloc(), but the program ends when there is no memory. */
void *must_realloc(void *old, size_t size);

#endif
