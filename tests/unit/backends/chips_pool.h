/* SPDX-License-Identifier: Apache-2.0 */
/* A pool from the text of a configuration, with a driver whose answers a test sets: linked instead
 * of device_probe(). */
#ifndef TESTS_UNIT_BACKENDS_CHIPS_POOL_H
#define TESTS_UNIT_BACKENDS_CHIPS_POOL_H

#include "../base/unit.h"
#include "backends/chips/settings.h"
#include "base/str.h"
#include "base/vec.h"

struct pool {
	char dir[32]; /* of the configuration; state/ and locks/ are in it */
	struct arena *mem;
	struct cfg *cfg;
	struct cfg_fields *fields;
	struct diags diags;
	struct backend_env env; /* name "npu", grace_s 2 */
	struct chips_settings *s;
	struct str told, warned;
	/* Of earlier reads, until the test ends: the settings of a pool that was made point there.
	 */
	VEC(struct cfg *) old_cfgs;
	VEC(struct arena *) old_mems;
};

/* The answer of the driver: at first "sim" with four devices, 0 and 1 in domain 0, 2 and 3 in no
 * domain; error: its message instead. */
struct pool_driver {
	struct driver_facts facts;
	struct dvs_device devices[8];
	const char *error;
	/* The arguments of the last call. */
	char driver[128], options[512];
	double limit_s;
};
extern struct pool_driver pool_driver;

/* For each test: a directory of its own, and the driver above. */
int pool_setup(void **state);
int pool_teardown(void **state);

/* text: keys of the pool, from line 3 on; `driver: "sim"` is on line 2. NULL after errors. */
struct chips_settings *pool_read(struct pool *p, const char *text);
/* All keys, from line 2 on. */
struct chips_settings *pool_read_all(struct pool *p, const char *text);
/* The value of the pool as a whole, from line 2 on. */
struct chips_settings *pool_read_value(struct pool *p, const char *value);
/* Only backend_chips_check_settings(), of all keys from line 2 on. */
void pool_check_keys(struct pool *p, const char *text);
/* Makes the pool with these keys, from line 3 on, beside n others that are there. NULL after
 * errors. */
struct backend *pool_make(struct pool *p, const char *text, struct backend *const *others,
			  unsigned n);
/* "3:10 message [hint]\n", one line for each message of the last read. */
const char *pool_told(struct pool *p);
/* Reads each text and compares the messages. */
struct pool_case {
	const char *text, *told;
};
void pool_check(struct pool *p, const struct pool_case *cases, size_t n);
void pool_put(const struct pool *p, const char *name, const char *text);

#define POOL_TEST(name) cmocka_unit_test_setup_teardown(name, pool_setup, pool_teardown)

#endif
