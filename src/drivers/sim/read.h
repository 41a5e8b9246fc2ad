/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a JSON object, checked: 0, or SIM_BAD_JOB with a text that names what and where. */
#ifndef DRIVERS_SIM_READ_H
#define DRIVERS_SIM_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "dvsched/driver.h"

/* What a value is part of, for messages: "program[3]". */
struct sim_reader {
	const char *where;
	struct dvs_text *err;
};

/* text: an object, or empty or NULL for {}. The caller's to json_decref(); NULL with err. */
json_t *sim_read_object(const char *text, const char *where, struct dvs_text *err);
/* Every key of object is one of the NULL-terminated list. */
int32_t sim_read_keys(const struct sim_reader *r, json_t *object, const char *const *known);
/* A key that is not there leaves *ret as it is. */
int32_t sim_read_int(const struct sim_reader *r, json_t *object, const char *key, int64_t least,
		     int64_t most, int64_t *ret);
int32_t sim_read_real(const struct sim_reader *r, json_t *object, const char *key, double *ret);
int32_t sim_read_text(const struct sim_reader *r, json_t *object, const char *key,
		      const char **ret);
/* "92ms", "2s"; a number is seconds. */
int32_t sim_read_time(const struct sim_reader *r, json_t *object, const char *key,
		      uint64_t *ret_ns);
/* "4K", or a number of bytes. */
int32_t sim_read_size(const struct sim_reader *r, json_t *object, const char *key,
		      uint64_t *ret_bytes);

/* A number, or a list with it in. */
bool sim_has_number(json_t *value, int64_t number);

#endif
