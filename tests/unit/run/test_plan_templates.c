/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of plan.json: records that differ in numbers only are shared, and restored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "unit/heap.h"
#include "run/plan_expand.h"
#include "run/plan_templates.h"
#include "run/plan_tree.h"

struct file {
	struct plan_templates *templates;
	struct str text; /* of the JSON */
	json_t *json;
};

static void begin(struct file *f)
{
	*f = (struct file){.templates = plan_templates_new()};
}

_printf_(2, 3) static void add(struct file *f, const char *fmt, ...)
{
	struct str text = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	plan_templates_add(f->templates, &text);
	str_done(&text);
}

static void write_out(struct file *f, size_t n)
{
	struct json_out out;
	json_error_t where;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key(&out, "templates");
	plan_templates_write(f->templates, &out);
	jout_key(&out, "records");
	jout_array(&out);
	for (size_t i = 0; i < n; i++)
		plan_templates_write_record(f->templates, i, &out);
	jout_array_end(&out);
	jout_object_end(&out);
	f->text = out.buf;
	f->json = json_loadb(f->text.s, f->text.len, 0, &where);
	assert_non_null(f->json);
}

static void end(struct file *f)
{
	plan_templates_free(f->templates);
	str_done(&f->text);
	json_decref(f->json);
}

static size_t n_templates(const struct file *f)
{
	return json_array_size(json_object_get(f->json, "templates"));
}

/* What record i says, as plan_expand() has it. */
static void assert_record(const struct file *f, struct plan_expander *e, size_t i,
			  const char *expect)
{
	json_t *back = plan_expand(e, json_array_get(json_object_get(f->json, "records"), i));
	json_t *wanted = json_loads(expect, 0, NULL);

	assert_non_null(back);
	if (!json_equal(back, wanted)) {
		_cleanup_(freep) char *text = json_dumps(back, JSON_COMPACT);

		fail_msg("'%s' is not '%s'", text, expect);
	}
	json_decref(wanted);
	json_decref(back);
}

static void check_all(struct file *f, const char *const *texts, size_t n)
{
	struct plan_expander e;

	begin(f);
	for (size_t i = 0; i < n; i++)
		add(f, "%s", texts[i]);
	write_out(f, n);
	assert_true(plan_expander_init(&e, json_object_get(f->json, "templates")));
	for (size_t i = 0; i < n; i++)
		assert_record(f, &e, i, texts[i]);
	plan_expander_done(&e);
}

static void records_that_differ_in_numbers_share_a_template(void **state)
{
	static const char *const texts[] = {
		"{\"id\":\"t.1\",\"command\":\"./sim -64 +seed=1\",\"needs\":[0]}",
		"{\"id\":\"t.2\",\"command\":\"./sim -64 +seed=2\",\"needs\":[0]}",
		"{\"id\":\"t.007\",\"command\":\"./sim -64 +seed=007\",\"needs\":[0]}",
		/* From the first record in which the two numbers differ, they are distinguished. */
		"{\"id\":\"t.3\",\"command\":\"./sim -64 +seed=4\",\"needs\":[0]}",
		"{\"id\":\"t.5\",\"command\":\"./sim -64 +seed=5\",\"needs\":[6]}",
		"{\"id\":\"t.1\",\"command\":\"./sim -64 +seed=1\",\"needs\":[0]}",
	};
	struct file f;

	(void)state;
	check_all(&f, texts, ARRAY_LEN(texts));
	assert_int_equal(n_templates(&f), 1);
	assert_non_null(strstr(f.text.s, "[0,\"007 007 0\"]"));
	end(&f);
}

static void whatever_a_record_holds_comes_back(void **state)
{
	static const char *const texts[] = {
		"{\"a\":1}",
		"{\"a\":\"é1 \\u0001\\\"ü\"}",
		"{\"a\":\"é2 \\u0001\\\"ü\"}",
		"{\"a\":\"long enough to be found again: äöüäöüäöüäöü\"}",
		"{\"a\":\"long enough to be found again: äöüäöüäöüäöß\",\"b\":12}",
		"{\"a\":\"long enough to be found again: äöüäöüäöüäöß\",\"b\":[12,12,13]}",
		"{\"a\":\"long enough to be found again: äöüäöüäöüäöß\",\"b\":[12,13,13]}",
		"{}",
		"{\"a\":1}",
		"{\"a\":10}",
		"{\"11\":11}",
		"{\"12\":11}",
		"{\"a\":99999999999999999999999999999999999999999999999999999999999999999.0}",
	};
	struct file f;

	(void)state;
	check_all(&f, texts, ARRAY_LEN(texts));
	end(&f);
}

/* A small generator, the same everywhere. */
static unsigned draw(unsigned *state, unsigned below)
{
	*state = *state * 1103515245u + 12345u;
	return (*state >> 16) % below;
}

static void random_records_come_back(void **state)
{
	static const char *const words[] = {
		"alpha", "beta-with-more-letters-than-a-match", "1", "12",
		"é",	 "x-another-word-of-some-length-y",	",", " "};
	enum { MANY = 400 };
	_cleanup_(freep) char **texts = xcalloc(MANY, sizeof(*texts));
	unsigned seed = 7;
	struct file f;

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < MANY; i++) {
			unsigned form = draw(&seed, 6) + 1;
			struct str text = {0};

			str_add(&text, "{\"v\":\"");
			for (unsigned k = 0; k < form * 3; k++)
				str_add(&text, words[(k * form + draw(&seed, 8) / 6) % 8]);
			str_printf(&text, "%u/%u\"}", draw(&seed, 3), draw(&seed, 2));
			texts[i] = str_take(&text);
		}
		check_all(&f, (const char *const *)texts, MANY);
		end(&f);
		for (size_t i = 0; i < MANY; i++)
			free(texts[i]);
	}
}

/* A record of one template, which has these values; "": none. Returns it as text, or NULL. */
static char *expand_one(const char *template, const char *vary, const char *values,
			bool *ret_is_tree)
{
	json_t *one = json_pack("{s:[s],s:o}", "text", template, "vary", json_loads(vary, 0, NULL));
	json_t *list = json_pack("[o]", one), *record = json_pack("[i,s]", 0, values), *back;
	struct plan_expander e;
	char *text = NULL;

	assert_true(plan_expander_init(&e, list));
	back = plan_expand(&e, record);
	*ret_is_tree = back && back == e.forms[0].tree.root;
	if (back)
		text = json_dumps(back, JSON_COMPACT);
	json_decref(back);
	plan_expander_done(&e);
	json_decref(record);
	json_decref(list);
	return text;
}

static void only_what_needs_it_is_parsed_again(void **state)
{
	static const struct {
		const char *template, *vary, *values, *text;
		bool is_tree;
	} cases[] = {
		{"{\"a\":1}", "[0,0]", "27", "{\"a\":27}", true},
		{"{\"a\":1,\"b\":[2,{\"c\":\"x3\"}]}", "[0,1,1,0,2,1]", "5 6",
		 "{\"a\":6,\"b\":[5,{\"c\":\"x6\"}]}", true},
		{"{\"a\":\"1\"}", "[0,0]", "007", "{\"a\":\"007\"}", true},
		{"{\"a\":\"\\\"1\\n2\\\"é\"}", "[0,0,1,0]", "9", "{\"a\":\"\\\"9\\n9\\\"é\"}",
		 true},
		{"{\"a\":\"1\",\"b\":\"\\u0001\"}", "[0,0]", "2", "{\"a\":\"2\",\"b\":\"\\u0001\"}",
		 true},
		/* in an escape, in a key, a part of a number, a number that no integer can hold */
		{"{\"a\":\"\\u0041\"}", "[0,0]", "0042", "{\"a\":\"B\"}", false},
		{"{\"a\":\"\\u00e9\"}", "[1,0]", "8", "{\"a\":\"è\"}", false},
		{"{\"k1\":0}", "[0,0]", "2", "{\"k2\":0}", false},
		{"{\"a\":-1}", "[0,0]", "2", "{\"a\":-2}", false},
		{"{\"a\":1.5}", "[1,0]", "25", "{\"a\":1.25}", false},
		{"{\"a\":1}", "[0,0]", "07", NULL, false},
		{"{\"a\":1}", "[0,0]", "9223372036854775807", "{\"a\":9223372036854775807}", false},
		{"{\"a\":1}", "[0,0]", "9223372036854775808", NULL, false},
		{"{\"a\":1}", "[0,0]", "\"x\"", "{\"a\":\"x\"}", false},
		{"{\"a\":\"1\"}", "[0,0]", "x\",\"b\":\"y", "{\"a\":\"x\",\"b\":\"y\"}", false},
		/* not as dvsched writes it */
		{"{\"a\": 1}", "[0,0]", "2", "{\"a\":2}", false},
		{"{\"a\":1,\"a\":3}", "[0,0]", "2", "{\"a\":3}", false},
		{"{\"a\":1,\"a\":\"3\"}", "[1,0]", "2", "{\"a\":\"2\"}", false},
		{"{\"a\":1", "[0,0]", "2}", "{\"a\":2}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool is_tree;
		_cleanup_(freep) char *text = expand_one(cases[i].template, cases[i].vary,
							 cases[i].values, &is_tree);

		if (!str_eq(text, cases[i].text) || is_tree != cases[i].is_tree)
			fail_msg("case %zu: %s, %d", i, text, is_tree);
	}
}

/* Random templates and values: the tree is what the text says. */
static void trees_and_texts_agree(void **state)
{
	static const char *const parts[] = {"1",
					    "22",
					    "\"",
					    "\\",
					    "u0",
					    "{\"a\":",
					    "}",
					    "[",
					    "]",
					    ",",
					    "-",
					    ".5",
					    "\"b\":",
					    " ",
					    "\"c3\"",
					    "\\u00e9",
					    "{\"k\":[0,\"x7y\"]}"};
	unsigned seed = 11, n_trees = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		_cleanup_(str_done) struct str text = {0}, filled = {0};
		struct plan_places places = {0};
		struct plan_tree tree;
		struct plan_value v = {draw(&seed, 2) ? "5" : "04", 0};
		size_t from = 0;
		json_t *wanted;

		v.len = strlen(v.s);
		str_add(&text, draw(&seed, 2) ? "{\"a\":" : "[");
		for (unsigned k = draw(&seed, 7); k; k--)
			str_add(&text, parts[draw(&seed, ARRAY_LEN(parts))]);
		str_add(&text, text.s[0] == '{' ? "}" : "]");
		for (size_t at = 0; at < text.len; at++) {
			size_t n = strspn(text.s + at, "0123456789");

			if (n && draw(&seed, 2)) {
				vec_push(&places.list, (struct plan_place){at, n, 0});
				str_addn(&filled, text.s + from, at - from);
				str_addn(&filled, v.s, v.len);
				from = at + n;
			}
			at += n;
		}
		str_addn(&filled, text.s + from, text.len - from);
		plan_tree_init(&tree, &text, &places);
		if (tree.root && plan_tree_set(&tree, &v, 1)) {
			wanted = json_loadb(filled.s, filled.len, 0, NULL);
			if (!wanted || !json_equal(wanted, tree.root))
				fail_msg("'%s' filled: '%s'", text.s, filled.s);
			json_decref(wanted);
			n_trees += places.list.n > 0;
		}
		plan_tree_done(&tree);
		vec_done(&places.list);
	}
	assert_true(n_trees > 200);
}

/* Texts are stored up to a limit only; later texts are still restored. */
static void very_large_records_do_not_stay_in_memory(void **state)
{
	enum { MANY = 40, SIZE = 1 << 20 };
	struct plan_expander e;
	struct file f;
	char *body = xmalloc(SIZE + 1);

	(void)state;
	begin(&f);
	for (size_t i = 0; i < MANY; i++) {
		memset(body, 'a' + (int)(i % 26), SIZE);
		body[SIZE] = '\0';
		add(&f, "{\"b\":\"%s\",\"n\":%zu}", body, i);
	}
	for (size_t i = 0; i < 3; i++)
		add(&f, "{\"b\":\"%s\",\"n\":%zu}", body, i);
	write_out(&f, MANY + 3);
	assert_true(plan_expander_init(&e, json_object_get(f.json, "templates")));
	for (size_t i = 0; i < MANY + 3; i++) {
		json_t *back = plan_expand(&e,
					   json_array_get(json_object_get(f.json, "records"), i));

		assert_int_equal(json_integer_value(json_object_get(back, "n")),
				 i < MANY ? i : i - MANY);
		assert_int_equal(json_string_length(json_object_get(back, "b")), SIZE);
		json_decref(back);
	}
	plan_expander_done(&e);
	end(&f);
	free(body);
}

static void a_wrong_template_or_record_is_refused(void **state)
{
	static const char *const templates[] = {
		"[{}]",
		"[{\"text\":[]}]",
		"[{\"text\":[0,1]}]",
		"[{\"text\":[\"abc\"]},{\"text\":[1]}]",
		"[{\"text\":[\"abc\"]},{\"text\":[1,3]}]",
		"[{\"text\":[\"abc\"]},{\"text\":[-1,2]}]",
		"[{\"text\":[\"a1\"],\"vary\":[0]}]",
		"[{\"text\":[\"a1b2\"],\"vary\":[1,0,0,0]}]",
		"[{\"text\":[\"a1\"],\"vary\":[0,-1]}]",
	};
	static const char *const records[] = {
		"[1,\"1\"]", "[-1,\"1\"]",    "[0,\"\"]", "[0]",  "[0,\"x\"]",
		"[]",	     "[\"0\",\"1\"]", "1.5",	  "null",
	};
	json_error_t where;
	struct plan_expander e;
	json_t *list = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		list = json_loads(templates[i], 0, &where);
		assert_false(plan_expander_init(&e, list));
		plan_expander_done(&e);
		json_decref(list);
	}
	list = json_loads("[{\"text\":[\"{\\\"a\\\":1}\"],\"vary\":[0,0]}]", 0, &where);
	assert_true(plan_expander_init(&e, list));
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		json_t *record = json_loads(records[i], JSON_DECODE_ANY, &where);

		assert_null(plan_expand(&e, record));
		json_decref(record);
	}
	plan_expander_done(&e);
	json_decref(list);
}

static void make_templates_once(void *ctx)
{
	static const char *const texts[] = {"{\"a\":1}", "{\"a\":2}", "{\"b\":[\"3\",4]}"};
	struct file f;

	(void)ctx;
	check_all(&f, texts, ARRAY_LEN(texts));
	end(&f);
}

static void the_memory_of_templates_is_given_back(void **state)
{
	(void)state;
	assert_keeps_no_memory(make_templates_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_that_differ_in_numbers_share_a_template),
		cmocka_unit_test(whatever_a_record_holds_comes_back),
		cmocka_unit_test(random_records_come_back),
		cmocka_unit_test(only_what_needs_it_is_parsed_again),
		cmocka_unit_test(trees_and_texts_agree),
		cmocka_unit_test(very_large_records_do_not_stay_in_memory),
		cmocka_unit_test(a_wrong_template_or_record_is_refused),
		cmocka_unit_test(the_memory_of_templates_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
