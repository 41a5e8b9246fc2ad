/* SPDX-License-Identifier: Apache-2.0 */
#include "config/fields.h"

#include <math.h>

#include "unit.h"

static struct cfg_fields *fields(struct project *p, const char *text)
{
	assert_non_null(load(p, text));
	return cfg_fields_new(p->cfg, hjson_get(cfg_root(p->cfg), "x"), "x", &p->diags);
}

/* The messages, one per line, with their hints in brackets. */
static const char *told(struct project *p)
{
	str_clear(&p->text);
	str_reserve(&p->text, 0);
	for (const struct diag *e = p->diags.first; e; e = e->next) {
		str_printf(&p->text, "%u:%u %s", e->pos.line, e->pos.col, e->msg);
		if (e->hint)
			str_printf(&p->text, " [%s]", e->hint);
		str_addc(&p->text, '\n');
	}
	return p->text.s;
}

static void good_values_are_read(void **state)
{
	static const char *const words[] = {"red", "green", NULL};
	struct cfg_fields *f = fields(*state, "{ x: { s: \"text\", b: true, i: -5, r: 1.5, r2: 2, "
					      "d: \"1m30s\", d2: 2.5, z: \"2K\", z2: 7, w: green\n"
					      "l: [\"a\", \"b\"], l1: \"a\", l0: [], any: {} } }");
	const char *const *list;
	struct hjson_node **nodes;

	assert_string_equal(cfg_fields_string(f, "s", NULL), "text");
	assert_true(cfg_fields_bool(f, "b", false));
	assert_int_equal(cfg_fields_int(f, "i", -5, 5, 0), -5);
	assert_true(cfg_fields_real(f, "r", 0, 2, 0) == 1.5);
	assert_true(cfg_fields_real(f, "r2", 0, 2, 0) == 2);
	assert_true(cfg_fields_duration(f, "d", 0) == 90);
	assert_true(cfg_fields_duration(f, "d2", 0) == 2.5);
	assert_int_equal(cfg_fields_size(f, "z", 0), 2048);
	assert_int_equal(cfg_fields_size(f, "z2", 0), 7);
	assert_int_equal(cfg_fields_word(f, "w", words, 0), 1);
	list = cfg_fields_strings(f, "l", &nodes);
	assert_string_equal(list[0], "a");
	assert_string_equal(list[1], "b");
	assert_null(list[2]);
	assert_ptr_equal(nodes[1], hjson_get(cfg_fields_object(f), "l")->child->next);
	assert_null(nodes[2]);
	list = cfg_fields_strings(f, "l1", NULL);
	assert_string_equal(list[0], "a");
	assert_null(list[1]);
	assert_null(cfg_fields_strings(f, "l0", NULL)[0]);
	assert_int_equal(cfg_fields_node(f, "any")->type, HJSON_OBJECT);
	assert_true(cfg_fields_end(f));
}

static void what_is_not_there_has_its_default(void **state)
{
	static const char *const words[] = {"red", "green", NULL};
	struct project *p = *state;
	struct hjson_node **nodes;

	for (int is_null = 0; is_null <= 1; is_null++) {
		struct cfg_fields *f = fields(p, is_null ? "{ y: 1 }" : "{ x: {} }");

		assert_string_equal(cfg_fields_string(f, "s", "no"), "no");
		assert_true(cfg_fields_bool(f, "b", true));
		assert_int_equal(cfg_fields_int(f, "i", 0, 5, 9), 9);
		assert_true(cfg_fields_real(f, "r", 0, 2, 7) == 7);
		assert_true(cfg_fields_duration(f, "d", -1) == -1);
		assert_int_equal(cfg_fields_size(f, "z", 3), 3);
		assert_int_equal(cfg_fields_word(f, "w", words, 1), 1);
		assert_null(cfg_fields_strings(f, "l", &nodes));
		assert_null(nodes);
		assert_null(cfg_fields_node(f, "any"));
		assert_ptr_equal(cfg_fields_cfg(f), p->cfg);
		assert_ptr_equal(cfg_fields_diags(f), &p->diags);
		assert_true(cfg_fields_end(f));
	}
	assert_string_equal(told(p), "");
}

static void each_wrong_value_is_an_error_with_its_place(void **state)
{
	static const char *const words[] = {"red", "green", NULL};
	struct project *p = *state;
	struct cfg_fields *f = fields(
		p, "{\nx: {\n"
		   "s: 5\n"
		   "b: 1\n"
		   "i: \"5\"\n"
		   "i2: 6\n"
		   "i3: -99999999999999999999\n"
		   "i4: -1\n"
		   "r: 2.5\n"
		   "r2: 99999999999999999999\n"
		   "r3: -1\n"
		   "d: \"90\"\n"
		   "d2: -1\n"
		   "z: \"1Q\"\n"
		   "w: gren\n"
		   "l: [\"a\", 5, null]\n"
		   "l2: 5\n"
		   "n: null\n"
		   "long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		   "}\n}");

	assert_string_equal(cfg_fields_string(f, "s", "no"), "no");
	assert_true(cfg_fields_bool(f, "b", true));
	assert_int_equal(cfg_fields_int(f, "i", 0, 5, 9), 9);
	assert_int_equal(cfg_fields_int(f, "i2", 0, 5, 9), 9);
	assert_int_equal(cfg_fields_int(f, "i3", 0, 5, 9), 9);
	assert_int_equal(cfg_fields_int(f, "i4", 0, INT64_MAX, 9), 9);
	assert_true(cfg_fields_real(f, "r", 0, 2, 7) == 7);
	assert_true(cfg_fields_real(f, "r2", 0, 2, 7) == 7);
	assert_true(cfg_fields_real(f, "r3", 0, INFINITY, 7) == 7);
	assert_true(cfg_fields_duration(f, "d", 3) == 3);
	assert_true(cfg_fields_duration(f, "d2", 3) == 3);
	assert_int_equal(cfg_fields_size(f, "z", 3), 3);
	assert_int_equal(cfg_fields_word(f, "w", words, 0), 0);
	assert_string_equal(cfg_fields_strings(f, "l", NULL)[0], "a");
	assert_null(cfg_fields_strings(f, "l2", NULL));
	assert_null(cfg_fields_string(f, "n", NULL));
	assert_true(cfg_fields_bool(f, "long", true));
	assert_false(cfg_fields_end(f));
	assert_string_equal(
		told(p),
		"3:4 's' must be a string, not 5 [put it in quotes: \"5\"]\n"
		"4:4 'b' must be true or false, not 1\n"
		"5:4 'i' must be a whole number, not \"5\" [write it without quotes: 5]\n"
		"6:5 'i2' must be a whole number from 0 to 5, not 6\n"
		"7:5 'i3' must be a whole number from 0 to 5, not -99999999999999999999\n"
		"8:5 'i4' must be a whole number of at least 0, not -1\n"
		"9:4 'r' must be a number from 0 to 2, not 2.5\n"
		"10:5 'r2' must be a number from 0 to 2, not 99999999999999999999\n"
		"11:5 'r3' must be a number of at least 0, not -1\n"
		"12:4 'd' must be a duration such as \"90s\" or \"5m\", not \"90\" [the units are "
		"ms, "
		"s, m, h and d; a number without quotes is seconds]\n"
		"13:5 'd2' must be a duration such as \"90s\" or \"5m\", not -1\n"
		"14:4 'z' must be a size such as \"64M\" or a number of bytes, not \"1Q\"\n"
		"15:4 'w' must be \"red\" or \"green\", not \"gren\" [did you mean \"green\"?]\n"
		"16:10 'l' must be a string or an array of strings, not 5\n"
		"16:13 'l' must be a string or an array of strings, not null\n"
		"17:5 'l2' must be a string or an array of strings, not 5\n"
		"18:4 'n' must be a string, not null\n"
		"19:7 'long' must be true or false, not "
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\"\n");
}

static void keys_that_nobody_asked_for_are_errors(void **state)
{
	struct project *p = *state;
	struct cfg_fields *f = fields(
		p, "{ x: { needs: 1, neds: 2, tags: 3, zzzzzzz: 4, known: 5 } }");

	cfg_fields_node(f, "needs");
	cfg_fields_node(f, "tags");
	cfg_fields_allow(f, "known");
	assert_false(cfg_fields_end(f));
	assert_string_equal(told(p), "1:18 unknown key 'neds' in x [did you mean 'needs'?]\n"
				     "1:36 unknown key 'zzzzzzz' in x\n");
}

static void members_that_no_file_holds_are_not_unknown(void **state)
{
	struct project *p = *state;
	struct cfg_fields *f = fields(p, "{ x: {} }");
	struct hjson_doc *doc = cfg_doc(p->cfg);

	hjson_set(doc, hjson_get(cfg_root(p->cfg), "x"), "ours", 4, hjson_new_int(doc, 1, 0));
	assert_true(cfg_fields_end(f));
}

static void what_is_no_object_is_one_error(void **state)
{
	struct project *p = *state;
	struct cfg_fields *f = fields(p, "{ x: [1] }");

	assert_null(cfg_fields_object(f));
	assert_int_equal(cfg_fields_int(f, "i", 0, 5, 2), 2);
	assert_false(cfg_fields_end(f));
	assert_string_equal(told(p), "1:6 'x' must be an object, not an array\n");
}

static void scalars_are_text_as_written(void **state)
{
	struct project *p = *state;
	struct cfg_fields *f = fields(
		p, "{ x: [\"s\", 1.50, 123456789012345678901234567890, true, false, "
		   "null, [], {}] }");
	static const char *const texts[] = {
		"s", "1.50", "123456789012345678901234567890", "true", "false", NULL, NULL, NULL};
	struct hjson_node *e = hjson_get(cfg_root(p->cfg), "x")->child;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++, e = e->next)
		assert_true(str_eq(cfg_scalar_text(p->cfg, e), texts[i]));
	cfg_fields_end(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROJECT_TEST(good_values_are_read),
		PROJECT_TEST(what_is_not_there_has_its_default),
		PROJECT_TEST(each_wrong_value_is_an_error_with_its_place),
		PROJECT_TEST(keys_that_nobody_asked_for_are_errors),
		PROJECT_TEST(members_that_no_file_holds_are_not_unknown),
		PROJECT_TEST(what_is_no_object_is_one_error),
		PROJECT_TEST(scalars_are_text_as_written),
	};

	return RUN_PROJECTS(tests);
}
