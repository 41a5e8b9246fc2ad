/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/fields.h"

#include "../base/unit.h"

static const char *const known[] = {"text", "whole", "real", "size", "time", "list", NULL};

struct values {
	const char *text;
	int64_t whole;
	double real;
	uint64_t size, time_ns;
	json_t *list;
};

static int32_t read_values(const struct fields *f, struct values *v)
{
	if (fields_only(f, known) != 0 || fields_text(f, "text", &v->text) != 0 ||
	    fields_int(f, "whole", -1, 9, &v->whole) != 0 ||
	    fields_real(f, "real", &v->real) != 0 || fields_size(f, "size", &v->size) != 0 ||
	    fields_time(f, "time", 0.001, &v->time_ns) != 0)
		return f->code;
	return fields_typed(f, "list", JSON_ARRAY, &v->list);
}

static int32_t read_text(const char *json, struct values *v, char *words, size_t size)
{
	struct dvs_text err = {words, size};
	struct fields f = {fields_parse(json, "place", &err), "place", 7, &err};
	int32_t code = f.from ? read_values(&f, v) : f.code;

	json_decref(f.from);
	return code;
}

static void what_is_not_there_stays_as_it_is(void **state)
{
	static const char *const empty[] = {NULL, "", "{}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		struct values v = {"usual", 1, 2, 3, 4, NULL};
		char words[FIELDS_WORDS] = "";

		assert_int_equal(read_text(empty[i], &v, words, sizeof(words)), 0);
		assert_string_equal(v.text, "usual");
		assert_true(v.whole == 1 && v.real == 2 && v.size == 3 && v.time_ns == 4);
	}
}

static void each_kind_is_read(void **state)
{
	struct values v = {0};
	char words[FIELDS_WORDS] = "";

	(void)state;
	assert_int_equal(read_text("{\"whole\": -1, \"real\": 1.5, \"size\": \"4K\", \"time\": "
				   "\"20ms\", \"list\": []}",
				   &v, words, sizeof(words)),
			 0);
	assert_true(v.whole == -1 && v.real == 1.5 && v.size == 4096 && v.time_ns == 20000000);
	assert_int_equal(read_text("{\"size\": 5, \"time\": 2}", &v, words, sizeof(words)), 0);
	assert_true(v.size == 5 && v.time_ns == 2000000000);
}

static void a_wrong_one_is_reported_with_its_place(void **state)
{
	static const struct {
		const char *json, *words;
	} cases[] = {
		{"[]", "place: must be a JSON object"},
		{"{\"text\": }", "place: not JSON: unexpected token near '}' (line 1, column 10)"},
		{"{\"text\": \"a\", \"text\": \"b\"}",
		 "place: not JSON: duplicate object key near '\"text\"' (line 1, column 20)"},
		{"{\"tex\": 1}", "place: unknown key 'tex'; did you mean 'text'?"},
		{"{\"quite another\": 1}", "place: unknown key 'quite another'"},
		{"{\"text\": 1}", "place: 'text' must be a text"},
		{"{\"whole\": 1.0}", "place: 'whole' must be a whole number from -1 to 9"},
		{"{\"whole\": 10}", "place: 'whole' must be a whole number from -1 to 9"},
		{"{\"real\": -1}", "place: 'real' must be a number, 0 or more"},
		{"{\"size\": -1}", "place: 'size' must be a size, such as \"16M\""},
		{"{\"size\": \"much\"}", "place: 'size' must be a size, such as \"16M\""},
		{"{\"time\": 0}",
		 "place: 'time' must be a duration from 1ms to a day, such as \"10s\""},
		{"{\"time\": 86401}",
		 "place: 'time' must be a duration from 1ms to a day, such as \"10s\""},
		{"{\"time\": \"soon\"}",
		 "place: 'time' must be a duration from 1ms to a day, such as \"10s\""},
		{"{\"time\": []}",
		 "place: 'time' must be a duration from 1ms to a day, such as \"10s\""},
		{"{\"list\": {}}", "place: 'list' must be a list"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct values v = {0};
		char words[FIELDS_WORDS] = "";

		assert_int_equal(read_text(cases[i].json, &v, words, sizeof(words)), 7);
		assert_string_equal(words, cases[i].words);
	}
}

static void a_number_is_found_alone_or_in_a_list(void **state)
{
	json_t *list = json_pack("[i,s,i]", 1, "2", 3), *one = json_integer(3);

	(void)state;
	assert_true(fields_has_number(list, 3) && fields_has_number(one, 3));
	assert_false(fields_has_number(list, 2) || fields_has_number(one, 1));
	assert_false(fields_has_number(NULL, 0));
	json_decref(list);
	json_decref(one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_there_stays_as_it_is),
		cmocka_unit_test(each_kind_is_read),
		cmocka_unit_test(a_wrong_one_is_reported_with_its_place),
		cmocka_unit_test(a_number_is_found_alone_or_in_a_list),
	};

	return RUN(tests);
}
