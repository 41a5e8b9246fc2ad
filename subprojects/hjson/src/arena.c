/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hjson.h"

enum { CHUNK_MIN = 2048, CHUNK_MAX = 65536 };

struct chunk {
	struct chunk *before;
	size_t size; /* keeps what follows aligned to 16 bytes */
};

static void (*arena_on_out_of_memory)(void);

void hjson_set_out_of_memory(void (*handler)(void))
{
	arena_on_out_of_memory = handler;
}

void out_of_memory(void)
{
	if (arena_on_out_of_memory)
		arena_on_out_of_memory();
	fputs("libhjson: out of memory\n", stderr);
	abort();
}

void *must_realloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

static char *chunk_new(struct arena *a, size_t size)
{
	struct chunk *c = must_realloc(NULL, sizeof(*c) + size);

	c->before = a->chunks;
	c->size = size;
	a->chunks = c;
	a->taken += sizeof(*c) + size;
	return (char *)(c + 1);
}

static size_t chunk_size(const struct arena *a)
{
	size_t size = a->taken / 8 / 16 * 16;

	if (size < CHUNK_MIN)
		return CHUNK_MIN;
	return size < CHUNK_MAX ? size : CHUNK_MAX;
}

void *arena_take(struct arena *a, size_t size)
{
	char *p = a->next;

	if ((size_t)(a->end - p) < size) {
		size_t fresh = chunk_size(a);

		/* A big piece gets a chunk of its own; the rest of the current one stays in use. */
		if (size > fresh / 8)
			return chunk_new(a, size);
		p = chunk_new(a, fresh);
		a->end = p + fresh;
	}
	a->next = p + size;
	return p;
}

char *arena_copy(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_take(a, len + 1);

	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void arena_done(struct arena *a)
{
	while (a->chunks) {
		struct chunk *before = a->chunks->before;

		free(a->chunks);
		a->chunks = before;
	}
	*a = (struct arena){0};
}
