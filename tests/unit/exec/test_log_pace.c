/* SPDX-License-Identifier: Apache-2.0 */
/* How often a log is checked: soon enough for its limit, and seldom enough for a low CPU time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exec/log_pace.h"

static void a_quiet_log_is_looked_at_less_and_less_often(void **state)
{
	double pause_s = log_pace(0, 0, INFINITY), total_s = pause_s;

	(void)state;
	assert_true(pause_s > 0 && pause_s <= 0.02);
	for (int i = 0; i < 5; i++) {
		double next_s = log_pace(pause_s, 0, INFINITY);

		assert_true(next_s > pause_s);
		pause_s = next_s;
		total_s += pause_s;
	}
	assert_true(total_s < 1.5); /* the log of a job of some seconds is checked several times */
	for (int i = 0; i < 5; i++)
		pause_s = log_pace(pause_s, 0, INFINITY);
	assert_true(pause_s == 1);
	assert_true(log_pace(pause_s, 1e9, INFINITY) == 1); /* a log without a limit */
}

/* It grows as before, or up to twice as fast. */
static void a_log_that_would_be_full_is_looked_at_before(void **state)
{
	static const struct {
		double pause_s, growth, left, want_s;
	} cases[] = {
		{1, 100, 1000, 1},  /* full in 10 s */
		{1, 100, 200, 1},   /* in 2 s */
		{1, 100, 100, 0.5}, /* in 1 s */
		{0.5, 100, 100, 0.25},	{0.5, 100, 400, 1},
		{0.25, 100, 1000, 0.5}, /* twice the last pause at most */
		{1, 1000, 1, 0.02},	/* no busy waiting */
		{1, 1000, 0, 0.02},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double s = log_pace(cases[i].pause_s, cases[i].growth, cases[i].left);

		if (fabs(s - cases[i].want_s) > 1e-9)
			fail_msg("case %zu: %g s", i, s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_log_is_looked_at_less_and_less_often),
		cmocka_unit_test(a_log_that_would_be_full_is_looked_at_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
