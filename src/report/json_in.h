/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a report back. The first fault is kept, with its place, and whatever is asked for after
 * it is empty: so a reader asks for all it needs and looks once. Texts live as long as the file.
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
/* A fault of node; NULL: of the file. Always -1. */
int json_in_fault(struct json_in *in, const struct hjson_node *node, const char *fmt, ...)
	_printf_(3, 4);

/* Members that must be there, and be that; "or_null": null, or missing, is NULL. */
struct hjson_node *json_in_object(struct json_in *in, const struct hjson_node *obj,
				  const char *key);
struct hjson_node *json_in_object_or_null(struct json_in *in, const struct hjson_node *obj,
					  const char *key);
struct hjson_node *json_in_array(struct json_in *in, const struct hjson_node *obj, const char *key);
const char *json_in_text(struct json_in *in, const struct hjson_node *obj, const char *key);
const char *json_in_text_or_null(struct json_in *in, const struct hjson_node *obj, const char *key);
/* A number's digits as they were written. */
const char *json_in_digits_or_null(struct json_in *in, const struct hjson_node *obj,
				   const char *key, struct arena *mem);
struct maybe_number json_in_number_or_null(struct json_in *in, const struct hjson_node *obj,
					   const char *key);
unsigned json_in_count(struct json_in *in, const struct hjson_node *obj, const char *key);
bool json_in_bool(struct json_in *in, const struct hjson_node *obj, const char *key);
/* "2026-11-21T05:49:57Z" */
time_t json_in_time(struct json_in *in, const struct hjson_node *obj, const char *key);

/* The next member or element that counts, from the first: for loops. */
struct hjson_node *json_in_next(struct hjson_node *n);
#define json_in_each(n, parent)                                          \
	for ((n) = (parent) ? json_in_next((parent)->child) : NULL; (n); \
	     (n) = json_in_next((n)->next))

#endif
