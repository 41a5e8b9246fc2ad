/* SPDX-License-Identifier: Apache-2.0 */
/* Common code of the tests of driver acl, on a stub of its library. */
#ifndef TESTS_HELPERS_ACL_BED_H
#define TESTS_HELPERS_ACL_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "acl_stub.h"
#include "base/attr.h"
#include "drivers/acl/codes.h"
#include "dvsched/driver.h"

struct acl_bed {
	dvs_driver_get_function *get;
	const struct dvs_driver *d;
	struct dvs_host host;
	void *ctx; /* open, or NULL */
	char dir[64], libdir[80];
	unsigned n_libdirs;
	char options[256];
	char said[600], result[600]; /* by the last call */
	struct dvs_text err, room;
	uint64_t epoch, committed;
	int32_t evidence; /* the last that was reported; -1: none */
	char logged[200];
	stub_begin_function *begin;
	stub_log_function *log;
	stub_live_function *live;
	stub_is_hanging_function *is_hanging;
	stub_release_function *release;
};

/* Makes and frees the bed of a test: setup and teardown for cmocka. */
int acl_bed_init(void **state);
int acl_bed_done(void **state);
#define ACL_TEST(f) cmocka_unit_test_setup_teardown(f, acl_bed_init, acl_bed_done)

/* Another library: one of ACL_STUB_NEW (the usual), ACL_STUB_OLD, ACL_STUB_BROKEN; NULL: none. */
void acl_bed_use(struct acl_bed *b, const char *stub);
/* more: further options, "\"soc\": \"x\"", or NULL. */
void acl_bed_options(struct acl_bed *b, const char *more);
/* Empties the texts of the last call, which are then arguments of a call. */
struct dvs_text *acl_bed_err(struct acl_bed *b);
int32_t acl_bed_open(struct acl_bed *b, const char *script);
void acl_bed_must_open(struct acl_bed *b, const char *script);
void acl_bed_close(struct acl_bed *b);

/* A file for `image`, in the bed's folder; replaced if it is there. */
const char *acl_bed_binary(struct acl_bed *b, const char *name, const char *content);
/* "{\"image\": {…}, \"args\": […]}"; args: NULL for none. The bed's, until the next one. */
const char *acl_bed_job(struct acl_bed *b, const char *entry, const char *args);
/* load and prepare with a new epoch, the first error of the two. */
int32_t acl_bed_prepare(struct acl_bed *b, const char *job);
/* Until poll is over or fails, at most most times. *ret_is_over. */
int32_t acl_bed_poll(struct acl_bed *b, unsigned most, int32_t *ret_is_over);
/* A whole run: load … finish. Returns the code of finish, or of the call that failed before; said
 * has its text. */
int32_t acl_bed_run(struct acl_bed *b, const char *job);
enum dvs_class acl_bed_class(struct acl_bed *b, int32_t code, int32_t is_fresh);

#define ADD_ARGS                                                     \
	"[{\"f32\": [8], \"fill\": 2}, {\"f32\": [8], \"fill\": 3}," \
	" {\"f32\": [8], \"out\": true, \"expect\": {\"fill\": 5, \"rtol\": 1e-6}}, {\"i64\": 8}]"

#endif
