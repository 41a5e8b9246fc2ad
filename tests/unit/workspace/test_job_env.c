/* SPDX-License-Identifier: Apache-2.0 */
/* Environment variables of each run. */
#include "workspace/job_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

/* The environment in one text, a line per variable. */
static void expect_env(const char *const *kind, const struct job_env_run *run, const char *expected)
{
	_cleanup_(job_env_done) struct job_env env;
	_cleanup_(str_done) struct str text = {0};

	job_env_make(&env, kind, run);
	for (size_t i = 0; env.at[i]; i++)
		str_printf(&text, "%s\n", env.at[i]);
	assert_string_equal(text.s, expected);
}

static void a_run_has_its_job_attempt_directory_and_needs(void **state)
{
	static const char *const kind[] = {"A=1", NULL};
	struct job_start start = {.id = "demo:a", .attempt = 2, .odir = "/s/a"};
	struct job_env_run run = {.start = &start};

	(void)state;
	expect_env(kind, &run,
		   "DVSCHED_JOB=demo:a\nDVSCHED_ATTEMPT=2\nDVSCHED_ODIR=/s/a\n"
		   "DVSCHED_NEEDS=/dev/null\nA=1\n");
	run.has_needs_file = true;
	expect_env(kind, &run,
		   "DVSCHED_JOB=demo:a\nDVSCHED_ATTEMPT=2\nDVSCHED_ODIR=/s/a\n"
		   "DVSCHED_NEEDS=/s/a/needs.jsonl\nA=1\n");
	start.odir = NULL; /* no directory: nothing of it */
	expect_env(NULL, &run, "DVSCHED_JOB=demo:a\nDVSCHED_ATTEMPT=2\n");
}

static void variables_of_the_run_override_those_of_the_job(void **state)
{
	static const char *const kind[] = {"DVSCHED_JOB=outer",	 "DVSCHED_ODIR=/outer",
					   "DVSCHED_CONTEXT=/c", "DVSCHED_CONTEXTS=1",
					   "DVSCHED_RANK=9",	 NULL};
	static const char *const extra[] = {"DVSCHED_RANK=0", "DVSCHED_CONTEXT"};
	static const char *const more[] = {"DVSCHED_ATTEMPT=7"};
	const struct job_start start = {.id = "a", .attempt = 1, .env = more, .n_env = 1};
	const struct job_env_run run = {
		.start = &start, .extra = extra, .n_extra = ARRAY_LEN(extra)};

	(void)state;
	expect_env(kind, &run,
		   "DVSCHED_JOB=a\nDVSCHED_RANK=0\nDVSCHED_ATTEMPT=7\nDVSCHED_CONTEXTS=1\n");
}

static void the_number_of_the_attempt_is_replaced_where_there_is_one(void **state)
{
	static const char *const kind[] = {"A=x" JOB_ATTEMPT_WORD "y", "B=1", NULL};
	struct job_start start = {.id = "a", .attempt = 3};
	const struct job_env_run run = {.start = &start};

	(void)state;
	expect_env(kind, &run, "DVSCHED_JOB=a\nDVSCHED_ATTEMPT=3\nA=x" JOB_ATTEMPT_WORD "y\nB=1\n");
	start.has_attempt = true;
	expect_env(kind, &run, "DVSCHED_JOB=a\nDVSCHED_ATTEMPT=3\nA=x3y\nB=1\n");
}

static void what_a_job_inherits_is_without_an_outer_run_and_a_make(void **state)
{
	static const char *const base[] = {"DVSCHED_JOB=outer", "MAKEFLAGS=-j9", "A=1", "B=1",
					   NULL};
	static const char *const own[] = {"B=2", "B=3", NULL}, *const last[] = {"C=4", NULL};
	const struct job_rules rules = {.env = own, .terminal_env = last};
	_cleanup_(freep) const char **kind = job_env_merge(base, &rules);

	(void)state;
	assert_string_equal(kind[0], "A=1");
	assert_string_equal(kind[1], "B=3");
	assert_string_equal(kind[2], "C=4");
	assert_null(kind[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_has_its_job_attempt_directory_and_needs),
		cmocka_unit_test(variables_of_the_run_override_those_of_the_job),
		cmocka_unit_test(the_number_of_the_attempt_is_replaced_where_there_is_one),
		cmocka_unit_test(what_a_job_inherits_is_without_an_outer_run_and_a_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
