/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "printers/printer.h"

static void every_change_is_drawn_when_the_interval_is_zero(void **state)
{
	struct pace p = {.drawn_s = 10, .is_dirty = true};

	(void)state;
	assert_true(pace_wait(&p, 10) == 0);
	pace_drew(&p, 10);
	assert_true(isinf(pace_wait(&p, 10)));
}

static void changes_within_the_interval_wait_for_its_end(void **state)
{
	struct pace p = {.interval_s = 0.25, .drawn_s = -INFINITY, .is_dirty = true};

	(void)state;
	assert_true(pace_wait(&p, 10) == 0); /* the first one */
	pace_drew(&p, 10);
	p.is_dirty = true;
	assert_true(pace_wait(&p, 10.125) == 0.125);
	assert_true(pace_wait(&p, 10.5) == 0);
}

static void clocks_go_on_without_a_change_but_no_faster_than_the_interval(void **state)
{
	struct pace p = {.interval_s = 0.25, .tick_s = 1, .drawn_s = 10};

	(void)state;
	assert_true(pace_wait(&p, 10.25) == 0.75);
	assert_true(pace_wait(&p, 11) == 0);
	p.interval_s = 5;
	assert_true(pace_wait(&p, 11) == 4);
}

static void nothing_is_drawn_while_paused(void **state)
{
	struct pace p = {.is_dirty = true, .tick_s = 1, .is_paused = true};

	(void)state;
	assert_true(isinf(pace_wait(&p, 100)));
	p.is_paused = false;
	assert_true(pace_wait(&p, 100) == 0);
}

static void lines_are_never_silent_for_longer_than_a_minute(void **state)
{
	struct pace p = {
		.interval_s = plain_view.interval_s, .tick_s = plain_view.tick_s, .drawn_s = 10};

	(void)state;
	assert_true(pace_wait(&p, 10) <= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_is_drawn_when_the_interval_is_zero),
		cmocka_unit_test(changes_within_the_interval_wait_for_its_end),
		cmocka_unit_test(clocks_go_on_without_a_change_but_no_faster_than_the_interval),
		cmocka_unit_test(nothing_is_drawn_while_paused),
		cmocka_unit_test(lines_are_never_silent_for_longer_than_a_minute),
	};

	return RUN(tests);
}
