/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include "base/mem.h"
#include "unit.h"

static char *printed(const struct diags *d, bool color, bool strict)
{
	char *text = NULL, *copy;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	diags_print(d, f, color, strict);
	fclose(f);
	copy = xstrdup(text);
	free(text);
	return copy;
}

static void assert_printed(struct diags *d, const char *want)
{
	char *got = printed(d, false, false);

	assert_string_equal(got, want);
	free(got);
	diags_done(d);
}

static struct src_pos at(unsigned line, unsigned col)
{
	return (struct src_pos){"cfg.hjson", line, col};
}

static void an_error_has_its_line_a_caret_a_hint_and_notes(void **state)
{
	struct diags d;
	struct diag *e;

	(void)state;
	diags_init(&d);
	e = diag_error(&d, at(12, 3), "unknown key '%s'", "nees");
	diag_excerpt(e, "  nees: [\"build\"] and more", 17, 4);
	diag_hint(e, "did you mean '%s'?", "old");
	diag_hint(e, "did you mean '%s'?", "needs");
	diag_note(e, at(4, 5), "first defined here");
	diag_note(e, at(5, 5), "and %s", "here");
	assert_int_equal(d.n_errors, 1);
	assert_printed(&d, "cfg.hjson:12:3: error: unknown key 'nees'\n"
			   "    12 |   nees: [\"build\"]\n"
			   "       |   ^~~~\n"
			   "  hint: did you mean 'needs'?\n"
			   "cfg.hjson:4:5: note: first defined here\n"
			   "cfg.hjson:5:5: note: and here\n");
}

static void carets_stand_under_their_character(void **state)
{
	static const struct {
		const char *line;
		unsigned col, underline;
		const char *shown, *caret;
	} cases[] = {
		{"\t\tx: 1", 3, 1, "  x: 1", "  ^"},
		{"\xc3\xa9\xe2\x9c\x93: bad", 5, 3, "\xc3\xa9\xe2\x9c\x93: bad", "    ^~~"},
		{"a\xff"
		 "b",
		 3, 1, "a?b", "  ^"},
		{"a\033b\x7f\xc2\x9b"
		 "c",
		 6, 1, "a b??c", "     ^"},
		{"short", 4, 100, "short", "   ^~"}, /* marks end with the line */
		{"end", 4, 1, "end", "   ^"},	     /* a missing text, after the end of the line */
		{"x", 1, 0, "x", "^"},
		{"x", 0, 1, "x", "^"}, /* no column known */
		{"", 1, 1, "", "^"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct diags d;
		char want[200];

		diags_init(&d);
		diag_excerpt(diag_error(&d, at(7, cases[i].col), "m"), cases[i].line,
			     strlen(cases[i].line), cases[i].underline);
		snprintf(want, sizeof(want), "cfg.hjson:7:%u: error: m\n     7 | %s\n       | %s\n",
			 cases[i].col, cases[i].shown, cases[i].caret);
		assert_printed(&d, want);
	}
}

static void a_long_line_is_cut_around_the_caret(void **state)
{
	static char line[5001];
	struct diags d;
	char *got;
	const char *excerpt, *caret;

	(void)state;
	memset(line, '.', 5000);
	line[2999] = 'X';
	diags_init(&d);
	diag_excerpt(diag_error(&d, at(1, 3000), "m"), line, 5000, 1);
	got = printed(&d, false, false);
	excerpt = strchr(got, '\n') + 1;
	caret = strchr(excerpt, '\n') + 1;
	assert_true(strlen(got) < 700);
	assert_int_equal(strchr(excerpt, 'X') - excerpt, strchr(caret, '^') - caret);
	free(got);
	diags_done(&d);
}

static void the_user_s_text_cannot_drive_the_terminal(void **state)
{
	struct diags d;
	struct diag *e;

	(void)state;
	diags_init(&d);
	e = diag_error(&d, (struct src_pos){"a\033b", 1, 1}, "key '\033[2J'");
	diag_hint(e, "not '\033[2J'");
	diag_note(e, (struct src_pos){"c\033d", 2, 1}, "was '\033[2J'");
	assert_printed(&d, "a\\x1bb:1:1: error: key '\\x1b[2J'\n"
			   "  hint: not '\\x1b[2J'\n"
			   "c\\x1bd:2:1: note: was '\\x1b[2J'\n");
}

static void a_hint_may_have_lines(void **state)
{
	struct diags d;

	(void)state;
	diags_init(&d);
	diag_hint(diag_error(&d, (struct src_pos){"a", 1, 1}, "e"), "it said:\nthis\n\033and that");
	assert_printed(&d, "a:1:1: error: e\n"
			   "  hint: it said:\n"
			   "    this\n"
			   "    \\x1band that\n");
}

static void places_may_be_a_file_or_nowhere(void **state)
{
	struct diags d;
	struct error err = {0};

	(void)state;
	diags_init(&d);
	diag_warning(&d, at(0, 0), "is empty");
	error_plain(&err, "no room");
	diag_from_error(&d, &err);
	assert_null(err.msg);
	assert_int_equal(d.n_errors, 1);
	assert_int_equal(d.n_warnings, 1);
	assert_printed(&d, "cfg.hjson: warning: is empty\ndvsched: error: no room\n");
}

static void strict_turns_warnings_into_errors_and_color_tints_the_level(void **state)
{
	struct diags d;
	char *got;

	(void)state;
	diags_init(&d);
	diag_warning(&d, at(1, 2), "m");
	got = printed(&d, true, false);
	assert_string_equal(got, "cfg.hjson:1:2: \033[1;33mwarning:\033[0m m\n");
	free(got);
	got = printed(&d, true, true);
	assert_string_equal(got, "cfg.hjson:1:2: \033[1;31merror:\033[0m m\n");
	free(got);
	diags_done(&d);
}

static void a_flood_is_counted(void **state)
{
	struct diags d;

	(void)state;
	diags_init(&d);
	d.limit = 2;
	for (unsigned i = 1; i <= 5; i++)
		diag_hint(diag_error(&d, at(i, 1), "e"), "h");
	for (unsigned i = 1; i <= 4; i++)
		diag_warning(&d, at(i, 9), "w");
	assert_int_equal(d.n_errors, 5);
	assert_int_equal(d.n_warnings, 4);
	assert_printed(&d,
		       "cfg.hjson:1:1: error: e\n  hint: h\ncfg.hjson:2:1: error: e\n  hint: h\n"
		       "cfg.hjson:1:9: warning: w\ncfg.hjson:2:9: warning: w\n"
		       "dvsched: … and 3 more errors\ndvsched: … and 2 more warnings\n");
	d.limit = 0; /* the default */
	for (unsigned i = 1; i <= 60; i++)
		diag_error(&d, at(i, 1), "e");
	{
		char *got = printed(&d, false, false);

		assert_non_null(strstr(got, "cfg.hjson:50:1: error"));
		assert_null(strstr(got, "cfg.hjson:51:1: error"));
		assert_non_null(strstr(got, "… and 10 more errors"));
		free(got);
	}
	diags_done(&d);
}

static void the_same_warning_is_printed_once(void **state)
{
	struct diags d;

	(void)state;
	diags_init(&d);
	diag_warning(&d, at(1, 2), "twice");
	diag_warning(&d, at(1, 3), "twice");
	diag_error(&d, at(1, 2), "twice");
	diag_error(&d, at(1, 2), "twice");
	diag_warning(&d, at(1, 2), "twice");
	diag_complaint(&d, at(1, 2), "twice");
	assert_printed(&d, "cfg.hjson:1:2: warning: twice\n"
			   "cfg.hjson:1:3: warning: twice\n"
			   "cfg.hjson:1:2: error: twice\n"
			   "cfg.hjson:1:2: error: twice\n"
			   "cfg.hjson:1:2: error: twice\n");
}

static void a_list_that_is_moved_stands_at_the_end(void **state)
{
	struct diags d, more;

	(void)state;
	diags_init(&d);
	diags_init(&more);
	diags_move(&d, &more);
	diag_error(&d, at(1, 1), "first");
	diag_warning(&more, at(2, 1), "second");
	diag_error(&more, at(3, 1), "third");
	diags_move(&d, &more);
	assert_null(more.first);
	assert_int_equal(more.n_errors, 0);
	diag_warning(&more, at(9, 1), "not moved");
	diag_error(&d, at(4, 1), "fourth");
	assert_int_equal(d.n_errors, 3);
	assert_int_equal(d.n_warnings, 1);
	diags_done(&more);
	assert_printed(&d, "cfg.hjson:1:1: error: first\n"
			   "cfg.hjson:2:1: warning: second\n"
			   "cfg.hjson:3:1: error: third\n"
			   "cfg.hjson:4:1: error: fourth\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_has_its_line_a_caret_a_hint_and_notes),
		cmocka_unit_test(carets_stand_under_their_character),
		cmocka_unit_test(the_same_warning_is_printed_once),
		cmocka_unit_test(a_list_that_is_moved_stands_at_the_end),
		cmocka_unit_test(a_long_line_is_cut_around_the_caret),
		cmocka_unit_test(the_user_s_text_cannot_drive_the_terminal),
		cmocka_unit_test(a_hint_may_have_lines),
		cmocka_unit_test(places_may_be_a_file_or_nowhere),
		cmocka_unit_test(strict_turns_warnings_into_errors_and_color_tints_the_level),
		cmocka_unit_test(a_flood_is_counted),
	};

	return RUN(tests);
}
