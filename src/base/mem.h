/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not return NULL. When memory runs out, the program prints one message and
 * exits with code 70, so no code has an untested error path for it. Slots then see their socket
 * close and kill their jobs, so nothing is left running.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

/* What they do when memory runs out, for libraries that take a function for that. size: what was
 * asked for; 0: unknown. */
_noreturn_ void mem_exhausted(size_t size);
/* Returns p, which an allocator of a library has given. NULL: memory has run out. */
void *mem_expect(void *p);

void *xmalloc(size_t size) _must_use_;
void *xcalloc(size_t n, size_t size) _must_use_;
void *xrealloc(void *p, size_t size) _must_use_;
/* realloc() for n elements of size, overflow checked. */
void *xreallocarray(void *p, size_t n, size_t size) _must_use_;
char *xstrdup(const char *s) _must_use_;
char *xstrndup(const char *s, size_t n) _must_use_;
char *xasprintf(const char *fmt, ...) _printf_(1, 2) _must_use_;
char *xvasprintf(const char *fmt, va_list ap) _printf_(1, 0) _must_use_;

/* For _cleanup_(freep) on a char * or any other malloc()ed local. */
void freep(void *pp);
/* For _cleanup_(closep) on an fd; -1 is ignored. */
void closep(int *fd);

#endif
