/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <stdint.h>

#include "unit.h"

struct point {
	int x, y;
};

static void elements_stay_in_order_as_it_grows(void **state)
{
	VEC(struct point) points = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		vec_push(&points, (struct point){i, -i});
	assert_int_equal(points.n, 1000);
	assert_true(points.cap >= points.n);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(points.at[i].x, i);
		assert_int_equal(points.at[i].y, -i);
	}
	vec_add(&points)->x = 7;
	assert_int_equal(points.at[1000].x, 7);
	vec_done(&points);
}

static void what_was_done_is_empty_and_can_be_used_again(void **state)
{
	VEC(const char *) words = {0};

	(void)state;
	vec_push(&words, "a");
	vec_done(&words);
	assert_null(words.at);
	assert_int_equal(words.n, 0);
	assert_int_equal(words.cap, 0);
	vec_done(&words);
	vec_push(&words, "b");
	assert_string_equal(words.at[0], "b");
	vec_done(&words);
}

static void room_is_doubled_whatever_the_type_of_its_count(void **state)
{
	struct {
		uint64_t *at;
		uint32_t n, cap;
	} numbers = {0};

	(void)state;
	for (uint32_t i = 0; i <= VEC_FIRST; i++)
		vec_push(&numbers, i);
	assert_int_equal(numbers.cap, 2 * VEC_FIRST);
	assert_int_equal(numbers.at[VEC_FIRST], VEC_FIRST);
	vec_done(&numbers);
}

static void one_in_an_arena_keeps_its_elements_and_is_as_small_as_they_are(void **state)
{
	struct arena *mem = arena_new();
	VEC(struct point) points = {0};

	(void)state;
	vec_push_in(mem, &points, (struct point){0});
	assert_int_equal(points.cap, 1);
	for (int i = 1; i < 1000; i++)
		vec_push_in(mem, &points, (struct point){i, -i});
	assert_int_equal(points.n, 1000);
	assert_int_equal(points.cap, 1024);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(points.at[i].x, i);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_stay_in_order_as_it_grows),
		cmocka_unit_test(what_was_done_is_empty_and_can_be_used_again),
		cmocka_unit_test(one_in_an_arena_keeps_its_elements_and_is_as_small_as_they_are),
		cmocka_unit_test(room_is_doubled_whatever_the_type_of_its_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
