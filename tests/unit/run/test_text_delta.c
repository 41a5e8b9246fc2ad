/* SPDX-License-Identifier: Apache-2.0 */
/* Differences between two texts: their content, and the restored text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/text_delta.h"

static void str_set(struct str *ret, const char *s)
{
	str_clear(ret);
	str_add(ret, s);
}

static void is_delta(const char *text, const char *other, const char *expect)
{
	_cleanup_(str_done) struct str a = {0}, b = {0}, back = {0};
	struct json_out out;
	json_t *list;

	str_set(&a, text);
	str_set(&b, other);
	jout_init(&out, -1, 0);
	text_delta_write(&out, &a, &b);
	assert_string_equal(out.buf.s, expect);
	list = json_loadb(out.buf.s, out.buf.len, 0, NULL);
	assert_non_null(list);
	assert_true(text_delta_read(list, &b, a.len, &back));
	assert_string_equal(back.s, text);
	json_decref(list);
	str_done(&out.buf);
}

static void parts_that_both_have_are_copied_from_their_first_byte(void **state)
{
	(void)state;
	is_delta("0123456789abcdef", "0123456789abcdef", "[0,16]");
	is_delta("0123456789abcdefg", "0123456789abcdef-", "[0,16,\"g\"]");
	is_delta("new 0123456789abcdef", "0123456789abcdef", "[\"new \",0,16]");
	is_delta("one, 0123456789abcdef two", "three 0123456789abcdef four",
		 "[\"one,\",5,18,\"two\"]");
	is_delta("0123456789abcdef|ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP/0123456789abcdef",
		 "[17,16,\"|\",0,16]");
}

static void parts_that_are_too_short_are_written(void **state)
{
	(void)state;
	is_delta("0123456789abcde", "0123456789abcde", "[\"0123456789abcde\"]");
	is_delta("0123456789abcdeX", "0123456789abcdeY", "[\"0123456789abcdeX\"]");
	is_delta("a", "", "[\"a\"]");
}

/* The two characters differ in their last byte. */
static void a_character_is_never_split(void **state)
{
	(void)state;
	is_delta("0123456789abcdef\xc3\xa9", "0123456789abcdef\xc3\xa8", "[0,16,\"\xc3\xa9\"]");
	is_delta("0123456789abcde\xc3\xa9", "0123456789abcde\xc3\xa8",
		 "[\"0123456789abcde\xc3\xa9\"]");
	/* Here they differ in their first byte. */
	is_delta("\xc4\xa9"
		 "0123456789abcdef",
		 "\xc3\xa9"
		 "0123456789abcdef",
		 "[\"\xc4\xa9\",2,16]");
}

static void what_is_no_difference_is_refused(void **state)
{
	static const struct {
		const char *list;
		bool is_good;
	} cases[] = {
		{"[0,4]", true},     {"[4,0,\"a\"]", true}, {"[\"abcdef\"]", true},
		{"[]", false},	     {"{}", false},	    {"[0]", false},
		{"[0,5]", false},    {"[1,4]", false},	    {"[5,0]", false},
		{"[-1,1]", false},   {"[0,-1]", false},	    {"[\"abcdefg\"]", false},
		{"[0,true]", false}, {"[null,1]", false},   {"[0,4,0,3]", false},
	};
	_cleanup_(str_done) struct str other = {0};

	(void)state;
	str_set(&other, "0123");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str back = {0};
		json_t *list = json_loads(cases[i].list, 0, NULL);

		assert_non_null(list);
		if (text_delta_read(list, &other, 6, &back) != cases[i].is_good)
			fail_msg("%s is %s", cases[i].list, cases[i].is_good ? "refused" : "taken");
		json_decref(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_that_both_have_are_copied_from_their_first_byte),
		cmocka_unit_test(parts_that_are_too_short_are_written),
		cmocka_unit_test(a_character_is_never_split),
		cmocka_unit_test(what_is_no_difference_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
