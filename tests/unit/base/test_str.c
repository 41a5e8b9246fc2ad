/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "unit.h"

static void text_grows_by_every_kind_of_append(void **state)
{
	struct str b = {0};
	char want[4096] = "";
	unsigned seed = 9;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		size_t len = strlen(want);

		switch (next_random(&seed) % 4) {
		case 0:
			str_add(&b, "word ");
			strcpy(want + len, "word ");
			break;
		case 1:
			str_addc(&b, 'c');
			strcpy(want + len, "c");
			break;
		case 2:
			str_addn(&b, "abcdef", i % 6);
			memcpy(want + len, "abcdef", i % 6);
			want[len + i % 6] = '\0';
			break;
		default:
			str_printf(&b, "%03u", i);
			sprintf(want + len, "%03u", i);
		}
		assert_string_equal(b.s ? b.s : "", want);
		assert_int_equal(b.len, strlen(want));
		assert_true(!b.s || b.cap > b.len);
	}
	str_done(&b);
}

static void a_reserved_place_holds_n_bytes_and_the_nul(void **state)
{
	(void)state;
	for (size_t n = 0; n < 300; n++) {
		struct str b = {0};

		str_add(&b, "x");
		memset(str_reserve(&b, n), 'r', n + 1); /* ASan sees a byte too few */
		b.len += n;
		b.s[b.len] = '\0';
		assert_int_equal(strlen(b.s), n + 1);
		str_done(&b);
	}
}

static void taking_leaves_an_empty_string(void **state)
{
	struct str b = {0};
	char *s;

	(void)state;
	s = str_take(&b);
	assert_string_equal(s, "");
	free(s);
	str_add(&b, "mine");
	s = str_take(&b);
	assert_string_equal(s, "mine");
	assert_null(b.s);
	assert_int_equal(b.len, 0);
	free(s);
	str_add(&b, "again");
	str_clear(&b);
	assert_string_equal(b.s, "");
	assert_int_equal(b.len, 0);
	str_done(&b);
}

static void letters_get_upper_case_and_other_bytes_stay(void **state)
{
	struct str b = {0};

	(void)state;
	str_add_upper(&b, "az AZ_09`{@[\xc3\xa9");
	assert_string_equal(b.s, "AZ AZ_09`{@[\xc3\xa9");
	str_done(&b);
}

static void texts_are_sorted_by_their_bytes(void **state)
{
	const char *texts[] = {"b", "a_", "\xff", "a", ""};
	static const char *const want[] = {"", "a", "a_", "b", "\xff"};

	(void)state;
	qsort(texts, ARRAY_LEN(texts), sizeof(*texts), str_compare_texts);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_string_equal(texts[i], want[i]);
}

static void shell_characters_are_these(void **state)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "_@%+=:,./-";

	(void)state;
	for (int c = 0; c < 256; c++)
		assert_int_equal(str_is_shell_char((char)c), c && strchr(set, c) ? 1 : 0);
}

/* Python: shlex.quote(). */
static void shell_words_are_quoted_as_shlex_does(void **state)
{
	static const char *const cases[][2] = {
		{"", "''"},
		{"plain", "plain"},
		{"a/b.c-d_e=f:g,h%i+j@k", "a/b.c-d_e=f:g,h%i+j@k"},
		{"two words", "'two words'"},
		{"it's", "'it'\"'\"'s'"},
		{"'", "''\"'\"''"},
		{"$HOME", "'$HOME'"},
		{"a;b", "'a;b'"},
		{"a*b", "'a*b'"},
		{"~", "'~'"},
		{"a\nb", "'a\nb'"},
		{"\xc3\xa9", "'\xc3\xa9'"},
		{"#x", "'#x'"},
		{"{a}", "'{a}'"},
	};
	struct str b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str_clear(&b);
		str_add_shell_word(&b, cases[i][0]);
		assert_string_equal(b.s, cases[i][1]);
	}
	str_done(&b);
}

static void printable_text_cannot_drive_a_terminal(void **state)
{
	static const char *const cases[][2] = {
		{"plain \xc3\xa9 \xe2\x9c\x93", "plain \xc3\xa9 \xe2\x9c\x93"},
		{"\033[31m", "\\x1b[31m"},
		{"a\tb\nc\r", "a\\x09b\\x0ac\\x0d"},
		{"\x7f", "\\x7f"},
		{"\xff\xc3", "\\xff\\xc3"},
		{"\xc2\x9b"
		 "31m",
		 "\\xc2\\x9b31m"}, /* U+009B is CSI */
		{"\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a lone surrogate */
	};
	struct str b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str_clear(&b);
		str_add_printable(&b, cases[i][0], strlen(cases[i][0]));
		assert_string_equal(b.s, cases[i][1]);
	}
	str_clear(&b);
	str_add_printable(&b, "a\0b", 3);
	assert_string_equal(b.s, "a\\x00b");
	str_done(&b);
}

enum { LONG_TEXT = 150 };

/* n bytes, with an odd one at at. */
static void check_odd(size_t n, size_t at, char odd)
{
	_cleanup_(str_done) struct str b = {0}, expected = {0};
	char text[LONG_TEXT];

	memset(text, ' ', n);
	text[at] = odd;
	str_add_printable(&b, text, n);
	str_addn(&expected, text, at);
	str_printf(&expected, "\\x%02x", (unsigned char)odd);
	str_addn(&expected, text + at + 1, n - at - 1);
	assert_string_equal(b.s, expected.s);
}

/* Texts are looked at 16 and 64 bytes at a time. */
static void a_control_character_is_found_anywhere_in_a_long_text(void **state)
{
	static const char odd[] = {'\0', '\x1f', '\x7f', '\x80', '\xff'};

	(void)state;
	for (size_t at = 0; at < LONG_TEXT; at++)
		for (size_t n = at + 1; n <= LONG_TEXT; n++)
			check_odd(n, at, odd[(n + at) % sizeof(odd)]);
}

static void prefixes_suffixes_and_equality(void **state)
{
	(void)state;
	assert_true(str_starts("build.x", "build"));
	assert_true(str_starts("x", ""));
	assert_false(str_starts("bui", "build"));
	assert_true(str_ends("run.log", ".log"));
	assert_true(str_ends("x", ""));
	assert_false(str_ends("log", "x.log"));
	assert_false(str_ends("run.logs", ".log"));
	assert_true(str_eq("a", "a"));
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq("a", NULL));
	assert_false(str_eq(NULL, "a"));
	assert_false(str_eq("a", "ab"));
}

static void suggestions_are_near_or_none(void **state)
{
	static const char *const words[] = {"needs", "needs_any", "name", "timeout",
					    "argv",  "wr",	  NULL};
	static const char *const cases[][2] = {
		{"neds", "needs"},
		{"enves", NULL},
		{"nmae", "name"},
		{"needs", "needs"},
		{"need_any", "needs_any"},
		{"timout", "timeout"},
		{"tiemout", "timeout"},
		{"x", NULL},
		{"command", NULL},
		{"", NULL},
		{"agrv", "argv"},
		{"cr", NULL},
		{"wrr", "wr"},
		{"nose", NULL},
	};
	char word[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *found = str_suggest(cases[i][0], words, ARRAY_LEN(words));

		if (cases[i][1])
			assert_string_equal(found, cases[i][1]);
		else
			assert_null(found);
	}
	memset(word, 'n', 199);
	word[199] = '\0';
	assert_null(str_suggest(word, words, ARRAY_LEN(words)));
	assert_null(str_suggest("needs", NULL, 0));
}

static void texts_are_replaced(void **state)
{
	static const char *const cases[][4] = {
		{"aXbX", "X", "yy", "ayybyy"}, {"XX", "X", "XX", "XXXX"},
		{"abc", "", "z", "abc"},       {"", "X", "y", ""},
		{"XaX", "X", "", "a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str out = {0};

		str_add(&out, "-");
		str_add_replaced(&out, cases[i][0], cases[i][1], cases[i][2]);
		assert_string_equal(out.s + 1, cases[i][3]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_replaced),
		cmocka_unit_test(text_grows_by_every_kind_of_append),
		cmocka_unit_test(a_reserved_place_holds_n_bytes_and_the_nul),
		cmocka_unit_test(taking_leaves_an_empty_string),
		cmocka_unit_test(letters_get_upper_case_and_other_bytes_stay),
		cmocka_unit_test(texts_are_sorted_by_their_bytes),
		cmocka_unit_test(shell_characters_are_these),
		cmocka_unit_test(shell_words_are_quoted_as_shlex_does),
		cmocka_unit_test(printable_text_cannot_drive_a_terminal),
		cmocka_unit_test(a_control_character_is_found_anywhere_in_a_long_text),
		cmocka_unit_test(prefixes_suffixes_and_equality),
		cmocka_unit_test(suggestions_are_near_or_none),
	};

	return RUN(tests);
}
