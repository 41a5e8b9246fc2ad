/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array. `VEC(struct thing) things;` has things.at, things.n and things.cap; so may any
 * struct that has members of these names, with at of any type and n and cap of any unsigned one.
 * {0} is empty and valid. Elements move when it grows: keep their numbers, not their addresses.
 * The vector is named more than once in each macro: no side effects in it.
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

/* The address of one more element at the end, not initialised. */
#define vec_add(v)                                                                                 \
	((v)->n == (v)->cap ? (void)((v)->cap = (v)->cap ? (v)->cap * 2 : VEC_FIRST,               \
				     (v)->at = xreallocarray((v)->at, (v)->cap, sizeof(*(v)->at))) \
			    : (void)0,                                                             \
	 &(v)->at[(v)->n++])

/* A value, or a compound literal, at the end. */
#define vec_push(v, ...) ((void)(*vec_add(v) = (__VA_ARGS__)))

/*
 * The same for one that lives in an arena, from its first element to its last: no vec_done(). It
 * begins with room for one, since most lists in arenas are short and there are many of them.
 */
#define vec_add_in(mem, v)                                                                        \
	((v)->n == (v)->cap                                                                       \
		 ? (void)((v)->cap = (v)->cap ? (v)->cap * 2 : 1,                                 \
			  (v)->at = arena_grow(mem, (v)->at, (v)->n, (v)->cap, sizeof(*(v)->at))) \
		 : (void)0,                                                                       \
	 &(v)->at[(v)->n++])

#define vec_push_in(mem, v, ...) ((void)(*vec_add_in(mem, v) = (__VA_ARGS__)))

/* Without elements, the memory given back. */
#define vec_done(v) (free((v)->at), (v)->at = NULL, (v)->n = (v)->cap = 0, (void)0)

#endif
