/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of JSON objects, for drivers: 0, or the code with a text that says where, which key, and
 * what it must be. A key that is not there leaves *ret as it is. Texts are borrowed from the
 * object.
 */
#ifndef DRIVERS_FIELDS_H
#define DRIVERS_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "dvsched/driver.h"

enum { FIELDS_WORDS = 400 }; /* room for a message */

struct fields {
	json_t *from;
	const char *where; /* what it is part of: "program[3]" */
	int32_t code;	   /* the driver's, of a fault */
	struct dvs_text *err;
};

/* text: an object, or empty or NULL for {}. The caller's to json_decref(); NULL with err. */
json_t *fields_parse(const char *text, const char *where, struct dvs_text *err);
/* No key but those of the NULL-terminated list. */
int32_t fields_only(const struct fields *f, const char *const *known);
/* NULL if it is not there. */
int32_t fields_typed(const struct fields *f, const char *key, json_type type, json_t **ret);
int32_t fields_text(const struct fields *f, const char *key, const char **ret);
int32_t fields_int(const struct fields *f, const char *key, int64_t least, int64_t most,
		   int64_t *ret);
int32_t fields_real(const struct fields *f, const char *key, double *ret); /* 0 or more */
/* "16M", or a number of bytes. */
int32_t fields_size(const struct fields *f, const char *key, uint64_t *ret);
/* "92ms", "10s"; a number is seconds. A day at most, which keeps sums far from overflow. */
int32_t fields_time(const struct fields *f, const char *key, double least_s, uint64_t *ret_ns);
/* "WHERE: 'KEY' must be MUST". Returns the code. */
int32_t fields_wrong(const struct fields *f, const char *key, const char *must);

/* For those who have a struct error: 0, or -1 with the words that came with code. */
int fields_error(const struct fields *f, int32_t code, struct error *err);

/* A number, or a list with it in. */
bool fields_has_number(json_t *value, int64_t number);

#endif
