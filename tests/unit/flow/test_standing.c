/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with {index}, {seed} and {svseed} left standing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "flow/dv/job/template.h"
#include "job/job_command.h"

static const struct run_values values = {.text = {"4", "77", "9"}};

static void a_text_gets_the_values_of_a_run(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"plain {x} {", "plain {x} {"},
		{"{index}", "4"},
		{"a{index}b{seed}{svseed}", "a4b779"},
		{"{seed}}{ {seed} {sed}", "77}{ 77 {sed}"},
		{"{indexes} {svseed", "{indexes} {svseed"},
	};
	struct arena *mem = arena_new();
	struct template t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(standing_split(cases[i][0], mem, &t));
		assert_string_equal(template_text(&t, mem, values.text), cases[i][1]);
		assert_int_equal(!t.same, standing_is_in(cases[i][0]));
	}
	arena_free(mem);
}

static void a_value_in_a_name_is_no_value_of_a_template(void **state)
{
	static const char *const cases[] = {"{opt_{index}}", "{{seed}", "{a{index}{seed}}",
					    "x {_{svseed}_y}"};
	struct arena *mem = arena_new();
	struct template t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_false(standing_split(cases[i], mem, &t));
	arena_free(mem);
}

static void a_word_for_a_shell_is_one_with_any_digits(void **state)
{
	static const char *const words[] = {"{seed}", "+seed={seed}", "a/{index}.b.{svseed}", "a"};
	static const char *const others[] = {"", "{seed} ", "{x}", "{seed}{", "'{index}'", "a b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_true(standing_is_shell_word(words[i]));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(standing_is_shell_word(others[i]));
}

static void values_may_make_paths_agree(void **state)
{
	static const struct {
		const char *a, *b;
		bool may;
	} cases[] = {
		{"/s/{index}.t", "/s/0.t", true},
		{"/s/12.t", "/s/1{index}.t", true},
		{"/s/{index}.t", "/s/{seed}.t", true},
		{"/s/{seed}", "/s/{svseed}", true},
		{"/s/{index}.t", "/s/cov", false},
		{"/s/{index}.t", "/s", false},
		{"/s/{index}/a", "/s/{index}", false},
		{"/s/{index}/a", "/s/{index}/b", false},
		{"/s/1", "/s/2", false},
		{"/s/{index}", "/s/{index}", false},
		{"/a{seed}/x", "/b{seed}", false},
		{"/s/a.{seed}", "/s/a./", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(standing_may_agree(cases[i].a, cases[i].b), cases[i].may);
		assert_int_equal(standing_may_agree(cases[i].b, cases[i].a), cases[i].may);
	}
}

static void a_job_is_made_of_its_template(void **state)
{
	static const char *const argv[] = {"make", "seed={seed}", NULL};
	static const struct job_steps steps = {.remove_before = "/s/x",
					       .remove_unless_passed = "/s/cov/{svseed}"};
	const struct job_spec like = {.id = "b:{index}.t",
				      .name = like.id + 2,
				      .subject = "{seed}",
				      .dir = "/s/{index}.t",
				      .log = "/s/{index}.t/run.log",
				      .command = "make seed={seed}",
				      .argv = argv,
				      .steps = &steps,
				      .n_fallback = 3};
	struct arena *mem = arena_new(), *plan_mem = arena_new();
	struct job_template *t = job_template_new(mem, plan_mem, &like);
	struct job_spec job = {0}, other;
	struct str room = {0};

	(void)state;
	assert_non_null(t);
	job_template_render(t, plan_mem, &values, &job);
	job_template_render(t, plan_mem, &(struct run_values){.text = {"5", "1", "2"}}, &other);
	arena_free(mem); /* jobs do not need their template */
	assert_string_equal(job.id, "b:4.t");
	assert_string_equal(job.name, "4.t");
	assert_string_equal(job.subject, "{seed}");
	assert_string_equal(job.dir, "/s/4.t");
	assert_string_equal(job.log, "/s/4.t/run.log");
	assert_string_equal(job_command(&job, &room), "make seed=77");
	assert_int_equal(job_command_len(&job), strlen("make seed=77"));
	assert_string_equal(job_command(&other, &room), "make seed=1");
	assert_string_equal(job.argv[0], "make");
	assert_string_equal(job.argv[1], "seed=77");
	assert_null(job.argv[2]);
	assert_string_equal(job.steps->remove_before, "/s/x");
	assert_string_equal(job.steps->remove_unless_passed, "/s/cov/9");
	assert_int_equal(job.n_fallback, 3);
	assert_string_equal(other.id, "b:5.t");
	assert_string_equal(other.steps->remove_unless_passed, "/s/cov/2");
	assert_ptr_equal(job.argv[0], other.argv[0]);
	str_done(&room);
	arena_free(plan_mem);
}

static void a_job_with_a_value_in_a_name_has_no_template(void **state)
{
	static const char *const argv[] = {"make", "{o_{seed}}", NULL};
	static const struct job_steps steps = {.remove_unless_passed = "{{index}}"};
	const struct job_spec plain = {
		.id = "b:t", .name = plain.id + 2, .dir = "/s", .log = "/s/l", .command = "x"};
	struct job_spec cases[] = {plain, plain, plain, plain, plain};
	struct arena *mem = arena_new();

	(void)state;
	cases[0].dir = "/s/{o_{index}}";
	cases[1].log = "/s/{o_{index}}";
	cases[2].command = "{o_{index}}";
	cases[3].argv = argv;
	cases[4].steps = &steps;
	assert_non_null(job_template_new(mem, mem, &plain));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_null(job_template_new(mem, mem, &cases[i]));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_gets_the_values_of_a_run),
		cmocka_unit_test(a_value_in_a_name_is_no_value_of_a_template),
		cmocka_unit_test(a_word_for_a_shell_is_one_with_any_digits),
		cmocka_unit_test(values_may_make_paths_agree),
		cmocka_unit_test(a_job_is_made_of_its_template),
		cmocka_unit_test(a_job_with_a_value_in_a_name_has_no_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
