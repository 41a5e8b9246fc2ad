/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <locale.h>

#include "printers/canvas.h"
#include "printers/cells.h"

static void text_is_cleaned_and_cut_to_columns(void **state)
{
	static const struct {
		const char *in;
		unsigned columns;
		bool is_utf8;
		const char *out;
		unsigned taken;
	} cases[] = {
		{"plain", 10, true, "plain", 5},
		{"exactly", 7, true, "exactly", 7},
		{"too long", 5, true, "too \xe2\x80\xa6", 5},
		{"too long", 5, false, "to...", 5},
		{"too long", 2, false, "to", 2},
		{"abc", 0, true, "", 0},
		{"abc", 1, true, "a", 1},
		/* Two columns each: half of one cannot be shown. */
		{"\xe6\xb5\x8b\xe8\xaf\x95\xe6\xb5\x8b", 6, true,
		 "\xe6\xb5\x8b\xe8\xaf\x95\xe6\xb5\x8b", 6},
		{"\xe6\xb5\x8b\xe8\xaf\x95\xe6\xb5\x8b", 4, true, "\xe6\xb5\x8b\xe2\x80\xa6", 3},
		{"\xe6\xb5\x8b", 6, false, "?", 1},
		/* An accent of its own takes no column. */
		{"e\xcc\x81x", 2, true, "e\xcc\x81x", 2},
		/* Escape sequences, bad bytes, C1 controls, marks that turn text round. */
		{"a\033[31mb\n", 20, false, "a?[31mb?", 8},
		{"a\033b", 20, true,
		 "a\xef\xbf\xbd"
		 "b",
		 3},
		{"a\xff"
		 "b",
		 20, true,
		 "a\xef\xbf\xbd"
		 "b",
		 3},
		{"a\xc2\x9b"
		 "b",
		 20, true,
		 "a\xef\xbf\xbd"
		 "b",
		 3},
		{"a\xe2\x80\xae"
		 "b",
		 20, true,
		 "a\xef\xbf\xbd"
		 "b",
		 3},
		{"\x7f", 20, false, "?", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str out = {0};
		unsigned taken;

		str_addn(&out, "", 0);
		taken = cells_add_cut(&out, cases[i].in, cases[i].columns, cases[i].is_utf8);
		assert_string_equal(out.s, cases[i].out);
		assert_int_equal(taken, cases[i].taken);
		str_done(&out);
	}
}

static struct canvas c;

static const char *row_text(unsigned i)
{
	return c.rows[i].text.s;
}

static void a_row_is_cut_at_the_right_edge(void **state)
{
	(void)state;
	canvas_init(&c, false);
	canvas_start(&c, 10);
	canvas_row(&c);
	canvas_field(&c, INK_PLAIN, "ab", 4);
	canvas_add(&c, INK_PLAIN, "cdefghijkl");
	canvas_add(&c, INK_PLAIN, "never seen");
	assert_string_equal(row_text(0), "ab  cde...");
	assert_int_equal(c.rows[0].columns, 10);
	canvas_start(&c, 0);
	canvas_row(&c);
	canvas_add(&c, INK_PLAIN, "x");
	canvas_repeat(&c, INK_PLAIN, "x", 3);
	assert_string_equal(row_text(0), "");
	canvas_done(&c);
}

static void colours_are_written_only_where_asked_for(void **state)
{
	struct str out = {0};

	(void)state;
	canvas_init(&c, false);
	canvas_start(&c, 20);
	canvas_row(&c);
	canvas_add(&c, INK_PLAIN, "a ");
	canvas_add(&c, INK_GOOD, "b");
	canvas_add_ansi(&c.rows[0], &out, false);
	assert_string_equal(out.s, "a b");
	str_clear(&out);
	canvas_add_ansi(&c.rows[0], &out, true);
	assert_string_equal(out.s, "a \033[32mb\033[0m");
	str_done(&out);
	canvas_done(&c);
}

static void a_bar_shows_every_part_and_is_full_only_at_the_end(void **state)
{
	static const struct {
		unsigned columns;
		uint32_t passed, failed, killed, running, total;
		const char *bar;
	} cases[] = {
		{10, 0, 0, 0, 0, 100, ".........."},
		{10, 100, 0, 0, 0, 100, "##########"},
		{10, 9999, 0, 0, 0, 10000, "#########."},
		{10, 9998, 1, 0, 0, 10000, "########F."},
		{10, 50, 20, 10, 10, 100, "#####FFK:."},
		{10, 1, 1, 1, 1, 1000000, "#FK:......"},
		{3, 10, 10, 10, 10, 100, NULL},
		{0, 10, 0, 0, 0, 100, ""},
		{4, 0, 0, 0, 0, 0, "####"}, /* all of none */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t n[JOB_STATUS_COUNT] = {[JOB_PASSED] = cases[i].passed,
						[JOB_FAILED] = cases[i].failed,
						[JOB_KILLED] = cases[i].killed,
						[JOB_RUNNING] = cases[i].running};

		canvas_init(&c, false);
		canvas_start(&c, 80);
		canvas_row(&c);
		canvas_bar(&c, cases[i].columns, n, cases[i].total);
		assert_int_equal(c.rows[0].columns, cases[i].columns);
		if (cases[i].bar)
			assert_string_equal(row_text(0), cases[i].bar);
		canvas_done(&c);
	}
}

static void colours_are_taken_out_and_nothing_else(void **state)
{
	static const struct {
		const char *s, *plain;
	} cases[] = {
		{"", ""},
		{"dvsched: \033[1;33mwarning: it\033[0m", "dvsched: warning: it"},
		{"\033[mx\033[31m\033[4m", "x"},
		{"\033[2J\033]0;m\033[1;", "\033[2J\033]0;m\033[1;"},
		{"[1m\033", "[1m\033"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str out = {0};

		str_add(&out, "");
		cells_add_plain(&out, cases[i].s, strlen(cases[i].s));
		assert_string_equal(out.s, cases[i].plain);
		str_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cleaned_and_cut_to_columns),
		cmocka_unit_test(a_row_is_cut_at_the_right_edge),
		cmocka_unit_test(colours_are_taken_out_and_nothing_else),
		cmocka_unit_test(colours_are_written_only_where_asked_for),
		cmocka_unit_test(a_bar_shows_every_part_and_is_full_only_at_the_end),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return RUN(tests);
}
