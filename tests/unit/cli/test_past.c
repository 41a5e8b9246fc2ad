/* SPDX-License-Identifier: Apache-2.0 */
/* How users name a job of an earlier run, and what they see of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/past/job_text.h"
#include "cli/past/job_word.h"
#include "cli/past/log_text.h"

static struct job_spec jobs[] = {
	{.id = "uart:smoke.1", .name = "smoke.1"},
	{.id = "uart:smoke.10", .name = "smoke.10"},
	{.id = "i2c:smoke.1", .name = "smoke.1"},
	{.id = "i2c:long", .name = "long"},
};
static const struct plan plan = {.jobs = jobs, .n_jobs = ARRAY_LEN(jobs)};

/* Returns the index, or -1; *ret_message: the error and its hint. */
static int find(const struct job_word *w, char *message, size_t size)
{
	struct diags diags;
	uint32_t at = 0;
	int rc;

	diags_init(&diags);
	rc = job_word_find(w, &plan, &at, &diags);
	if (rc < 0)
		snprintf(message, size, "%s|%s", diags.first->msg, diags.first->hint);
	assert_int_equal(diags.n_errors, rc < 0);
	diags_done(&diags);
	return rc < 0 ? -1 : (int)at;
}

static void a_job_has_several_names(void **state)
{
	static const struct {
		const char *word;
		int job;
		const char *message;
	} rows[] = {
		{"uart:smoke.1", 0, NULL}, /* an id, though it is a part of another */
		{"smoke.10", 1, NULL},	   /* a name, though a part of an id */
		{"t:smoke.10", 1, NULL},
		{"long", 3, NULL},
		{"smoke.1", -1,
		 "'smoke.1' is a part of the ids of 2 jobs|uart:smoke.1\ni2c:smoke.1"},
		{"uart", -1, "'uart' is a part of the ids of 2 jobs|uart:smoke.1\nuart:smoke.10"},
		{"i2c:lonk", -1, "the run has no job 'i2c:lonk'|did you mean 'i2c:long'?"},
		{"zzz", -1, "the run has no job 'zzz'|`dvsched ls` lists its jobs"},
	};
	char message[256] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct job_word w = {.text = rows[i].word};

		assert_int_equal(find(&w, message, sizeof(message)), rows[i].job);
		if (rows[i].message)
			assert_string_equal(message, rows[i].message);
	}
}

static void make_own_dir(const char *root)
{
	_cleanup_(freep) char *own = xasprintf("%s/.dvsched", root);

	assert_int_equal(mkdir(own, 0700), 0);
}

static void numbers_are_those_of_the_last_list(void **state)
{
	static const uint32_t listed[] = {3, 0};
	char root[] = "/tmp/dvsched-past-XXXXXX", message[256];
	struct arena *mem = arena_new();
	struct error err = {0};
	struct job_word w;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_false(job_numbers_store(root, "r1", &plan, listed, 2)); /* there is no .dvsched */
	assert_int_equal(job_word_read(&w, "%1", root, mem, &err), -1);
	assert_non_null(strstr(err.msg, "no list of jobs was printed in "));
	error_done(&err);
	make_own_dir(root);
	assert_true(job_numbers_store(root, "r1", &plan, listed, 2));
	assert_int_equal(job_word_read(&w, "%2", root, mem, &err), 0);
	assert_string_equal(w.run, "r1");
	assert_int_equal(find(&w, message, sizeof(message)), 0);
	for (size_t i = 0; i < 4; i++) {
		static const char *const wrong[] = {"%0", "%3", "%x", "%"};

		assert_int_equal(job_word_read(&w, wrong[i], root, mem, &err), -1);
		assert_non_null(strstr(err.msg, "not a number of the last list, which has 2 jobs"));
		error_done(&err);
	}
	assert_int_equal(job_word_read(&w, "long", root, mem, &err), 0);
	assert_null(w.run);
	assert_int_equal(fs_remove_tree(root), 0);
	arena_free(mem);
}

static void logs_cannot_control_a_terminal(void **state)
{
	static const char *const rows[][2] = {
		{"a\tb\n", "a\tb\n"},	   {"\033[31mred\033[0m\n", "\033[31mred\033[0m\n"},
		{"\033[2J", "\\x1b[2J"},   {"\033]0;title\007", "\\x1b]0;title\\x07"},
		{"x\033[31", "x\\x1b[31"}, {"\r\b\x7f", "\\x0d\\x08\\x7f"},
		{"\xff", "\\xff"},	   {"\xc3\xa9", "\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str out = {0};

		log_text_add(&out, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(out.s, rows[i][1]);
		str_done(&out);
	}
}

static void a_command_can_be_pasted(void **state)
{
	static const char *const env[] = {"A=x y", "B=" JOB_ATTEMPT_WORD, "C=", NULL};
	static const char *const argv[] = {"echo", "it's", JOB_ATTEMPT_WORD, NULL};
	const struct job_rules rules = {.cwd = "/a b", .env = env};
	struct job_spec spec = {.rules = &rules, .argv = argv, .has_attempt = true};
	char *text = job_text_command(&spec, 3);

	(void)state;
	assert_string_equal(text, "cd '/a b' && env A='x y' B=3 C='' echo 'it'\"'\"'s' 3");
	free(text);
	spec.is_request = true;
	assert_null(job_text_command(&spec, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_has_several_names),
		cmocka_unit_test(numbers_are_those_of_the_last_list),
		cmocka_unit_test(logs_cannot_control_a_terminal),
		cmocka_unit_test(a_command_can_be_pasted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
