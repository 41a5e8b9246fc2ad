/* SPDX-License-Identifier: Apache-2.0 */
/* Number of slots on a machine that is short of processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backends/local/shortage.h"

static void without_a_shortage_nothing_is_limited(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	assert_true(shortage_may_grow(&s, 100000, 0));
	assert_false(shortage_must_shrink(&s, 100000));
}

static void each_shortage_takes_one_slot_until_it_is_gone(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	assert_true(shortage_seen(&s, 10, 1));
	for (int i = 0; i < 5; i++)
		assert_false(shortage_seen(&s, 10, 1)); /* the tenth has not gone yet */
	assert_true(shortage_must_shrink(&s, 10));
	assert_false(shortage_must_shrink(&s, 9));
	assert_false(shortage_may_grow(&s, 9, 2));
	assert_true(shortage_may_grow(&s, 8, 2));
	shortage_seen(&s, 9, 3);
	assert_true(shortage_must_shrink(&s, 9));
}

static void the_last_slot_stays(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	shortage_seen(&s, 2, 1);
	shortage_seen(&s, 1, 2);
	assert_false(shortage_must_shrink(&s, 1));
	assert_true(shortage_may_grow(&s, 0, 3));
}

static void after_a_while_there_may_be_one_more_and_then_another(void **state)
{
	struct shortage s;

	(void)state;
	shortage_init(&s);
	shortage_seen(&s, 3, 1);
	assert_false(shortage_may_grow(&s, 2, 10.9));
	assert_true(shortage_may_grow(&s, 2, 11.1));
	assert_false(shortage_may_grow(&s, 3, 11.2));
	shortage_seen(&s, 3, 12);
	assert_true(shortage_must_shrink(&s, 3));
	assert_false(shortage_may_grow(&s, 2, 21.9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_shortage_nothing_is_limited),
		cmocka_unit_test(each_shortage_takes_one_slot_until_it_is_gone),
		cmocka_unit_test(the_last_slot_stays),
		cmocka_unit_test(after_a_while_there_may_be_one_more_and_then_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
