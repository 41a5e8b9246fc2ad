/* SPDX-License-Identifier: Apache-2.0 */
/* Words, sweeps and defines in the jobs of a native configuration. */
#include <stdio.h>
#include <string.h>

#include "stage.h"
#include "jobs_tests.h"

static void a_value_is_escaped_where_it_stands_in_a_request(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n jobs: [ { name: \"a{i}\", sweep: { zip: { i: [1, 2], t: "
		  "[\"x\\\"y\", "
		  "\"z\"] } },\n program: [\"{t}\"] } ] }",
		  NULL);
	assert_string_equal(stage_job(&s, "a1")->request, "{\"program\":[\"x\\\"y\"]}");
	assert_string_equal(stage_job(&s, "a2")->request, "{\"program\":[\"z\"]}");
	stage_done(&s);
}

static void words_are_replaced_once_and_other_braces_stay(void **state)
{
	static const struct {
		const char *word, *becomes;
	} cases[] = {
		{"{v}", "<value>"},
		{"{v}{i}", "<value7>"},
		{"{{v}}", "<{v}>"},
		{"{{other}}", "<{other}>"},
		{"${v}", "<${v}>"},
		{"{nested}", "<{v}>"},
		{"{print $1}", "<{print $1}>"},
		{"{}", "<{}>"},
		{"{ v }", "<{ v }>"},
		{"{v", "<{v>"},
		{"a{2}", "<a{2}>"},
		{"{{v}", "<{value>"},
		{"{v}}", "<value}>"},
		{"{{{v}}}", "<{{v}}>"},
		{"{name} {odir} {log}", "<a.7 /scratch/t/a.7 /scratch/t/a.7/log>"},
		{"{scratch}", "</scratch>"},
		{"{attempt}", "<" JOB_ATTEMPT_WORD ">"},
		{"{HOME}", "<{HOME}>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct stage s;

		snprintf(text, sizeof(text),
			 "{ flow: jobs\n vars: { v: \"value\", nested: \"{v}\" }\n jobs: [ { name: "
			 "\"a.{i}\", sweep: { i: [7] }, argv: [\"%s\"] } ] }",
			 cases[i].word);
		stage_set(&s, text, NULL);
		assert_text(stage_argv(stage_job(&s, "a.7")), cases[i].becomes);
		assert_int_equal(stage_job(&s, "a.7")->has_attempt,
				 strcmp(cases[i].word, "{attempt}") == 0);
		stage_done(&s);
	}
}

static void words_work_in_every_key_that_says_so(void **state)
{
	const struct job_spec *job;
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n name: \"t\", vars: { top: \"uart\" }\n jobs: [\n"
		  "{ name: \"{top}.build\", command: \"make {top} > {odir}/x\" }\n"
		  "{ name: \"test.{i}\", sweep: { i: [1, 2] }, argv: [\"true\"], needs: "
		  "[\"{top}.build\"], target: \"{top}{i}\", tags: [\"t{i}\"], cwd: \"{odir}\", "
		  "seed: \"9{i}\", env: { L: \"{log}:{attempt}\" } }\n"
		  "{ name: \"after.{i}\", sweep: { i: [1, 2] }, argv: [\"true\"], needs_any: "
		  "[\"test.{i}\"] } ] }",
		  NULL);
	assert_string_equal(s.messages, "");
	job = stage_job(&s, "uart.build");
	assert_string_equal(job->argv[2], "make uart > /scratch/t/uart.build/x");
	assert_string_equal(job->rules->target, "build");
	job = stage_job(&s, "test.2");
	assert_text(stage_deps(&s, "test.2"), "uart.build");
	assert_string_equal(job->rules->target, "uart2");
	assert_string_equal(job->rules->tags[0], "t2");
	assert_string_equal(job->rules->cwd, "/scratch/t/test.2");
	assert_string_equal(job->rules->env[0], "L=/scratch/t/test.2/log:" JOB_ATTEMPT_WORD);
	assert_true(job->has_attempt);
	assert_string_equal(job->seed, "92");
	assert_text(stage_deps(&s, "after.2"), "| test.2");
	stage_done(&s);
}

static void a_target_is_the_name_up_to_its_first_word(void **state)
{
	static const char *const cases[][2] = {
		{"test.{i}", "test"}, {"test_{i}", "test"}, {"a.b-{i}", "a.b"},
		{"{i}.test", "test"}, {"{i}", "jobs"},	    {"x{i}y", "x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];
		struct stage s;

		snprintf(text, sizeof(text),
			 "{ flow: jobs\n jobs: [ { name: \"%s\", sweep: { i: [1] }, argv: "
			 "[\"true\"] "
			 "} ] }",
			 cases[i][0]);
		stage_set(&s, text, NULL);
		assert_non_null(s.plan);
		assert_string_equal(s.plan->jobs[0].rules->target, cases[i][1]);
		stage_done(&s);
	}
}

static void sweeps_make_the_jobs_they_describe(void **state)
{
	static const char *const cases[][2] = {
		{"{ a: [1, 2], b: [\"x\", \"y\"] }", "j.1.x j.1.y j.2.x j.2.y"},
		{"{ a: \"8..10\", b: 5 }", "j.8.5 j.9.5 j.10.5"},
		{"{ a: \"08..10\", b: [true] }", "j.08.true j.09.true j.10.true"},
		{"{ a: \"-1..1\", b: \"x\" }", "j.-1.x j.0.x j.1.x"},
		{"{ a: [\"1..2\", 9], b: [1.50] }", "j.1.1.50 j.2.1.50 j.9.1.50"},
		{"{ zip: { a: [1, 2], b: \"3..4\" } }", "j.1.3 j.2.4"},
		{"[{ a: 1, b: 2 }, { b: 4, a: 3 }]", "j.1.2 j.3.4"},
		{"[{ a: \"1..2\", b: 2 }]", "j.1..2.2"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];
		struct stage s;

		snprintf(text, sizeof(text),
			 "{ flow: jobs\n jobs: [ { name: \"j.{a}.{b}\", sweep: %s, argv: "
			 "[\"true\"] } "
			 "] }",
			 cases[i][0]);
		stage_set(&s, text, NULL);
		assert_text(stage_names(&s), cases[i][1]);
		stage_done(&s);
	}
}

static void zip_multiplies_with_the_axes_beside_it(void **state)
{
	struct stage s;

	(void)state;
	stage_set(
		&s,
		"{ flow: jobs\n jobs: [ { name: \"{p}.{a}{b}.{q}\", sweep: { p: [1, 2], zip: { a: "
		"[\"x\", \"y\"], b: [\"X\", \"Y\"] }, q: [3, 4] }, argv: [\"true\"] } ] }",
		NULL);
	assert_text(stage_names(&s), "1.xX.3 1.xX.4 1.yY.3 1.yY.4 2.xX.3 2.xX.4 2.yY.3 2.yY.4");
	stage_done(&s);
}

static void defines_replace_variables_and_axes(void **state)
{
	static const char *const defines[] = {"seed=1..3,9", "mode=slow", "top=spi=x", "top=i2c",
					      NULL};
	struct stage_options options = {.defines = defines};
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n vars: { top: \"uart\" }\n jobs: [ { name: \"{mode}.{seed}\", "
		  "sweep: { "
		  "mode: [\"fast\", \"slow\"], seed: \"1..1000\" }, argv: [\"{top}\"] } ] }",
		  &options);
	assert_text(stage_names(&s), "slow.1 slow.2 slow.3 slow.9");
	assert_text(stage_argv(&s.plan->jobs[0]), "<i2c>");
	stage_done(&s);
}

static void words_of_argv_keep_blanks_quotes_and_numbers(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s, ONE("argv: [\"a b\", 5, 1.50, \"it's\", \"\"]"), NULL);
	assert_text(stage_argv(stage_job(&s, "a")), "<a b> <5> <1.50> <it's> <>");
	assert_string_equal(stage_job(&s, "a")->command, "'a b' 5 1.50 'it'\"'\"'s' ''");
	stage_done(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_escaped_where_it_stands_in_a_request),
		cmocka_unit_test(words_are_replaced_once_and_other_braces_stay),
		cmocka_unit_test(words_work_in_every_key_that_says_so),
		cmocka_unit_test(a_target_is_the_name_up_to_its_first_word),
		cmocka_unit_test(sweeps_make_the_jobs_they_describe),
		cmocka_unit_test(zip_multiplies_with_the_axes_beside_it),
		cmocka_unit_test(defines_replace_variables_and_axes),
		cmocka_unit_test(words_of_argv_keep_blanks_quotes_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
