/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { ARENA_FIRST = 4096, ARENA_LARGEST = 1 << 20, ARENA_ALIGN = 16, PRINTF_USUAL = 512 };

struct chunk {
	struct chunk *next;
	size_t size; /* of bytes[] */
	_Alignas(ARENA_ALIGN) char bytes[];
};

struct arena {
	struct chunk *chunks; /* the newest first; strings and structs go to it */
	size_t used;	      /* of the newest */
	size_t next_size;
	size_t total;
};

struct arena *arena_new(void)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->next_size = ARENA_FIRST;
	return a;
}

void arena_free(struct arena *a)
{
	struct chunk *c, *next;

	if (!a)
		return;
	for (c = a->chunks; c; c = next) {
		next = c->next;
		UNPOISON(c->bytes, c->size);
		free(c);
	}
	free(a);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
	*a = NULL;
}

static struct chunk *new_chunk(struct arena *a, size_t size)
{
	struct chunk *c = xmalloc(sizeof(*c) + size);

	c->size = size;
	a->total += sizeof(*c) + size;
	POISON(c->bytes, size);
	return c;
}

/* A large block gets a chunk of its own behind the newest, so that the newest is filled up. */
static void *alloc_large(struct arena *a, size_t size)
{
	struct chunk *c = new_chunk(a, size);

	if (a->chunks) {
		c->next = a->chunks->next;
		a->chunks->next = c;
	} else {
		c->next = NULL;
		a->chunks = c;
		a->used = size;
	}
	UNPOISON(c->bytes, size);
	return c->bytes;
}

static void *alloc_aligned(struct arena *a, size_t size, size_t align)
{
	size_t at = (a->used + align - 1) & ~(align - 1);
	struct chunk *c = a->chunks;

	if (size > SIZE_MAX / 2)
		return xmalloc(size); /* ends the program */
	if (!c || at > c->size || size > c->size - at) {
		if (size > a->next_size / 4)
			return alloc_large(a, size);
		c = new_chunk(a, a->next_size);
		c->next = a->chunks;
		a->chunks = c;
		at = 0;
		if (a->next_size < ARENA_LARGEST)
			a->next_size *= 2;
	}
	a->used = at + size;
	UNPOISON(c->bytes + at, size);
	return c->bytes + at;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return alloc_aligned(a, size, size >= ARENA_ALIGN ? ARENA_ALIGN : sizeof(void *));
}

void *arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

/* Ends the program if n * size overflows. */
static size_t arena_bytes_of(size_t n, size_t size)
{
	if (size && n > SIZE_MAX / 2 / size)
		free(xreallocarray(NULL, n, size));
	return n * size;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	return arena_zalloc(a, arena_bytes_of(n, size));
}

void *arena_grow(struct arena *a, const void *p, size_t n, size_t cap, size_t size)
{
	void *grown = arena_alloc(a, arena_bytes_of(cap, size));

	return n ? memcpy(grown, p, n * size) : grown; /* p may be NULL then */
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size);

	return size ? memcpy(copy, p, size) : copy; /* p may be NULL then */
}

char *arena_alloc_text(struct arena *a, size_t len)
{
	return alloc_aligned(a, len + 1, 1);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = alloc_aligned(a, n + 1, 1);

	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_strdup_or_null(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

char *arena_strdup_lower(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	for (char *c = copy; *c; c++)
		*c = ascii_lower(*c);
	return copy;
}

/* Most texts are short: one vsnprintf() and a copy cost less than two vsnprintf(). */
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char usual[PRINTF_USUAL], *text;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(usual, sizeof(usual), fmt, again);
	va_end(again);
	if ((size_t)n < sizeof(usual))
		return arena_strndup(a, usual, (size_t)n);
	text = alloc_aligned(a, (size_t)n + 1, 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}

size_t arena_size(const struct arena *a)
{
	return a->total;
}
