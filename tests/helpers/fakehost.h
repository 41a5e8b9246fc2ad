/* SPDX-License-Identifier: Apache-2.0 */
/* Common declarations of the parts of the stand-in for a host runtime (fakehost.c). */
#ifndef TESTS_HELPERS_FAKEHOST_H
#define TESTS_HELPERS_FAKEHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* ---- the report, and the requests: fakehost.c ---- */

void fake_report(const char *kind, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define VIOLATION(...) fake_report("violation", __VA_ARGS__)
#define EXPECT(what, ...)                       \
	do {                                    \
		if (!(what))                    \
			VIOLATION(__VA_ARGS__); \
	} while (0)
/* Is key in FAKEHOST? Then *ret is its value. */
bool fake_would(const char *key, long *ret);
/* Called first in every call: reports it, crashes or hangs if requested, and returns the requested
 * code. */
int fake_enter(const char *name, int usually);
/* That context is live. */
void fake_know(void *ctx, const char *call);
int fake_count_comm(int change); /* how many there are then */

/* ---- the device's memory: fakehost_memory.c ---- */

/* Freed memory keeps its content, and is used for the next allocation of the same size. New memory
 * has a pattern of its own. NULL: none is left. */
void *fake_device_alloc(size_t n);
void fake_device_free(void *p);
/* [p, p + n) is the device's. */
bool fake_is_device(const void *p, size_t n);
size_t fake_device_committed(void);
/* The rings' heap: grows on demand, and keeps its content otherwise. */
char *fake_heap(size_t n);
/* In the end: all of it. */
void fake_device_done(void);

#endif
