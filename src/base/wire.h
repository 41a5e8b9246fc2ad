/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames between dvsched's processes: length (u32), type (u8), fields. Little endian, without
 * descriptors, so that the same bytes can be sent over TCP. Reading a short or wrong frame sets ok
 * to false and never goes past the end.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { WIRE_LARGEST = 64 << 20 };

/* Writing: wire_begin() … wire_put_…() … wire_end(), any number of frames into one buffer. */
size_t wire_begin(struct str *b, uint8_t type); /* returns the frame's start for wire_end() */
void wire_end(struct str *b, size_t start);
void wire_put_u32(struct str *b, uint32_t v);
void wire_put_u64(struct str *b, uint64_t v);
void wire_put_f64(struct str *b, double v);
void wire_put_string(struct str *b, const char *s); /* NULL and "" are different */
void wire_put_bytes(struct str *b, const void *s, size_t n);
void wire_put_strings(struct str *b, const char *const *list, size_t n);
void wire_put_list(struct str *b, const char *const *list); /* ends with NULL; NULL: none */

/* Reading one frame's fields. Strings are NUL-terminated and point into the buffer. */
struct wire {
	const char *at, *end;
	bool ok; /* false once a field did not fit; all later reads give 0, NULL, "" */
};

/*
 * Looks for a complete frame at the start of buf. 1: *ret_type and *ret are set and *ret_size is
 * the frame's size in buf; 0: more bytes are needed; -1: not a frame (its length is 0 or too
 * large).
 */
int wire_next(const char *buf, size_t n, uint8_t *ret_type, struct wire *ret, size_t *ret_size);
uint32_t wire_u32(struct wire *w);
uint64_t wire_u64(struct wire *w);
double wire_f64(struct wire *w);
const char *wire_string(struct wire *w); /* NULL if NULL was put, or on error (see ok) */
const char *wire_bytes(struct wire *w, size_t *ret_n);
/* A malloc()ed, NULL-terminated array of strings that point into the buffer. */
const char **wire_strings(struct wire *w, size_t *ret_n);

#endif
