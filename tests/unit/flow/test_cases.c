/* SPDX-License-Identifier: Apache-2.0 */
/* flow: cases. The plan of a batch, and messages about a wrong one; docs/guides/cases.md. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct case_file {
	const char *path, *text;
};

static const struct case_file no_files[] = {{0}};

static void load_batch(struct stage *s, const char *text, const struct case_file *files,
		       const struct stage_options *options)
{
	stage_open(s);
	stage_write(s, "t.hjson", text);
	for (; files->path; files++)
		stage_write(s, files->path, files->text);
	stage_load(s, options);
}

/* All messages about each job: expected/NAME.txt. */
static void expect_plan(const char *text, const struct case_file *files, const char *name)
{
	struct stage s;

	load_batch(&s, text, files, NULL);
	assert_string_equal(s.messages, "");
	assert_expected(name, stage_dump(&s));
	stage_done(&s);
}

static void expect_names(const char *text, const struct case_file *files, const char *expected)
{
	struct stage s;

	load_batch(&s, text, files, NULL);
	assert_string_equal(s.messages, "");
	assert_text(stage_names(&s), expected);
	stage_done(&s);
}

/* Adds the messages about a wrong batch. */
static void add_told(struct str *told, const char *text, const struct case_file *files)
{
	struct stage s;

	load_batch(&s, text, files, NULL);
	assert_null(s.plan);
	str_printf(told, "%s\n", s.messages);
	stage_done(&s);
}

#define BATCH(more) "{ flow: \"cases\", name: \"demo\"\n" more "\n}"
#define FOUND	    "cases: { root: \"ex\" }\n"

static void a_case_is_compiled_and_run(void **state)
{
	static const struct case_file files[] = {{"ex/rt/add/case.hjson",
						  "{ compile: \"cc {case_dir}/k.c -o {out}/k\", "
						  "command: \"{out}/k {case} {runtime} {v}\"\n"
						  "  timeout: \"2m\" }"},
						 {0}};

	(void)state;
	expect_plan(BATCH("vars: { v: \"value\" }\n" FOUND), files, "cases_compile");
}

static void settings_come_from_defaults_runtime_and_case(void **state)
{
	static const struct case_file files[] = {
		{"ex/graph/a/case.hjson", "{ program: [\"print {case}\"], weight: 7 }"},
		{"ex/graph/b/case.hjson", "{ argv: [\"true\"], target: \"mine\" }"},
		{"ex/ring/c/case.hjson", "{ program: [\"print 1\"], devices: 3, timeout: \"9s\" }"},
		{0}};

	(void)state;
	expect_plan(BATCH(FOUND
			  "defaults: { timeout: \"5s\", devices: 2, weight: 3 }\n"
			  "builds: { cpus: 4 }\n"
			  "runtimes: { graph: { build: \"make {odir}\", options: { x: 1 } }\n"
			  "            ring: { dir: \"lib/{none}\", weight: 4, retries: 2 } }\n"
			  "vars: { none: \"zero\" }"),
		    files, "cases_settings");
}

static void a_pin_is_a_fallback(void **state)
{
	static const struct case_file files[] = {
		{"ex/rt/a/case.hjson",
		 "{ compile: [\"cc -I{my_lib} 1\", { argv: [\"cc\", \"{there}\"], cpus: 2 }]\n"
		 "  command: \"run {out} {my_lib} {runtime_dir}\" }"},
		{"ex/rt/b/case.hjson", "{ command: \"run {my_lib}\" }"},
		{0}};

	(void)state;
	expect_plan(
		BATCH(FOUND
		      "runtimes: { rt: { build: \"make rt\", dir: \"built\" } }\n"
		      "pins: { my-lib: { head: { command: \"make head\", dir: \"l\" }\n"
		      "                  pin: \"make pin\", commit: \"abc\" }\n"
		      "        there: { head: { dir: \"at/head\" }, pin: { dir: \"at/pin\" } } }"),
		files, "cases_pin");
}

static void without_a_commit_there_is_no_pin(void **state)
{
	static const struct case_file files[] = {
		{"ex/rt/a/case.hjson", "{ command: \"run {lib}\" }"}, {0}};

	(void)state;
	expect_plan(
		BATCH(FOUND
		      "vars: { c: \"\" }\n"
		      "pins: { lib: { head: \"make head\", pin: \"make pin\", commit: \"{c}\" } }"),
		files, "cases_no_pin");
}

static void cases_are_in_the_order_of_their_numbers(void **state)
{
	static const struct case_file files[] = {
		{"ex/rt/v10/case.hjson", "{ command: \"true\" }"},
		{"ex/rt/v9/case.hjson", "{ command: \"true\" }"},
		{"ex/other/z/case.hjson", "{ command: \"true\" }"},
		{"ex/.hidden/z/case.hjson", "{ command: \"true\", runtime: \"h\" }"},
		{"ex/rt/no/readme", ""},
		{0}};

	(void)state;
	expect_names(BATCH(FOUND), files, "other.z rt.v9 rt.v10");
	expect_names(BATCH("cases: { root: \"ex\", glob: \"rt/v?\" }"), files, "rt.v9");
	expect_names(BATCH("cases: { glob: \"/ex//rt/v10/\" }"), files, "rt.v10");
	expect_names(BATCH("cases: { root: \"ex\", glob: \".h*/*\" }"), files, "h.z");
	expect_names(BATCH("vars: { w: \"v9\" }\ncases: { root: \"ex\", glob: \"rt/{w}\" }"), files,
		     "rt.v9");
	expect_names(BATCH("cases: [{ glob: \"ex/rt/v9\" }, { root: \"ex\", glob: \"other/*\" }]"),
		     files, "rt.v9 other.z");
}

static void a_case_may_say_its_name_and_runtime(void **state)
{
	static const struct case_file files[] = {
		{"ex/rt/a/case.hjson",
		 "{ command: \"true\", name: \"my case/1.x\", runtime: \"other\" }"},
		{"ex/rt/b+c/case.hjson", "{ command: \"true\" }"},
		{0}};

	(void)state;
	expect_names(BATCH(FOUND), files, "other.my_case_1.x rt.b+c");
}

static void markers_say_what_a_case_is(void **state)
{
	static const struct case_file files[] = {{"ex/rt/a/c.hjson", "{ command: \"true\" }"},
						 {"ex/rt/a/k.c", ""},
						 {"ex/rt/none/x", ""},
						 {0}};

	(void)state;
	expect_names(BATCH("cases: { root: \"ex\", file: \"c.hjson\", marker: \"k.c\" }"), files,
		     "rt.a");
	expect_names(BATCH("cases: { root: \"ex\", file: \"c.hjson\", marker: [\"c.hjson\"] }"),
		     files, "rt.a");
}

static void faults_are_reported_with_their_place(void **state)
{
	static const struct case_file one[] = {{"ex/rt/a/case.hjson", "{ command: \"true\" }"},
					       {0}};
	static const struct case_file two[] = {
		{"ex/rt/a/case.hjson", "{ command: \"true\", name: \"x\" }"},
		{"ex/rt/b/case.hjson", "{ command: \"true\", name: \"x\" }"},
		{0}};
	static const struct case_file bad[] = {
		{"ex/rt/a/case.hjson", "{ command: \"true\", runtime: \"a b\" }"},
		{"ex/rt/b/case.hjson", "{ command: \"true\", runtime: \"rs\" }"},
		{"ex/rt/c/case.hjson", "{ command: \"true\", name: 3 }"},
		{"ex/rt/d/case.hjson", "{ comand: \"true\" }"},
		{"ex/rt/e/case.hjson", "{"},
		{"ex/rt/f/case.hjson", "{ compile: \"\", command: \"true\" }"},
		{0}};
	static const struct {
		const char *text;
		const struct case_file *files;
	} cases[] = {
		{BATCH(""), one},
		{BATCH("cases: []"), one},
		{BATCH("cases: 3"), one},
		{BATCH(FOUND), no_files},
		{BATCH("cases: { root: \"ex\", glob: \"x/*\" }"), one},
		{BATCH("cases: { root: \"ex\", glob: \"*\" }"), one},
		{BATCH("cases: { root: \"ex\", marker: \"k.c\" }"), one},
		{BATCH("cases: { root: \"ex\", glop: \"*\" }"), one},
		{BATCH(FOUND "runtimes: { rs: {} }"), one},
		{BATCH(FOUND "runtimes: { wholly_other: {} }"), one},
		{BATCH(FOUND "runtimes: []"), one},
		{BATCH(FOUND "runtimes: { \"a b\": {} }"), one},
		{BATCH(FOUND "runtimes: { rt: { build: \" \" } }"), one},
		{BATCH(FOUND "runtimes: { rt: { build: 3 } }"), one},
		{BATCH(FOUND "runtimes: { rt: { dir: 3, build: \"true\", timout: 3 } }"), one},
		{BATCH(FOUND "pins: 3"), one},
		{BATCH(FOUND "pins: { \".x\": {} }"), one},
		{BATCH(FOUND "pins: { x: { pin: \"true\" } }"), one},
		{BATCH(FOUND "pins: { x: { head: \"true\", commit: [] } }"), one},
		{BATCH(FOUND
		       "vars: { rt: 1 }\ndefaults: { comand: 1 }\nbuilds: { timeout: \"x\" }"),
		 one},
		{BATCH(FOUND), two},
		{BATCH(FOUND "runtimes: { rt: {} }"), bad},
	};
	struct str told = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		add_told(&told, cases[i].text, cases[i].files);
	assert_expected("cases_faults", str_take(&told));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_case_is_compiled_and_run),
		cmocka_unit_test(settings_come_from_defaults_runtime_and_case),
		cmocka_unit_test(a_pin_is_a_fallback),
		cmocka_unit_test(without_a_commit_there_is_no_pin),
		cmocka_unit_test(cases_are_in_the_order_of_their_numbers),
		cmocka_unit_test(a_case_may_say_its_name_and_runtime),
		cmocka_unit_test(markers_say_what_a_case_is),
		cmocka_unit_test(faults_are_reported_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
