/* SPDX-License-Identifier: Apache-2.0 */
#include "job/file_name.h"

#include "../base/unit.h"
#include "base/fs.h"

static void fit_names_stay(void **state)
{
	static const char *const names[] = {"a",      "0.uart_smoke.7", " sp ace", "ü",
					    "passed", "a..b",		"0...5"};
	char room[JOB_FILE_NAME_ROOM], most[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_ptr_equal(job_file_name(names[i], room), names[i]);
	memset(most, 'x', 255);
	most[255] = '\0';
	assert_ptr_equal(job_file_name(most, room), most);
}

static void others_become_fit_and_short(void **state)
{
	static const struct {
		const char *name, *begins;
	} cases[] = {
		{"a/b", "a_b-"},
		{"../../up", "_._.._up-"},
		{"..", "_.-"},
		{".", "_-"},
		{"", "-"},
		{"x\001y", "x_y-"},
		{"we\nird", "we_ird-"},
		{".hidden", "_hidden-"},
		{"a\xff", "a_-"},
		{"\xc2\x9b[m", "__[m-"},
	};
	char room[JOB_FILE_NAME_ROOM];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *name = job_file_name(cases[i].name, room);

		assert_true(path_is_safe_name(name));
		assert_true(job_name_is_fit(name));
		assert_memory_equal(name, cases[i].begins, strlen(cases[i].begins));
		assert_true(strspn(strrchr(name, '-') + 1, "0123456789abcdef") == 16);
	}
}

static void long_names_that_differ_at_the_end_stay_two(void **state)
{
	char a[600], b[600], room_a[JOB_FILE_NAME_ROOM], room_b[JOB_FILE_NAME_ROOM];

	(void)state;
	/* Of two bytes each, so that a cut at any odd place would break one. */
	for (size_t i = 0; i < 598; i += 2)
		memcpy(a + i, "é", 2);
	memcpy(a + 598, "1", 2);
	memcpy(b, a, sizeof(b));
	b[598] = '2';
	assert_string_not_equal(job_file_name(a, room_a), job_file_name(b, room_b));
	assert_true(job_name_is_fit(room_a) && job_name_is_fit(room_b));
	assert_true(strlen(room_a) < JOB_FILE_NAME_ROOM && strlen(room_a) > 100);
	assert_string_not_equal(job_file_name("a/b", room_a), job_file_name("a\nb", room_b));
}

static void what_is_moved_aside_has_room_for_its_suffix(void **state)
{
	char fits[300], cut[300], wide[300];
	struct str got = {0}, other = {0};

	(void)state;
	snprintf(fits, sizeof(fits), "/s/%0231d", 0);
	job_add_aside(&got, fits);
	assert_string_equal(got.s, fits);
	snprintf(cut, sizeof(cut), "/s/%0254d1", 0);
	str_clear(&got);
	job_add_aside(&got, cut);
	assert_memory_equal(got.s, cut, 3 + 231 - 17);
	assert_int_equal(strlen(path_base(got.s)), 231);
	cut[strlen(cut) - 1] = '2';
	job_add_aside(&other, cut);
	assert_string_not_equal(got.s, other.s);
	/* Not in the middle of a character. */
	for (size_t i = 0; i < 252; i += 3)
		memcpy(wide + i, "€", 4);
	str_clear(&got);
	job_add_aside(&got, wide);
	assert_true(path_is_safe_name(got.s) && strlen(got.s) <= 231);
	str_done(&got);
	str_done(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_moved_aside_has_room_for_its_suffix),
		cmocka_unit_test(fit_names_stay),
		cmocka_unit_test(others_become_fit_and_short),
		cmocka_unit_test(long_names_that_differ_at_the_end_stay_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
