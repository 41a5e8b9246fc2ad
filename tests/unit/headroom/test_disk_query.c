/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "headroom/disk_query.h"

static const struct free_space two = {
	.n_disks = 2,
	.disk = {{"/scratch", 1, 10, 0, 0}, {"/tmp", 2, 10, 0, 0}},
};

static void tick_until(struct disk_query *q, enum disk_query_step last)
{
	for (int i = 1; i < DISK_QUERY_LATE_S; i++)
		assert_int_equal(disk_query_tick(q), DISK_QUERY_WAIT);
	assert_int_equal(disk_query_tick(q), last);
}

static void a_question_is_asked_again_when_all_disks_have_answered(void **state)
{
	const struct free_space_disk less = {.free_bytes = 5, .size_bytes = 9};
	struct disk_query q;

	(void)state;
	disk_query_init(&q, &two);
	assert_int_equal(q.disk[1].free_bytes, 2);
	assert_int_equal(disk_query_tick(&q), DISK_QUERY_ASK);
	assert_false(
		disk_query_answer(&q, "/tmp", &less)); /* not asked yet: of an older question */
	assert_int_equal(q.disk[1].free_bytes, 2);
	assert_false(disk_query_answer(&q, "/scratch", &less));
	assert_int_equal(disk_query_tick(&q), DISK_QUERY_WAIT);
	assert_false(disk_query_answer(&q, "/tmp", &less));
	assert_int_equal(disk_query_tick(&q), DISK_QUERY_ASK);
	assert_string_equal(q.disk[0].path, "/scratch");
	assert_int_equal(q.disk[1].free_bytes, 5);
	assert_int_equal(q.disk[1].size_bytes, 9);
}

static void a_disk_that_does_not_answer_is_reported_once(void **state)
{
	struct disk_query q;

	(void)state;
	disk_query_init(&q, &two);
	assert_int_equal(disk_query_tick(&q), DISK_QUERY_ASK);
	tick_until(&q, DISK_QUERY_LATE);
	assert_int_equal(q.n_answers, 0);
	assert_int_equal(q.disk[0].free_bytes, 1); /* the last answer counts */
	tick_until(&q, DISK_QUERY_WAIT);
	assert_true(disk_query_answer(&q, "/scratch", &two.disk[0]));
	tick_until(&q, DISK_QUERY_LATE);
	assert_int_equal(q.n_answers, 1);
	assert_true(disk_query_answer(&q, "/tmp", &two.disk[1]));
	assert_int_equal(disk_query_tick(&q), DISK_QUERY_ASK);
	assert_false(disk_query_answer(&q, "/scratch", &two.disk[0]));
}

static void without_disks_or_anybody_who_answers_nothing_is_asked(void **state)
{
	struct disk_query q;

	(void)state;
	disk_query_init(&q, &(struct free_space){0});
	tick_until(&q, DISK_QUERY_WAIT);
	disk_query_init(&q, &two);
	assert_int_equal(disk_query_tick(&q), DISK_QUERY_ASK);
	disk_query_forget(&q);
	assert_int_equal(q.n_disks, 0);
	tick_until(&q, DISK_QUERY_WAIT);
	assert_false(disk_query_answer(&q, "/scratch", &two.disk[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_asked_again_when_all_disks_have_answered),
		cmocka_unit_test(a_disk_that_does_not_answer_is_reported_once),
		cmocka_unit_test(without_disks_or_anybody_who_answers_nothing_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
