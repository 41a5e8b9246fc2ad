/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array. `VEC(struct thing) things;` has things.at, things.n and things.cap; the macros
 * also work on other structs with members of these names (at: a pointer of any type, n and cap of
 * any unsigned type). {0} is empty and valid. Elements move when the array grows: keep their
 * indices, not their addresses. The macros evaluate the vector more than once: no side effects in
 * it.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"

enum { VEC_FIRST = 16 };

#define VEC(type)              \
	struct {               \
		type *at;      \
		size_t n, cap; \
	}

/* Adds an element at the end, not initialised, and returns its address. */
#define vec_add(v)                                                                                 \
	((v)->n == (v)->cap ? (void)((v)->cap = (v)->cap ? (v)->cap * 2 : VEC_FIRST,               \
				     (v)->at = xreallocarray((v)->at, (v)->cap, sizeof(*(v)->at))) \
			    : (void)0,                                                             \
	 &(v)->at[(v)->n++])

/* Adds a value or a compound literal at the end. */
#define vec_push(v, ...) ((void)(*vec_add(v) = (__VA_ARGS__)))

/*
 * The same for a vector whose elements are all in the arena mem; vec_done() must not be used on it.
 * The first allocation has room for one element, since most lists in arenas are short and there are
 * many of them.
 */
#define vec_add_in(mem, v)                                                                        \
	((v)->n == (v)->cap                                                                       \
		 ? (void)((v)->cap = (v)->cap ? (v)->cap * 2 : 1,                                 \
			  (v)->at = arena_grow(mem, (v)->at, (v)->n, (v)->cap, sizeof(*(v)->at))) \
		 : (void)0,                                                                       \
	 &(v)->at[(v)->n++])

#define vec_push_in(mem, v, ...) ((void)(*vec_add_in(mem, v) = (__VA_ARGS__)))

/* Frees the elements; the vector is empty again. */
#define vec_done(v) (free((v)->at), (v)->at = NULL, (v)->n = (v)->cap = 0, (void)0)

#endif
