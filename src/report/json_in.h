/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a report. Only the first error is kept, with its position; after it every function returns
 * an empty value. So a caller may read all members and check for an error once. Texts are valid
 * until json_in_close().
 */
#ifndef REPORT_JSON_IN_H
#define REPORT_JSON_IN_H

#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/number.h"
#include "hjson.h"

struct json_in {
	struct hjson_doc *doc;
	struct hjson_node *root; /* an object; NULL: see err */
	const char *path;
	struct error *err;
};

/* path and err are borrowed. 0, or -1 with err. */
int json_in_open(struct json_in *in, const char *path, struct error *err);
void json_in_close(struct json_in *in);
bool json_in_is_bad(const struct json_in *in);
/* Reports an error of node; NULL: of the file. Returns -1. */
int json_in_fault(struct json_in *in, const struct hjson_node *node, const char *fmt, ...)
	_printf_(3, 4);

/* Required members of the given type. "or_null": NULL if the member is null or missing. */
struct hjson_node *json_in_object(struct json_in *in, const struct hjson_node *obj,
				  const char *key);
struct hjson_node *json_in_object_or_null(struct json_in *in, const struct hjson_node *obj,
					  const char *key);
struct hjson_node *json_in_array(struct json_in *in, const struct hjson_node *obj, const char *key);
const char *json_in_text(struct json_in *in, const struct hjson_node *obj, const char *key);
const char *json_in_text_or_null(struct json_in *in, const struct hjson_node *obj, const char *key);
/* The digits of a number, as written. */
const char *json_in_digits_or_null(struct json_in *in, const struct hjson_node *obj,
				   const char *key, struct arena *mem);
struct maybe_number json_in_number_or_null(struct json_in *in, const struct hjson_node *obj,
					   const char *key);
unsigned json_in_count(struct json_in *in, const struct hjson_node *obj, const char *key);
bool json_in_bool(struct json_in *in, const struct hjson_node *obj, const char *key);
/* "2026-11-21T05:49:57Z" */
time_t json_in_time(struct json_in *in, const struct hjson_node *obj, const char *key);

/* n or the next member after it that is not shadowed by a duplicate key. For json_in_each. */
struct hjson_node *json_in_next(struct hjson_node *n);
#define json_in_each(n, parent)                                          \
	for ((n) = (parent) ? json_in_next((parent)->child) : NULL; (n); \
	     (n) = json_in_next((n)->next))

#endif
