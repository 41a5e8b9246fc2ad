/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of jobs that were taken over, as ranges in records of the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "run/taken_record.h"

/* '1': it is in. */
static bool is_one(const void *ctx, size_t i)
{
	return ((const char *)ctx)[i] == '1';
}

static void numbers_are_written_as_ranges(void **state)
{
	static const struct {
		const char *set, *text;
	} cases[] = {
		{"", NULL},	    {"0000", NULL},
		{"1", "0"},	    {"0001", "3"},
		{"1111", "0-3"},    {"110011", "0-1,4-5"},
		{"10101", "0,2,4"}, {"0111011110", "1-3,5-8"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str text = {0};
		size_t at = 0, n = strlen(cases[i].set);

		number_ranges_add(&text, is_one, cases[i].set, n, &at);
		assert_int_equal(at, n);
		if (cases[i].text)
			assert_string_equal(text.s, cases[i].text);
		else
			assert_int_equal(text.len, 0);
	}
}

/* Reads what text says into a set. */
static void read_into(const char *text, char *set, size_t n)
{
	struct number_ranges r = {.at = text, .n = n};
	size_t first, last;

	while (number_ranges_next(&r, &first, &last))
		memset(set + first, '1', last - first + 1);
	assert_false(r.is_wrong);
}

/* A record of the journal is shorter than 4 KiB, so many numbers take several. */
static void many_numbers_come_back_from_several_records(void **state)
{
	enum { N = 20000 };
	static char set[N + 1], back[N + 1];
	size_t at = 0, n_records = 0;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		set[i] = i % 7 == 0 || i % 5 < 2 ? '1' : '0';
		back[i] = '0';
	}
	while (at < N) {
		_cleanup_(str_done) struct str text = {0};

		number_ranges_add(&text, is_one, set, N, &at);
		assert_true(text.len < 4000);
		read_into(text.s, back, N);
		n_records++;
	}
	assert_true(n_records > 1);
	assert_string_equal(back, set);
}

static void what_is_no_range_is_refused(void **state)
{
	static const char *const wrong[] = {
		"x",	"1-",  "3-1",	"1,", ",1",   "10",  "0-10",
		"1--2", "5 6", "1-2-3", "-1", "1,,2", "1;2", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct number_ranges r = {.at = wrong[i], .n = 10};
		size_t first, last;

		while (number_ranges_next(&r, &first, &last))
			assert_true(first <= last && last < 10);
		if (!r.is_wrong)
			fail_msg("'%s' is taken", wrong[i]);
		assert_false(number_ranges_next(&r, &first, &last));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_as_ranges),
		cmocka_unit_test(many_numbers_come_back_from_several_records),
		cmocka_unit_test(what_is_no_range_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
