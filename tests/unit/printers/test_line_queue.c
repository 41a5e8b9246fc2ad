/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "printers/line_queue.h"

static void lines_come_out_whole_and_in_order(void **state)
{
	struct line_queue q;
	struct str out = {0};

	(void)state;
	line_queue_init(&q, 1000);
	line_queue_add(&q, "one\ntwo\n", 8);
	line_queue_add(&q, "three", 5);
	line_queue_take(&q, &out, 5); /* room for one and a piece of the second */
	assert_string_equal(out.s, "one\n");
	line_queue_take(&q, &out, 1000);
	assert_string_equal(out.s, "one\ntwo\nthree\n");
	assert_true(line_queue_is_empty(&q));
	str_done(&out);
	line_queue_done(&q);
}

static void a_line_longer_than_what_is_asked_for_comes_out_whole(void **state)
{
	struct line_queue q;
	struct str out = {0};

	(void)state;
	line_queue_init(&q, 1000);
	line_queue_add(&q, "a long line\nb\n", 14);
	line_queue_take(&q, &out, 3);
	assert_string_equal(out.s, "a long line\n");
	str_done(&out);
	line_queue_done(&q);
}

static void the_oldest_are_dropped_and_counted(void **state)
{
	struct line_queue q;
	struct str out = {0};

	(void)state;
	line_queue_init(&q, 10);
	for (char c = 'a'; c <= 'z'; c++) {
		char line[] = {c, '\n'};

		line_queue_add(&q, line, 2);
	}
	line_queue_take(&q, &out, 1000);
	assert_string_equal(out.s, "... 21 lines dropped, terminal too slow\nv\nw\nx\ny\nz\n");
	str_clear(&out);
	line_queue_add(&q, "!\n", 2);
	line_queue_take(&q, &out, 1000);
	assert_string_equal(out.s, "!\n"); /* said once */
	str_done(&out);
	line_queue_done(&q);
}

static void memory_stays_bounded_whatever_is_added(void **state)
{
	struct line_queue q;
	char line[100];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	line_queue_init(&q, 10000);
	for (int i = 0; i < 100000; i++)
		line_queue_add(&q, line, sizeof(line));
	assert_true(q.bytes.cap < 100000);
	assert_int_equal(q.n_dropped, 100000 - 100);
	line_queue_done(&q);
}

static void one_line_beyond_the_limit_is_dropped_itself(void **state)
{
	struct line_queue q;
	struct str out = {0};

	(void)state;
	line_queue_init(&q, 4);
	line_queue_add(&q, "too long\n", 9);
	assert_false(line_queue_is_empty(&q));
	line_queue_take(&q, &out, 100);
	assert_string_equal(out.s, "... 1 lines dropped, terminal too slow\n");
	assert_true(line_queue_is_empty(&q));
	str_done(&out);
	line_queue_done(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_whole_and_in_order),
		cmocka_unit_test(a_line_longer_than_what_is_asked_for_comes_out_whole),
		cmocka_unit_test(the_oldest_are_dropped_and_counted),
		cmocka_unit_test(memory_stays_bounded_whatever_is_added),
		cmocka_unit_test(one_line_beyond_the_limit_is_dropped_itself),
	};

	return RUN(tests);
}
