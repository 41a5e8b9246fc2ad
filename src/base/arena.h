/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: allocations that are freed together, never one by one. Each load of a configuration has
 * one. Under ASan the unused part of each chunk is poisoned.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* accepts NULL */
void arena_freep(struct arena **a);

/* Aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);
/* n elements of size, zeroed, overflow checked. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* Room for cap elements, the first n of them copied from p. */
void *arena_grow(struct arena *a, const void *p, size_t n, size_t cap, size_t size);
void *arena_memdup(struct arena *a, const void *p, size_t size);
char *arena_alloc_text(struct arena *a, size_t len); /* for len bytes and a NUL, unaligned */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strdup_or_null(struct arena *a, const char *s); /* NULL if s is NULL */
char *arena_strdup_lower(struct arena *a, const char *s);   /* ASCII letters in lower case */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) _printf_(2, 0);

/* Bytes taken from malloc(). */
size_t arena_size(const struct arena *a);

#endif
