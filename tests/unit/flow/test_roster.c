/* SPDX-License-Identifier: Apache-2.0 */
/* The list of backends, and the backend numbers in the rules of jobs. */
#include "flow/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "stage.h"

static const char *const types[] = {"local", "chips", "fake", NULL};
enum { LOCAL, CHIPS, FAKE };

struct roll {
	struct arena *mem;
	struct diags diags;
	struct cfg *cfg;
	struct roster *roster;
};

static void roll_set(struct roll *r, const char *text)
{
	*r = (struct roll){.mem = arena_new()};
	diags_init(&r->diags);
	r->cfg = cfg_parse_text("t.hjson", text, strlen(text), &r->diags);
	assert_non_null(r->cfg);
	r->roster = roster_read(r->mem, r->cfg, types);
}

static void roll_done(struct roll *r)
{
	cfg_free(r->cfg);
	diags_done(&r->diags);
	arena_free(r->mem);
}

/* "npu=1 fake=2": names and types, those of the configuration before the bar. */
static char *roll_text(const struct roster *r)
{
	struct str out = {0};

	for (uint32_t i = 0; i < r->n; i++) {
		const struct roster_entry *e = &r->at[i];

		str_printf(&out, "%s%s=", i ? " " : "", e->name);
		if (e->type == ROSTER_NO_TYPE)
			str_addc(&out, '?');
		else
			str_printf(&out, "%u", e->type);
		str_add(&out, e->settings ? "*" : "");
	}
	return str_take(&out);
}

static void each_type_is_an_entry_and_so_is_each_name_of_the_configuration(void **state)
{
	static const struct {
		const char *backends, *expected;
	} cases[] = {
		{"", "local=0 chips=1 fake=2"},
		{"backends: {}", "local=0 chips=1 fake=2"},
		{"backends: 5", "local=0 chips=1 fake=2"},
		{"backends: { npu: { type: \"chips\" }\n }", "npu=1* local=0 chips=1 fake=2"},
		{"backends: { npu: { type: \"chips\" }\n fake: {} }",
		 "npu=1* fake=2* local=0 chips=1"},
		/* a type's name for another type */
		{"backends: { fake: { type: \"chips\" }\n }", "fake=1* local=0 chips=1"},
		/* a duplicate key is one entry, with its last value */
		{"backends: { a: { type: \"fake\" }\n a: { type: \"chips\" }\n }",
		 "a=1* local=0 chips=1 fake=2"},
		{"backends: { a: {}, b: { type: \"fakr\" }\n c: { type: 5 }, chips: 5 }",
		 "a=?* b=?* c=?* chips=1* local=0 fake=2"},
	};
	_cleanup_(str_done) struct str text = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct roll r;

		str_clear(&text);
		str_printf(&text, "{ %s\n}", cases[i].backends);
		roll_set(&r, text.s);
		assert_text(roll_text(r.roster), cases[i].expected);
		roll_done(&r);
	}
}

static void without_a_configuration_there_are_the_types(void **state)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct roster *r = roster_read(mem, NULL, types);
	struct diags diags;

	(void)state;
	diags_init(&diags);
	roster_check(r, NULL, &diags);
	assert_int_equal(diags.n_errors, 0);
	assert_text(roll_text(r), "local=0 chips=1 fake=2");
	assert_null(roster_next(r, CHIPS, NULL));
	assert_int_equal(roster_no(r, roster_find(r, "local")), 1);
	assert_int_equal(roster_no(r, roster_find(r, "fake")), 3);
	assert_int_equal(roster_no(r, NULL), 0);
	diags_done(&diags);
}

static void entries_are_found_by_name_and_by_type(void **state)
{
	const struct roster_entry *e;
	struct roll r;

	(void)state;
	roll_set(&r, "{ backends: { a: { type: \"chips\" }\n f: { type: \"fake\" }\n ab: { type: "
		     "\"chips\" }\n } }");
	assert_string_equal(roster_find_n(r.roster, "ab:2", 2)->name, "ab");
	assert_string_equal(roster_find_n(r.roster, "ab:2", 1)->name, "a");
	assert_null(roster_find_n(r.roster, "ab:2", 3));
	assert_null(roster_find(r.roster, ""));
	e = roster_next(r.roster, CHIPS, NULL);
	assert_string_equal(e->name, "a");
	e = roster_next(r.roster, CHIPS, e);
	assert_string_equal(e->name, "ab");
	/* the type itself, without settings, is no entry of the configuration */
	assert_null(roster_next(r.roster, CHIPS, e));
	assert_null(roster_next(r.roster, LOCAL, NULL));
	assert_string_equal(roster_next(r.roster, FAKE, NULL)->name, "f");
	assert_int_equal(roster_type(r.roster, "ab"), ROSTER_NO_TYPE);
	assert_int_equal(roster_type(r.roster, "fake"), FAKE);
	roll_done(&r);
}

static char *asked; /* of the next one: "fake=2 " per call */

static void read_one_key(uint32_t type, const char *name, struct cfg_fields *settings)
{
	char *all = xasprintf("%s%s=%u ", asked ? asked : "", name, type);

	free(asked);
	asked = all;
	cfg_fields_int(settings, "seed", 0, 9, 0);
}

static void the_settings_of_each_entry_are_checked(void **state)
{
	struct roll r;

	(void)state;
	roll_set(&r, "{ backends: { local: { sed: 1 }\n npu: { type: \"chips\", seed: 99 }\n"
		     " fake: 5, odd: { type: \"fakr\", x: 1 }\n b: { type: \"fake\" } } }");
	roster_check(r.roster, read_one_key, &r.diags);
	assert_text(asked, "local=0 npu=1 b=2 ");
	assert_int_equal(r.diags.n_errors, 4); /* sed, 99, 5, fakr */
	assert_string_equal(r.diags.first->msg, "unknown key 'sed' in backends.local");
	assert_string_equal(r.diags.first->hint, "did you mean 'seed'?");
	assert_int_equal(r.diags.first->next->pos.line, 2);
	roll_done(&r);
}

static void there_may_be_any_number_of_them(void **state)
{
	_cleanup_(str_done) struct str text = {0};
	char name[16];
	struct roll r;

	(void)state;
	str_add(&text, "{ backends: {\n");
	for (unsigned i = 0; i < 300; i++)
		str_printf(&text, "n%u: { type: \"%s\" }\n", i, i % 2 ? "chips" : "fake");
	str_add(&text, "} }");
	roll_set(&r, text.s);
	assert_int_equal(r.roster->n, 303);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(roster_no(r.roster, roster_find(r.roster, name)), i + 1);
		assert_int_equal(roster_find(r.roster, name)->type, i % 2 ? CHIPS : FAKE);
	}
	roll_done(&r);
}

#define JOB " jobs: [ { name: \"a\", command: \"true\", backend: "
static void what_is_wrong_has_its_place_and_a_hint(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
		{"{ flow: jobs\n backends: 5\n jobs: [ { name: \"a\", command: \"true\" } ] }",
		 "t.hjson:2:12: error: 'backends' must be an object\n"},
		{"{ flow: jobs\n backends: { fake: 5 }\n jobs: [ { name: \"a\", command: \"x\" } ] "
		 "}",
		 "t.hjson:2:20: error: 'backends.fake' must be an object\n"},
		{"{ flow: jobs\n backends: { fakr: {} }\n jobs: [ { name: \"a\", command: \"x\" } "
		 "] }",
		 "t.hjson:2:14: error: there is no backend 'fakr'\n"
		 "  hint: did you mean 'fake'?\n"},
		/* only types are suggested, not other similar names */
		{"{ flow: jobs\n backends: { fakes: { type: \"fakr\" } }\n jobs: [ { name: \"a\", "
		 "command: \"x\" } ] }",
		 "t.hjson:2:29: error: there is no backend type 'fakr'\n"
		 "  hint: did you mean 'fake'?\n"},
		{"{ flow: jobs\n backends: { a: { type: \"slurm\" } }\n jobs: [ { name: \"a\", "
		 "command: \"x\" } ] }",
		 "t.hjson:2:25: error: there is no backend type 'slurm'\n"
		 "  hint: there are: local, chips, fake\n"},
		{"{ flow: jobs\n backends: { chips: { type: 5 } }\n jobs: [ { name: \"a\", "
		 "command: "
		 "\"x\" } ] }",
		 "t.hjson:2:29: error: 'type' must be a string\n"},
		/* of a job: those of the configuration first, then the types */
		{"{ flow: jobs\n backends: { locals: { type: \"fake\" } }\n" JOB "\"locala\" } ] }",
		 "t.hjson:3:49: error: there is no backend 'locala'\n"
		 "  hint: did you mean 'locals'?\n"},
		{"{ flow: jobs\n" JOB "\"locl\" } ] }",
		 "t.hjson:2:49: error: there is no backend 'locl'\n"
		 "  hint: did you mean 'local'?\n"},
		{"{ flow: jobs\n" JOB "\"slurm\" } ] }",
		 "t.hjson:2:49: error: there is no backend 'slurm'\n"
		 "  hint: there are: local, chips, fake\n"},
		/* one error is enough: the entry's */
		{"{ flow: jobs\n backends: { a: { type: \"slurm\" } }\n" JOB "\"a\" } ] }",
		 "t.hjson:2:25: error: there is no backend type 'slurm'\n"
		 "  hint: there are: local, chips, fake\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_told(cases[i].text, NULL, cases[i].told);
}

/* The entry in the rules of a job. */
static const char *named_by(const struct stage *s, const char *job)
{
	uint32_t no = stage_job(s, job)->rules->backend_no;

	return no ? s->plan->roster->at[no - 1].name : "default";
}

static void rules_have_the_number_of_what_the_job_or_its_defaults_name(void **state)
{
	const char *const defines[] = {"plat=b", NULL};
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n vars: { plat: \"a\", kind: \"fake\" }\n"
		  " backends: { a: { type: \"{kind}\" }, b: { type: \"fake\" } }\n"
		  " defaults: { backend: \"{plat}\" }\n"
		  " jobs: [ { name: \"x\", command: \"x\" }, { name: \"y.{i}\", command: \"x\",\n"
		  "   backend: \"local\", sweep: { i: [1, 2] } } ] }",
		  &(struct stage_options){.defines = defines});
	assert_string_equal(s.messages, "");
	assert_string_equal(named_by(&s, "x"), "b");
	assert_string_equal(named_by(&s, "y.1"), "local");
	assert_string_equal(named_by(&s, "y.2"), "local");
	assert_int_equal(s.plan->roster->at[0].type, FAKE); /* a, {kind} replaced */
	/* the run has not decided for any job yet */
	assert_int_equal(stage_job(&s, "y.1")->backend_no, 0);
	stage_done(&s);
	stage_set(&s, "{ flow: \"jobs\", jobs: [ { name: \"x\", command: \"x\" } ] }", NULL);
	assert_string_equal(named_by(&s, "x"), "default");
	stage_done(&s);
}

static void a_case_for_devices_goes_to_the_type_that_has_them(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s);
	stage_write(&s, "t.hjson",
		    "{ flow: cases\n name: demo\n backends: { npu: { type: \"chips\" } }\n"
		    " cases: { root: \"ex\" } }");
	stage_write(&s, "ex/rt/a/case.hjson", "{ program: [\"print\"] }");
	stage_write(&s, "ex/rt/b/case.hjson", "{ program: [\"print\"], backend: \"npu\" }");
	stage_write(&s, "ex/rt/c/case.hjson", "{ command: \"true\" }");
	stage_load(&s, NULL);
	assert_string_equal(s.messages, "");
	assert_string_equal(named_by(&s, "rt.a"), "chips");
	assert_string_equal(named_by(&s, "rt.b"), "npu");
	assert_string_equal(named_by(&s, "rt.c"), "default");
	stage_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_is_an_entry_and_so_is_each_name_of_the_configuration),
		cmocka_unit_test(without_a_configuration_there_are_the_types),
		cmocka_unit_test(entries_are_found_by_name_and_by_type),
		cmocka_unit_test(the_settings_of_each_entry_are_checked),
		cmocka_unit_test(there_may_be_any_number_of_them),
		cmocka_unit_test(what_is_wrong_has_its_place_and_a_hint),
		cmocka_unit_test(rules_have_the_number_of_what_the_job_or_its_defaults_name),
		cmocka_unit_test(a_case_for_devices_goes_to_the_type_that_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
