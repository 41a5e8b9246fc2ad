/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of a device worker share. */
#ifndef WORKER_TESTS_H
#define WORKER_TESTS_H

#include "../base/unit.h"
#include "device/device_class.h"
#include "worker_bed.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static inline int setup(void **state)
{
	*state = worker_bed_new();
	return 0;
}

static inline int teardown(void **state)
{
	worker_bed_free(*state);
	return 0;
}

static inline void assert_ended(const struct device_result *r, enum dvs_class class,
				enum driver_call call)
{
	if (r->class != class || r->call != call)
		print_error("%s in %s: %s\n", device_class_name(r->class), board_call_name(r->call),
			    r->verdict.message ? r->verdict.message : "-");
	assert_int_equal(r->class, class);
	assert_int_equal(r->call, call);
	assert_int_equal(r->verdict.status, device_class_fate(class)->status);
	assert_int_equal(r->verdict.reason, device_class_fate(class)->reason);
	assert_int_equal(r->verdict.is_uncounted, !device_class_fate(class)->is_counted);
}

#endif
