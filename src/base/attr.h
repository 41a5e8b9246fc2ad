/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and the few macros that C needs everywhere. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stddef.h>

/* Runs fn(&variable) when the variable goes out of scope. For owning locals only. */
#define _cleanup_(fn)	     __attribute__((cleanup(fn)))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))
#define _must_use_	     __attribute__((warn_unused_result))
#define _noreturn_	     __attribute__((noreturn))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)	     (1u << (n))

/* The struct that holds member. ptr must point to that member. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
