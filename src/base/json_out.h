/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer: no tree, constant memory. It writes commas and indentation; the caller
 * opens and closes objects and arrays. Each byte that is not UTF-8 is written as U+FFFD, so that
 * the output is always JSON. (The prefix is jout_ because jansson has json_object() etc.)
 */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { JSON_DEPTH = 64 };

struct json_out {
	struct str buf;	 /* output that is not written yet; if fd is -1, all output */
	int fd;		 /* -1: output stays in buf */
	int errnum;	 /* first write error, 0: none; later output is dropped */
	unsigned indent; /* blanks per level; 0: one line, no blanks */
	unsigned depth;
	bool has_items[JSON_DEPTH];
	bool after_key, break_next;
};

void jout_init(struct json_out *j, int fd, unsigned indent);
/* Writes the rest. Returns 0, or the errno of the first failure. Frees the buffer. */
int jout_done(struct json_out *j);

/*
 * For members or elements that are written in many places. Between two items of j: jout_part()
 * makes `part` a writer into memory at the same depth, for text that can follow an item there.
 * jout_add_part() copies such text to any writer that is between two items at that depth.
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
/* as many digits after the point as needed, at most `decimals`; null if d is not finite */
void jout_real(struct json_out *j, double d, unsigned decimals);
void jout_bool(struct json_out *j, bool b);
void jout_null(struct json_out *j);
/* The next item begins on a new line also if indent is 0: for lists with one record per line. */
void jout_break(struct json_out *j);
/* Writes text as it is: it must be one JSON value, e.g. the 77 digits of a seed. */
void jout_raw(struct json_out *j, const char *text);

/* A key and its value. */
void jout_key_string(struct json_out *j, const char *key, const char *s);
/* An array of texts, up to a NULL; texts may be NULL: none. */
void jout_key_strings(struct json_out *j, const char *key, const char *const *texts);
void jout_key_int(struct json_out *j, const char *key, int64_t i);
void jout_key_real(struct json_out *j, const char *key, double d, unsigned decimals);
void jout_key_bool(struct json_out *j, const char *key, bool b);

#endif
