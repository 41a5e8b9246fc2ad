/* SPDX-License-Identifier: Apache-2.0 */
/* What a slot does around a job's process: readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "exec_bed.h"

static void readers_read_what_a_job_left(void **state)
{
	struct slot_bed *b = *state;
	struct job_steps steps = {.reader = "text"};
	_cleanup_(freep) char *path = xasprintf("%s/summary", b->odir);
	const struct job_measures *m;

	steps.read_path = path;
	b->rules.tool = "a tool";
	b->rules.log_reader = "length";
	b->spec.steps = &steps;
	bed_shell(b, "echo twelve more; printf 91 > $DVSCHED_ODIR/summary");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	m = b->result.measures;
	assert_non_null(m);
	assert_true(m->has_run_time && m->run_time_s == 12);
	assert_int_equal(m->n_coverage, 1);
	assert_string_equal(m->coverage[0].name, "a tool");
	assert_string_equal(m->coverage[0].value, "91");
}

/* Files are read of jobs that passed only, logs of all. */
static void a_reader_that_fails_fails_the_job(void **state)
{
	static const struct job_steps missing = {.reader = "text", .read_path = "/nothing/here"},
				      unknown = {.reader = "tea leaves", .read_path = "/"};
	struct slot_bed *b = *state;

	b->rules.tool = "a tool";
	b->rules.log_reader = "length";
	b->spec.steps = &missing;
	bed_shell(b, "echo four");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_POST_STEP);
	assert_non_null(strstr(b->result.message, "No such file"));
	assert_true(b->result.measures->run_time_s == 5);
	bed_shell(b, "echo four; exit 3");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_true(b->result.measures->run_time_s == 5);
	b->spec.steps = &unknown;
	bed_shell(b, "true");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_POST_STEP);
	assert_string_equal(b->result.message, "this program has no reader 'tea leaves'");
}

/* A rehearsal of the command leaves nothing to read. */
static void nothing_is_read_after_a_dry_run(void **state)
{
	static const struct job_steps missing = {.reader = "text", .read_path = "/nothing/here"};
	struct slot_bed *b = *state;

	b->rules.is_dry_run = true;
	b->rules.log_reader = "length";
	b->spec.steps = &missing;
	bed_shell(b, "echo four");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_null(b->result.measures);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(readers_read_what_a_job_left),
		EXEC_CASE(a_reader_that_fails_fails_the_job),
		EXEC_CASE(nothing_is_read_after_a_dry_run),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
