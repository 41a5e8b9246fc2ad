/* SPDX-License-Identifier: Apache-2.0 */
/* {words} in `backends` and in `backend`: by `vars`, by -D, in our flows and in DVSim's. */
#include "stage.h"

#include <string.h>

#include "base/str.h"

static const char *const pool_only[] = {
	"{ flow: jobs\n vars: { devs: \"0-1\", n: 4, on: true, x: 0.5 }\n"
	" backends: { chips: ",
	" }\n jobs: [ { name: \"a\", command: \"true\" } ] }"};

static char *shown(const struct stage *s)
{
	struct str out = {0};

	str_add(&out, "");
	cfg_show_replaced(s->cfg, &out);
	return str_take(&out);
}

/* `path = value` of each, without where it is. */
static void assert_replaced(const struct stage *s, const char *expected)
{
	char *text = shown(s), *to = text;
	const char *from = text;

	for (const char *end; *from; from = end + 1) {
		const char *comment = strstr(from, "   # ");

		end = strchr(from, '\n');
		memmove(to, from, (size_t)(comment - from));
		to += comment - from;
		*to++ = '\n';
	}
	*to = '\0';
	assert_text(text, expected);
}

static void a_word_has_the_kind_of_its_variable(void **state)
{
	static const struct {
		const char *settings, *define, *shown;
	} cases[] = {
		{"{ devices: \"{devs}\" }", NULL, "backends.chips.devices = \"0-1\"\n"},
		{"{ devices: \"{devs}\" }", "devs=2", "backends.chips.devices = \"2\"\n"},
		{"{ a: [{ b: \"{n}\" }] }", NULL, "backends.chips.a[0].b = 4\n"},
		{"{ a: \"{n}\" }", "n=8", "backends.chips.a = 8\n"},
		{"{ a: \"{n}\" }", "n=1.5", "backends.chips.a = 1.5\n"},
		{"{ a: \"{n}\" }", "n=many", "backends.chips.a = \"many\"\n"},
		{"{ a: \"{x}\" }", "x=2.5", "backends.chips.a = 2.5\n"},
		{"{ a: \"{on}\" }", "on=false", "backends.chips.a = false\n"},
		{"{ a: \"{n}s\" }", NULL, "backends.chips.a = \"4s\"\n"},
		{"{ a: \"{n}{devs}\" }", "devs={x}", "backends.chips.a = \"4{x}\"\n"},
		{"{ a: \"{{n}}\" }", NULL, "backends.chips.a = \"{n}\"\n"},
		{"{ a: \"{scratch}\" }", NULL, "backends.chips.a = \"/scratch\"\n"},
		{"{ a: \"${n} {} {1}\" }", NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const defines[] = {cases[i].define, NULL};
		const struct stage_options options = {.defines = defines};
		_cleanup_(str_done) struct str text = {0};
		struct stage s;

		str_printf(&text, "%s%s%s", pool_only[0], cases[i].settings, pool_only[1]);
		stage_set(&s, text.s, &options);
		if (!s.plan)
			fail_msg("%s: %s", cases[i].settings, s.messages);
		assert_replaced(&s, cases[i].shown);
		stage_done(&s);
	}
}

static void what_was_replaced_stays_when_it_is_planned_again(void **state)
{
	const struct flow_options options = {.scratch_root = "/scratch"};
	struct diags diags;
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n vars: { a: \"{{b}}\" }\n backends: { chips: { x: \"{a}\", y: "
		  "\"{{c}}\" } "
		  "}\n jobs: [ { name: \"a\", command: \"true\" } ] }",
		  NULL);
	diags_init(&diags);
	flow_replace_words(s.cfg, &options, true, &diags);
	assert_int_equal(diags.n_errors, 0);
	assert_replaced(&s, "backends.chips.x = \"{{b}}\"\nbackends.chips.y = \"{c}\"\n");
	diags_done(&diags);
	stage_done(&s);
}

static void unknown_words_are_errors(void **state)
{
	(void)state;
	assert_told("{ flow: jobs\n vars: { devs: 1 }\n backends: { chips: { devices: [\"{dves}\"] "
		    "} }\n"
		    " jobs: [ { name: \"a\", command: \"x\" } ] }",
		    NULL,
		    "t.hjson:3:33: error: 'devices' holds the unknown word {dves}\n"
		    "  hint: did you mean {devs}? For a literal {dves} write {{dves}}\n");
	assert_told("{ flow: jobs\n backends: { chips: { devices: \"{zz}\" } }\n"
		    " jobs: [ { name: \"a\", command: \"x\" } ] }",
		    NULL,
		    "t.hjson:2:32: error: 'devices' holds the unknown word {zz}\n"
		    "  hint: define 'zz' in 'vars'; for a literal {zz} write {{zz}}\n");
	assert_told("{ flow: jobs\n backends: { chips: { devices: \"{odir}\" } }\n"
		    " jobs: [ { name: \"a\", command: \"x\" } ] }",
		    NULL, "t.hjson:2:32: error: {odir} cannot be used in 'devices'\n");
}

static void a_backend_may_be_chosen_by_a_word(void **state)
{
	static const char text[] =
		"{ flow: jobs\n vars: { plat: \"fake\" }\n"
		" jobs: [ { name: \"a\", command: \"x\", backend: \"{plat}\" } ] }";
	const char *const local[] = {"plat=local", NULL}, *const none[] = {"plat=moon", NULL};
	struct stage s;

	(void)state;
	stage_set(&s, text, NULL);
	assert_string_equal(stage_job(&s, "a")->rules->backend, "fake");
	stage_done(&s);
	stage_set(&s, text, &(struct stage_options){.defines = local});
	assert_string_equal(stage_job(&s, "a")->rules->backend, "local");
	stage_done(&s);
	assert_told(text, &(struct stage_options){.defines = none},
		    "t.hjson:3:46: error: there is no backend 'moon'\n  hint: there are: local, "
		    "chips, fake\n"
		    "dvsched: note: {plat} is \"moon\", by -D plat\n");
}

static void messages_say_where_a_value_has_its_words_from(void **state)
{
	static const char text[] = "{ flow: jobs\n vars: { one: \"x\", two: \"y\" }\n"
				   " backends: { chips: \"{one}{two}\" }\n"
				   " jobs: [ { name: \"a\", command: \"x\" } ] }";
	const char *const defines[] = {"one=z", NULL};

	(void)state;
	assert_told(text, &(struct stage_options){.defines = defines},
		    "t.hjson:3:21: error: 'backends.chips' must be an object\n"
		    "dvsched: note: {one} is \"z\", by -D one\n"
		    "t.hjson:2:25: note: {two} is \"y\"\n");
}

static void dvsims_flows_take_words_of_their_keys(void **state)
{
	static const char text[] =
		"{ flow: \"sim\", name: \"t\", n: 3\n d: \"{n}s\"\n backends: { fake: { "
		"duration: \"{d}\" }, local: { parallel: \"{n}\" } } }";
	static const struct {
		const char *define, *shown;
	} cases[] = {
		{NULL, "backends.fake.duration = \"3s\"\nbackends.local.parallel = 3\n"},
		{"n=5", "backends.fake.duration = \"5s\"\nbackends.local.parallel = 5\n"},
		{"d=7s", "backends.fake.duration = \"7s\"\nbackends.local.parallel = 3\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const defines[] = {cases[i].define, NULL};
		const struct flow_options options = {.scratch_root = "/s", .defines = defines};
		struct stage s = {0};
		struct diags diags;

		diags_init(&diags);
		s.cfg = cfg_parse_text("t", text, strlen(text), &diags);
		assert_non_null(s.cfg);
		flow_replace_words(s.cfg, &options, false, &diags);
		assert_int_equal(diags.n_errors, 0);
		assert_replaced(&s, cases[i].shown);
		diags_done(&diags);
		stage_done(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_has_the_kind_of_its_variable),
		cmocka_unit_test(what_was_replaced_stays_when_it_is_planned_again),
		cmocka_unit_test(unknown_words_are_errors),
		cmocka_unit_test(a_backend_may_be_chosen_by_a_word),
		cmocka_unit_test(messages_say_where_a_value_has_its_words_from),
		cmocka_unit_test(dvsims_flows_take_words_of_their_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
