/* SPDX-License-Identifier: Apache-2.0 */
#include "base/attr.h"
#include "base/clock.h"

#include <math.h>
#include <time.h>

#include "unit.h"

static void durations_are_read(void **state)
{
	static const struct {
		const char *text;
		double s;
	} cases[] = {
		{"90s", 90},	   {"5m", 300},	   {"1h30m", 5400},   {"250ms", 0.25},
		{"2d", 172800},	   {"1.5h", 5400}, {"90", 90},	      {"0", 0},
		{"0s", 0},	   {"10min", 600}, {"3sec", 3},	      {"1h1m1s1ms", 3661.001},
		{"500us", 0.0005}, {"0.5", 0.5},   {"1d12h", 129600}, {"007s", 7},
		{"1m0.5s", 60.5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double s = -1;

		assert_true(duration_parse(cases[i].text, &s));
		assert_true(fabs(s - cases[i].s) < 1e-9);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const cases[] = {
		"",   " 5s",   "5 s",  "5s ",  "-5s",  "+5s",	     "s",   "5x",
		"5M", "1m1h",  "1h1h", "1e3",  "0x10", "inf",	     "nan", "1.",
		".5", "1..5s", "5sm",  "1h30", "1,5h", "5\xc2\xb5s",
	};
	char huge[400];
	double s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (duration_parse(cases[i], &s))
			fail_msg("'%s' was taken as a duration", cases[i]);
	memset(huge, '9', 399);
	huge[399] = '\0';
	assert_false(duration_parse(huge, &s));
	strcpy(huge + 300, "d");
	memset(huge, '9', 300);
	huge[308] = '\0';
	assert_true(duration_parse(huge, &s));
	assert_true(isfinite(s));
}

static void durations_are_written_short(void **state)
{
	static const struct {
		double s;
		const char *text, *hms;
	} cases[] = {
		{0, "0.00s", "00:00:00"},
		{0.42, "0.42s", "00:00:00"},
		{9.994, "9.99s", "00:00:09"},
		{9.996, "10.0s", "00:00:09"},
		{12.3, "12.3s", "00:00:12"},
		{59.94, "59.9s", "00:00:59"},
		{59.96, "1m00s", "00:00:59"},
		{245, "4m05s", "00:04:05"},
		{3599.6, "1h00m", "00:59:59"},
		{7620, "2h07m", "02:07:00"},
		{86400 * 3 + 4 * 3600, "3d04h", "76:00:00"},
		{400000, "4d15h", "111:06:40"},
		{1e300, "11574074074d01h", "277777777777:46:40"},
		{-1, "0.00s", "00:00:00"},
		{NAN, "0.00s", "00:00:00"},
	};
	struct str b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str_clear(&b);
		duration_add(&b, cases[i].s);
		assert_string_equal(b.s, cases[i].text);
		str_clear(&b);
		duration_add_hms(&b, cases[i].s);
		assert_string_equal(b.s, cases[i].hms);
	}
	str_done(&b);
}

static void wall_times_are_written_as_iso(void **state)
{
	static const struct {
		double wall_s;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1795240197.123, "2026-11-21T05:49:57.123Z"},
		{1795240197.9996, "2026-11-21T05:49:58.000Z"},
		{951782400, "2000-02-29T00:00:00.000Z"},
		{-0.5, "1969-12-31T23:59:59.500Z"},
		{NAN, "1970-01-01T00:00:00.000Z"},
		{1e300, "1970-01-01T00:00:00.000Z"},
	};
	struct str b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str_clear(&b);
		wall_add_iso(&b, cases[i].wall_s);
		assert_string_equal(b.s, cases[i].text);
	}
	/* Every millisecond survives the way through a double. */
	for (unsigned ms = 0; ms < 1000; ms++) {
		char want[8];

		str_clear(&b);
		wall_add_iso(&b, 1795240197 + ms / 1000.0);
		snprintf(want, sizeof(want), ".%03uZ", ms);
		assert_string_equal(b.s + b.len - 5, want);
	}
	str_done(&b);
}

static void a_stamp_is_found_at_the_end_of_a_name(void **state)
{
	static const struct {
		const char *name;
		int at; /* -1: there is none */
	} cases[] = {
		{"20261121_054957", 0},
		{"20261121_054957_12", 0},
		{"a.20261121_054957", 2},
		{"a.b.20261121_054957_1", 4},
		{"", -1},
		{"a", -1},
		{"2026112_0054957", -1},
		{"20261121_054957_", -1},
		{"20261121_054957_x", -1},
		{"a20261121_054957", -1},
		{"20261121_054957.a", -1},
		{"20261121_0549571", -1},
		{"20261121_", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *found = wall_find_stamp(cases[i].name);

		assert_int_equal(found ? found - cases[i].name : -1, cases[i].at);
	}
}

static void stamps_are_local_time(void **state)
{
	struct str b = {0};

	(void)state;
	setenv("TZ", "XYZ-3", 1); /* three hours east */
	tzset();
	wall_add_stamp(&b, 1795240197.9);
	assert_string_equal(b.s, "20261121_084957");
	str_done(&b);
}

static void a_virtual_clock_stands_until_moved(void **state)
{
	struct clock_virtual v;

	(void)state;
	clock_virtual_init(&v, 1000);
	assert_true(clock_now(&v.clock) == 0);
	v.now_s = 2.5;
	assert_true(clock_now(&v.clock) == 2.5);
	assert_true(clock_wall(&v.clock) == 1002.5);
}

static void the_real_clock_goes_forward(void **state)
{
	double first = clock_now(clock_real()), wall = clock_wall(clock_real());

	(void)state;
	assert_true(clock_now(clock_real()) >= first);
	assert_true(fabs(wall - (double)time(NULL)) < 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(durations_are_written_short),
		cmocka_unit_test(wall_times_are_written_as_iso),
		cmocka_unit_test(stamps_are_local_time),
		cmocka_unit_test(a_stamp_is_found_at_the_end_of_a_name),
		cmocka_unit_test(a_virtual_clock_stands_until_moved),
		cmocka_unit_test(the_real_clock_goes_forward),
	};

	return RUN(tests);
}
