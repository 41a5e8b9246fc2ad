/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer: no tree, constant memory. Commas and indentation are its own; the caller
 * opens and closes. Text that is not UTF-8 is written with U+FFFD for each bad byte, so that what
 * comes out is always JSON. (jout_, because jansson has json_object() and its like.)
 */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { JSON_DEPTH = 64 };

struct json_out {
	struct str buf;	 /* what is not written yet; all of it if fd is -1 */
	int fd;		 /* -1: into buf only */
	int errnum;	 /* first write error, 0: none; after it all is dropped */
	unsigned indent; /* blanks per level; 0: one line, no blanks */
	unsigned depth;
	bool has_items[JSON_DEPTH];
	bool after_key, break_next;
};

void jout_init(struct json_out *j, int fd, unsigned indent);
/* Writes the rest. Returns 0, or the errno of the first failure. Frees the buffer. */
int jout_done(struct json_out *j);

/*
 * For members or elements that stand in many places: part writes into its buffer what can follow an
 * item where j is now; jout_add_part() adds such text to any writer as deep in an item's wake.
 */
void jout_part(struct json_out *part, const struct json_out *j);
void jout_add_part(struct json_out *j, const struct str *part);

void jout_object(struct json_out *j);
void jout_object_end(struct json_out *j);
void jout_array(struct json_out *j);
void jout_array_end(struct json_out *j);
void jout_key(struct json_out *j, const char *key);
void jout_string(struct json_out *j, const char *s); /* NULL: null */
void jout_string_n(struct json_out *j, const char *s, size_t n);
void jout_int(struct json_out *j, int64_t i);
/* digits after the point as needed, at most decimals; not finite: null */
void jout_real(struct json_out *j, double d, unsigned decimals);
void jout_bool(struct json_out *j, bool b);
void jout_null(struct json_out *j);
/* The next item begins on a line of its own, also where indent is 0: one record per line of a list.
 */
void jout_break(struct json_out *j);
/* text must be JSON already, e.g. the 77 digits of a seed. */
void jout_raw(struct json_out *j, const char *text);

/* key and value in one. */
void jout_key_string(struct json_out *j, const char *key, const char *s);
void jout_key_int(struct json_out *j, const char *key, int64_t i);
void jout_key_real(struct json_out *j, const char *key, double d, unsigned decimals);
void jout_key_bool(struct json_out *j, const char *key, bool b);

#endif
