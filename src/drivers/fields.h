/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads values of JSON objects, for drivers. Functions return 0, or the code of the fields with a
 * text that names the place, the key, and what the value must be. If the key is missing, *ret is
 * unchanged. Texts are borrowed from the object.
 */
#ifndef DRIVERS_FIELDS_H
#define DRIVERS_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "dvsched/driver.h"

enum { FIELDS_WORDS = 400 }; /* bytes of a message */

struct fields {
	json_t *from;
	const char *where; /* the place of the object, for messages: "program[3]" */
	int32_t code;	   /* the driver's code for an error here */
	struct dvs_text *err;
};

/* text: an object; empty or NULL means {}. The caller calls json_decref(). NULL with err: no JSON
 * object. */
json_t *fields_parse(const char *text, const char *where, struct dvs_text *err);
/* An error if the object has a key that is not in the NULL-terminated list. */
int32_t fields_only(const struct fields *f, const char *const *known);
/* *ret is NULL if the key is missing. */
int32_t fields_typed(const struct fields *f, const char *key, json_type type, json_t **ret);
int32_t fields_text(const struct fields *f, const char *key, const char **ret);
int32_t fields_int(const struct fields *f, const char *key, int64_t least, int64_t most,
		   int64_t *ret);
int32_t fields_real(const struct fields *f, const char *key, double *ret); /* 0 or more */
/* "16M", or a number of bytes. */
int32_t fields_size(const struct fields *f, const char *key, uint64_t *ret);
/* "92ms", "10s"; a number is seconds. At most a day, so that sums cannot overflow. */
int32_t fields_time(const struct fields *f, const char *key, double least_s, uint64_t *ret_ns);
/* "WHERE: 'KEY' must be MUST". Returns the code. */
int32_t fields_wrong(const struct fields *f, const char *key, const char *must);

/* For callers with a struct error: 0, or -1 with the text that was written with code. */
int fields_error(const struct fields *f, int32_t code, struct error *err);

/* value is this number, or a list that has it. */
bool fields_has_number(json_t *value, int64_t number);

#endif
