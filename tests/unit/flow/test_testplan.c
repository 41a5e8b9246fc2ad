/* SPDX-License-Identifier: Apache-2.0 */
/* Testplans: imports, variables, tags, stages, and errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "flow/dv/testplan/testplan.h"

struct bed {
	char dir[32];
	struct arena *mem;
	struct diags diags;
	struct testplan plan;
	bool is_missing;
	struct testplan_files shared; /* without an owner: nothing is shared */
};

static int set_up(void **state)
{
	struct bed *b = xcalloc(1, sizeof(*b));

	strcpy(b->dir, "/tmp/testplan-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->mem = arena_new();
	diags_init(&b->diags);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *b = *state;

	fs_remove_tree(b->dir);
	diags_done(&b->diags);
	arena_free(b->mem);
	free(b);
	return 0;
}

static void write_plan(struct bed *b, const char *name, const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", b->dir, name);
	struct error err = {0};

	assert_int_equal(fs_write_atomic(path, text, strlen(text), &err), 0);
}

static int load(struct bed *b, const char *tagged)
{
	struct testplan_options options = {
		.repo_top = b->dir, .mem = b->mem, .files = b->shared.owner ? &b->shared : NULL};

	return testplan_load(arena_printf(b->mem, "%s/%s", b->dir, tagged), &options, &b->diags,
			     &b->plan, &b->is_missing);
}

/* "stage/name: test test; …" */
static const char *shown(struct bed *b)
{
	struct str out = {0};
	const char *ret;

	str_reserve(&out, 0);
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct dv_testpoint *p = &b->plan.points[i];

		str_printf(&out, "%s%s/%s:", i ? "; " : "", p->stage, p->name);
		for (size_t k = 0; k < p->n_tests; k++)
			str_printf(&out, " %s", p->tests[k]);
	}
	ret = arena_strdup(b->mem, out.s);
	str_done(&out);
	return ret;
}

static void imports_come_after_and_fill_in_names(void **state)
{
	struct bed *b = *state;

	write_plan(b, "a.hjson",
		   "{ name: uart\n modes: [\"x\", \"y\"]\n import_testplans: [\"b.hjson\"]\n"
		   "testpoints: [{ name: \"late\", desc: \"d\"\n stage: V2\n tests: "
		   "[\"{name}_late\"] }] }");
	write_plan(
		b, "b.hjson",
		"{ name: other\n modes: [\"z\"]\n testpoints: [\n"
		"{ name: \"early\", desc: \"d\"\n stage: V1\n tests: [\"{name}_{modes}{gone}\"] }\n"
		"{ name: \"none\", desc: \"d\"\n stage: V2\n tests: [] }] }");
	assert_int_equal(load(b, "a.hjson"), 0);
	assert_string_equal(shown(b), "V1/early: uart_x uart_y uart_z; V2/late: uart_late; "
				      "V2/none:");
}

static void stages_are_sorted_sets(void **state)
{
	struct bed *b = *state;
	const char *const *tests;

	write_plan(
		b, "a.hjson",
		"{ testpoints: [{ name: \"p\", desc: \"d\"\n stage: V1\n tests: [\"b\", \"a\"] }\n"
		"{ name: \"q\", desc: \"d\"\n stage: V1\n tests: [\"b\"] }\n"
		"{ name: \"r\", desc: \"d\"\n stage: V3\n tests: [\"N/A\"] }] }");
	assert_int_equal(load(b, "a.hjson"), 0);
	tests = testplan_stage_tests(&b->plan, "V1", b->mem);
	assert_string_equal(tests[0], "a");
	assert_string_equal(tests[1], "b");
	assert_null(tests[2]);
	assert_null(testplan_stage_tests(&b->plan, "V2", b->mem));
	assert_null(testplan_stage_tests(&b->plan, "V3", b->mem));
}

static void tags_choose(void **state)
{
	struct bed *b = *state;

	write_plan(b, "a.hjson",
		   "{ testpoints: [\n"
		   "{ name: \"p\", desc: \"d\"\n stage: V1\n tests: []\n tags: [\"fpga\", "
		   "\"conn\"] }\n"
		   "{ name: \"q\", desc: \"d\"\n stage: V1\n tests: []\n tags: [\"fpga\"] }\n"
		   "{ name: \"r\", desc: \"d\"\n stage: V1\n tests: [] }] }");
	assert_int_equal(load(b, "a.hjson:fpga:-conn"), 0);
	assert_string_equal(shown(b), "V1/q:");
	assert_int_equal(load(b, "a.hjson:nosuch"), -1);
	assert_string_equal(b->diags.first->msg, "no element of the testplan matches the tags");
}

static void a_missing_file_is_an_empty_plan(void **state)
{
	struct bed *b = *state;

	assert_int_equal(load(b, "gone.hjson"), 0);
	assert_true(b->is_missing);
	assert_int_equal(b->plan.n, 0);
}

static void faults_have_their_place(void **state)
{
	static const struct {
		const char *text, *message;
		unsigned line;
	} cases[] = {
		{"{ testpoints: [\n{ name: \"p\", desc: \"d\"\n stage: V9\n tests: [] }] }",
		 "there is no stage 'V9'", 3},
		{"{ testpoints: [\n{ name: \"p\", desc: \"d\"\n stage: \"V1\" }] }",
		 "testpoint 'p' needs a list of 'tests'", 2},
		{"{ testpoints: [\n{ desc: \"d\"\n stage: V1\n tests: [] }] }",
		 "this has no 'name'", 2},
		{"{ testpoints: [\n{ name: \"p\", desc: \"d\"\n stage: V1\n tests: [] }\n"
		 "{ name: \"p\", desc: \"d\"\n stage: V1\n tests: [] }] }",
		 "testpoint 'p' is defined more than once", 5},
		{"{ covergroups: [\n{ name: \"p\", desc: \"d\" }] }",
		 "the name of a covergroup ends with '_cg'", 2},
		{"{ name: \"x\" }", "the testplan has neither testpoints nor covergroups", 1},
		{"{ import_testplans: [\n \"gone.hjson\"] }", "there is no testplan 'gone.hjson'",
		 2},
		{"{ import_testplans: [\n \"a.hjson\"] }", "'a.hjson' is imported a second time",
		 2},
		{"{ n: 3\n testpoints: [\n{ name: \"p\", desc: \"d\"\n stage: V1\n tests: "
		 "[\"{n}\"] }] }",
		 "'n' is used in names of tests and must be a string or a list of them", 1},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		diags_done(&b->diags);
		diags_init(&b->diags);
		write_plan(b, "a.hjson", cases[i].text);
		assert_int_equal(load(b, "a.hjson"), -1);
		assert_string_equal(b->diags.first->msg, cases[i].message);
		assert_int_equal(b->diags.first->pos.line, cases[i].line);
	}
}

/* "sub.hjson" has a test of this name, and warns if it has the key n twice. */
static void write_imported(struct bed *b, const char *test, bool warns)
{
	write_plan(b, "sub.hjson",
		   arena_printf(b->mem,
				"{ %s\n testpoints: [{ name: \"p\", desc: \"d\"\n stage: V1\n"
				" tests: [\"{name}_%s\"] }] }",
				warns ? "n: a\n n: b" : "", test));
}

static void plans_share_imported_files_without_messages(void **state)
{
	struct bed *b = *state;
	struct cfg *owner = cfg_parse_text("x", "{}", 2, &b->diags);

	b->shared.owner = owner;
	write_plan(b, "a.hjson", "{ name: uart\n import_testplans: [\"sub.hjson\"] }");
	write_plan(b, "b.hjson", "{ name: aes\n import_testplans: [\"sub.hjson\"] }");
	write_imported(b, "warned", true);
	assert_int_equal(load(b, "a.hjson"), 0);
	assert_int_equal(b->diags.n_warnings, 1);
	write_imported(b, "first", false);
	assert_int_equal(load(b, "a.hjson"), 0);
	assert_string_equal(shown(b), "V1/p: uart_first");
	write_imported(b, "second", false);
	assert_int_equal(load(b, "b.hjson"), 0);
	assert_string_equal(shown(b), "V1/p: aes_first");
	map_done(&b->shared.by_path);
	cfg_free(owner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(imports_come_after_and_fill_in_names),
		T(stages_are_sorted_sets),
		T(tags_choose),
		T(a_missing_file_is_an_empty_plan),
		T(faults_have_their_place),
		T(plans_share_imported_files_without_messages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
