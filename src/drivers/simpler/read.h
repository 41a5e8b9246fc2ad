/* SPDX-License-Identifier: Apache-2.0 */
/* Values of JSON objects, checked: 0, or the code with a text that names the key. What is not there
 * leaves *ret as it is. Texts are borrowed from the object. */
#ifndef DRIVERS_SIMPLER_READ_H
#define DRIVERS_SIMPLER_READ_H

#include <jansson.h>
#include <stdint.h>

#include "drivers/simpler/codes.h"

struct simpler_reader {
	json_t *from;
	const char *where; /* "callable.kernels[2]" */
	int32_t code;	   /* SIMPLER_E_OPTIONS or SIMPLER_E_JOB */
	struct dvs_text *err;
};

/* NULL or empty text: {}. NULL with err. The caller's to json_decref(). */
json_t *simpler_read_json(const char *text, const char *where, struct dvs_text *err);
/* No key but those of the NULL-terminated list. */
int32_t simpler_read_only(const struct simpler_reader *r, const char *const *known);
int32_t simpler_read_text(const struct simpler_reader *r, const char *key, const char **ret);
int32_t simpler_read_int(const struct simpler_reader *r, const char *key, int64_t least,
			 int64_t most, int64_t *ret);
/* "16M", or a number of bytes. */
int32_t simpler_read_size(const struct simpler_reader *r, const char *key, uint64_t *ret);
/* "10s"; a number is seconds. */
int32_t simpler_read_duration(const struct simpler_reader *r, const char *key, uint64_t *ret_ms);
/* NULL if it is not there; an error if it is of another type. */
int32_t simpler_read_typed(const struct simpler_reader *r, const char *key, json_type type,
			   json_t **ret);

#endif
