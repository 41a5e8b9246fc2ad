/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, building, changing and writing trees. */
#include "tap.h"

#include <locale.h>

static struct hjson_doc *doc;

static struct hjson_node *parse(const char *text)
{
	return hjson_parse(doc, "t", text, strlen(text), NULL, NULL);
}

static bool json_is(const struct hjson_node *n, unsigned indent, const char *want)
{
	struct text t = {0};
	bool same;

	text_say(&t, "");
	same = hjson_to_json(doc, n, indent, text_add, &t) && strcmp(t.s, want) == 0;
	if (!same)
		printf("# got %s\n", t.s);
	free(t.s);
	return same;
}

static bool is_json(const struct hjson_node *n, const char *want)
{
	return n && json_is(n, 0, want);
}

static void types_and_values_are_read(void)
{
	struct hjson_node *r = parse(
		"{n: null, t: true, f: false, i: -7, r: 2.5, s: 'x', a: [1], o: {}}");

	CHECK(hjson_get(r, "n")->type == HJSON_NULL);
	CHECK(hjson_get(r, "t")->type == HJSON_BOOL && hjson_get(r, "t")->i == 1);
	CHECK(hjson_get(r, "f")->type == HJSON_BOOL && hjson_get(r, "f")->i == 0);
	CHECK(hjson_get(r, "i")->type == HJSON_INT && hjson_get(r, "i")->i == -7);
	CHECK(hjson_get(r, "r")->type == HJSON_REAL && hjson_get(r, "r")->d == 2.5);
	CHECK(hjson_get(r, "s")->type == HJSON_STRING && hjson_get(r, "s")->n == 1);
	CHECK(hjson_get(r, "a")->type == HJSON_ARRAY && hjson_get(r, "a")->child->i == 1);
	CHECK(hjson_get(r, "o")->type == HJSON_OBJECT && hjson_get(r, "o")->n == 0);
	CHECK(hjson_get(r, "x") == NULL && hjson_get(hjson_get(r, "a"), "x") == NULL);
	CHECK(hjson_get_n(r, "nx", 1) == hjson_get(r, "n"));
	CHECK(hjson_key_is(r->child, "n") && !hjson_key_is(r->child, "nn"));
}

static void every_type_has_a_name(void)
{
	for (int t = 0; t < HJSON_TYPE_COUNT; t++)
		CHECK(hjson_type_name((enum hjson_type)t)[0] != '\0');
	CHECK(strcmp(hjson_type_name(HJSON_INT), "whole number") == 0);
}

static void whole_numbers_keep_their_digits(void)
{
	static const struct {
		const char *text;
		enum hjson_type type;
		bool big;
		const char *json;
	} cases[] = {
		{"9223372036854775807", HJSON_INT, false, "9223372036854775807"},
		{"-9223372036854775808", HJSON_INT, false, "-9223372036854775808"},
		{"9223372036854775808", HJSON_INT, true, "9223372036854775808"},
		{"-9223372036854775809", HJSON_INT, true, "-9223372036854775809"},
		{"1.0", HJSON_INT, false, "1"},
		{"-0.0", HJSON_INT, false, "0"},
		{"0e999", HJSON_INT, false, "0"},
		{"1e3", HJSON_INT, false, "1000"},
		{"12.50e1", HJSON_INT, false, "125"},
		{"1200e-2", HJSON_INT, false, "12"},
		{"1201e-2", HJSON_REAL, false, "1201e-2"},
		{"9999999999.0", HJSON_INT, false, "9999999999"},
		{"-9999999999.0", HJSON_INT, false, "-9999999999"},
		{"10000000000.0", HJSON_REAL, false, "10000000000.0"},
		{"1e10", HJSON_REAL, false, "1e10"},
		{"0.1e10", HJSON_INT, false, "1000000000"},
		{"0.00000000001", HJSON_REAL, false, "0.00000000001"},
		{"1.00000000000000000000001", HJSON_REAL, false, "1.00000000000000000000001"},
		{"1e-999999999999999999999", HJSON_REAL, false, "1e-999999999999999999999"},
		{"01", HJSON_STRING, false, "\"01\""},
		{"1.", HJSON_STRING, false, "\"1.\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hjson_node *n = parse(cases[i].text);
		size_t len;

		CHECK(n && n->type == cases[i].type && n->big == cases[i].big);
		CHECK(is_json(n, cases[i].json));
		if (n->type == HJSON_STRING)
			continue;
		CHECK(strncmp(hjson_number(doc, n, &len), cases[i].text, strlen(cases[i].text)) ==
		      0);
		CHECK(len == strlen(cases[i].text));
	}
}

static void numbers_made_by_a_program_have_digits(void)
{
	struct hjson_node *n = hjson_new_int(doc, INT64_MIN, 0);
	struct hjson_node *r = hjson_new_node(doc, HJSON_REAL, 0);
	size_t len;

	CHECK(strcmp(hjson_number(doc, n, &len), "-9223372036854775808") == 0 && len == 20);
	r->d = 0.1;
	CHECK(strcmp(hjson_number(doc, r, &len), "0.1") == 0 && len == 3);
	r->d = 1.0 / 3;
	CHECK(strtod(hjson_number(doc, r, &len), NULL) == 1.0 / 3);
}

/* Only if the machine has a locale with a comma; the C locale is tested everywhere. */
static void locale_does_not_change_numbers(void)
{
	struct hjson_node *r = hjson_new_node(doc, HJSON_REAL, 0);
	size_t len;

	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		setlocale(LC_ALL, "fr_FR.UTF-8");
	CHECK(parse("1.25")->d == 1.25);
	r->d = 1.25;
	CHECK(strcmp(hjson_number(doc, r, &len), "1.25") == 0);
	setlocale(LC_ALL, "C");
}

static void last_value_stands_where_the_first_was(void)
{
	struct hjson_node *r = parse("{a: 1, b: 2, a: 3, c: 4, a: 5, b: 6}");
	struct hjson_node *m;
	unsigned shadowed = 0;

	hjson_for_each (m, r)
		shadowed += m->shadowed;
	CHECK(r->n == 6 && shadowed == 3);
	CHECK(hjson_get(r, "a")->i == 5 && hjson_get(r, "b")->i == 6);
	CHECK(is_json(r, "{\"a\": 5, \"b\": 6, \"c\": 4}"));
	CHECK(is_json(parse("{a: 1, a: 2}"), "{\"a\": 2}"));
	CHECK(is_json(parse("{a: 1\n a: 2\n a: 3\n}"), "{\"a\": 3}"));
}

static void repeated_keys_are_found_among_many(void)
{
	struct text t = {0}, want = {0};
	char line[64];

	text_say(&t, "{");
	text_say(&want, "{");
	for (int i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), "key%d: %d\n", i % 20, i);
		text_say(&t, line);
		snprintf(line, sizeof(line), "%s\"key%d\": %d", i ? ", " : "", i, i + 20);
		if (i < 20)
			text_say(&want, line);
	}
	text_say(&t, "}");
	text_say(&want, "}");
	CHECK(is_json(parse(t.s), want.s));
	free(t.s);
	free(want.s);
}

static void strings_become_c_strings_once(void)
{
	struct hjson_node *r = parse("{\"k\\n\": plain\n e: \"a\\tb\", q: \"quoted\"}");
	struct hjson_node *k = r->child, *e = r->child->next;
	const char *s = hjson_cstr(doc, k);

	CHECK(strcmp(s, "plain") == 0 && hjson_cstr(doc, k) == s && k->cstr);
	CHECK(strcmp(hjson_cstr(doc, e), "a\tb") == 0);
	CHECK(strcmp(hjson_cstr(doc, e->next), "quoted") == 0);
	CHECK(strcmp(hjson_key_cstr(doc, k), "k\n") == 0 && hjson_key_cstr(doc, k) == k->key);
	CHECK(strcmp(hjson_key_cstr(doc, e), "e") == 0);
}

static void appending_keeps_order(void)
{
	struct hjson_node *a = hjson_new_node(doc, HJSON_ARRAY, 0);
	struct hjson_node *b = parse("[1, 2]");

	for (int i = 0; i < 3; i++) {
		hjson_append(doc, a, hjson_new_int(doc, i, 0));
		hjson_append(doc, b, hjson_new_string(doc, "x\"", 2, 0));
	}
	CHECK(is_json(a, "[0, 1, 2]") && a->n == 3);
	CHECK(is_json(b, "[1, 2, \"x\\\"\", \"x\\\"\", \"x\\\"\"]") && b->n == 5);
}

static void setting_replaces_in_place(void)
{
	struct hjson_node *r = parse("{a: 1, b: 2, a: 3}");

	hjson_set(doc, r, "a", 1, hjson_new_string(doc, "new", 3, 0));
	hjson_set(doc, r, "c", 1, hjson_new_node(doc, HJSON_STRING, 0));
	hjson_set(doc, r, "dd", 1, hjson_new_node(doc, HJSON_ARRAY, 0));
	CHECK(is_json(r, "{\"a\": \"new\", \"b\": 2, \"c\": \"\", \"d\": []}"));
	CHECK(hjson_where(doc, hjson_key_pos(doc, hjson_get(r, "a"))).col == 14);
}

static void removing_takes_shadowed_ones_too(void)
{
	struct hjson_node *r = parse("{a: 1, b: 2, a: 3}");

	CHECK(hjson_remove(r, "a") && !hjson_remove(r, "a"));
	CHECK(is_json(r, "{\"b\": 2}") && r->n == 1);
	CHECK(hjson_remove(r, "b") && is_json(r, "{}") && r->child == NULL);
}

static void copies_are_deep_and_keep_places(void)
{
	struct hjson_node *r = parse("{a: {b: [1, {c: x\n}]}, d: 123456789012345678901234567890}");
	struct hjson_node *copy = hjson_copy(doc, r);
	struct hjson_node *part = hjson_copy(doc, hjson_get(r, "a"));

	hjson_remove(hjson_get(r, "a"), "b");
	CHECK(is_json(
		copy,
		"{\"a\": {\"b\": [1, {\"c\": \"x\"}]}, \"d\": 123456789012345678901234567890}"));
	CHECK(is_json(part, "{\"b\": [1, {\"c\": \"x\"}]}") && !part->key && !part->next);
	CHECK(hjson_get(copy, "d")->pos == hjson_get(r, "d")->pos);
}

static void shadowed_members_are_never_found(void)
{
	struct hjson_node *r = parse("{a: 1, a: 2}");

	CHECK(hjson_take(doc, r)->i == 2 && r->n == 1);
	CHECK(hjson_get(r, "a") == NULL);
	hjson_set(doc, r, "a", 1, hjson_new_int(doc, 3, 0));
	CHECK(hjson_get(r, "a")->i == 3 && is_json(r, "{\"a\": 3}"));
}

static void members_move_between_objects(void)
{
	struct hjson_node *from = parse("{a: 1, b: 2, a: 3}");
	struct hjson_node *to = parse("{x: 0}");
	struct hjson_node *m, *last = NULL;

	while ((m = hjson_take(doc, from)) != NULL) {
		if (m->shadowed)
			continue;
		hjson_add_member(to, last, m);
		last = m;
	}
	CHECK(is_json(to, "{\"x\": 0, \"a\": 3, \"b\": 2}") && to->n == 3);
	CHECK(is_json(from, "{}") && from->n == 0);
	CHECK(hjson_where(doc, hjson_key_pos(doc, hjson_get(to, "b"))).col == 8);
}

static void arrays_grow_after_elements_were_taken(void)
{
	struct hjson_node *a = parse("[1, 2]");

	hjson_append(doc, a, hjson_new_int(doc, 3, 0));
	while (a->n)
		CHECK(hjson_take(doc, a) != NULL);
	CHECK(hjson_take(doc, a) == NULL);
	hjson_append(doc, a, hjson_new_int(doc, 4, 0));
	CHECK(is_json(a, "[4]"));
}

static void nodes_take_the_place_of_others(void)
{
	struct hjson_node *a = parse("{p: 1, q: 2}");
	struct hjson_node *b = parse("{  p: [3]}");

	hjson_become(doc, a->child, hjson_take(doc, b));
	CHECK(is_json(a, "{\"p\": [3], \"q\": 2}"));
	CHECK(hjson_where(doc, hjson_key_pos(doc, a->child)).col == 4);
	hjson_set_string(doc, b = hjson_new_node(doc, HJSON_STRING, a->pos), "y\0", 1);
	CHECK(is_json(b, "\"y\"") && b->pos == a->pos && strcmp(hjson_cstr(doc, b), "y") == 0);
}

static void json_is_indented(void)
{
	struct hjson_node *r = parse("{a: [], b: {}, c: [1, {d: 2}], e: "
				     "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\xc3\xa9\"}");

	CHECK(json_is(r, 2,
		      "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": 2\n  "
		      "  }\n  ],\n"
		      "  \"e\": \"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\"\n}"));
	CHECK(is_json(hjson_get(r, "c"), "[1, {\"d\": 2}]"));
}

static bool refuse(void *ctx, const char *bytes, size_t len)
{
	(void)bytes;
	(void)len;
	return ++*(int *)ctx < 2;
}

static void writing_stops_when_told(void)
{
	struct hjson_node *a = hjson_new_node(doc, HJSON_ARRAY, 0);
	int calls = 0;

	for (int i = 0; i < 20000; i++)
		hjson_append(doc, a, hjson_new_int(doc, i, 0));
	CHECK(!hjson_to_json(doc, a, 0, refuse, &calls) && calls == 2);
}

static void deep_trees_of_a_program_are_written_and_copied(void)
{
	struct hjson_node *root = hjson_new_node(doc, HJSON_ARRAY, 0), *a = root;
	struct text t = {0};

	for (int i = 0; i < 1000000; i++) {
		struct hjson_node *inner = hjson_new_node(doc, HJSON_ARRAY, 0);

		hjson_append(doc, a, inner);
		a = inner;
	}
	CHECK(hjson_to_json(doc, hjson_copy(doc, root), 0, text_add, &t) && t.len == 2000002);
	free(t.s);
}

static void strings_and_keys_may_hold_a_nul(void)
{
	static const char text[] = "{a: \"x\\u0000y\", \"k\\u0000\": 'z'}";
	struct hjson_node *root = hjson_parse(doc, "t", text, strlen(text), NULL, NULL);
	struct hjson_node *a = root ? hjson_get(root, "a") : NULL;

	CHECK(a && a->n == 3 && memcmp(a->str, "x\0y", 4) == 0);
	CHECK(root && !hjson_get(root, "k") && hjson_get_n(root, "k\0", 2));
	CHECK(is_json(root, "{\"a\": \"x\\u0000y\", \"k\\u0000\": \"z\"}"));
}

int main(void)
{
	doc = hjson_new();
	RUN(strings_and_keys_may_hold_a_nul);
	RUN(types_and_values_are_read);
	RUN(every_type_has_a_name);
	RUN(whole_numbers_keep_their_digits);
	RUN(numbers_made_by_a_program_have_digits);
	RUN(locale_does_not_change_numbers);
	RUN(last_value_stands_where_the_first_was);
	RUN(repeated_keys_are_found_among_many);
	RUN(strings_become_c_strings_once);
	RUN(appending_keeps_order);
	RUN(setting_replaces_in_place);
	RUN(removing_takes_shadowed_ones_too);
	RUN(copies_are_deep_and_keep_places);
	RUN(shadowed_members_are_never_found);
	RUN(members_move_between_objects);
	RUN(arrays_grow_after_elements_were_taken);
	RUN(nodes_take_the_place_of_others);
	RUN(json_is_indented);
	RUN(writing_stops_when_told);
	RUN(deep_trees_of_a_program_are_written_and_copied);
	hjson_free(doc);
	hjson_free(NULL);
	return tap_end();
}
