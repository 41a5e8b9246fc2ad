/* SPDX-License-Identifier: Apache-2.0 */
/* A kept result is a complete copy. */
#include "job/job_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

/* Texts in the buffer of a frame, which the next frame overwrites. */
struct frame {
	char message[16], context[16], details[16], name[16], value[16];
};

static const struct frame said = {"message", "context", "{\"a\":1}", "LINE", "91.20 %"};

static void a_copy_outlives_what_it_was_made_of(void **state)
{
	struct frame f = said;
	struct job_coverage pair = {f.name, f.value};
	struct job_measures measures = {
		.has_vplan = true, .vplan_percent = 12.5, .coverage = &pair, .n_coverage = 1};
	struct job_result from = {
		.status = JOB_FAILED,
		.reason = REASON_EXIT,
		.message = f.message,
		.context = f.context,
		.details = f.details,
		.measures = &measures,
		.exit_status = 3,
		.line = 7,
		.is_uncounted = true,
	};
	struct arena *mem = arena_new();
	struct job_result to;

	(void)state;
	job_result_copy(&to, &from, mem);
	memset(&f, 'x', sizeof(f));
	memset(&pair, 0, sizeof(pair));
	memset(&measures, 0, sizeof(measures));
	assert_int_equal(to.status, JOB_FAILED);
	assert_int_equal(to.exit_status, 3);
	assert_int_equal(to.line, 7);
	assert_true(to.is_uncounted);
	assert_string_equal(to.message, said.message);
	assert_string_equal(to.context, said.context);
	assert_string_equal(to.details, said.details);
	assert_true(to.measures->has_vplan && to.measures->vplan_percent == 12.5);
	assert_int_equal(to.measures->n_coverage, 1);
	assert_string_equal(to.measures->coverage[0].name, said.name);
	assert_string_equal(to.measures->coverage[0].value, said.value);
	arena_free(mem);
}

static void what_a_result_has_not_its_copy_has_not_either(void **state)
{
	struct job_result from = {.status = JOB_PASSED}, to;
	struct arena *mem = arena_new();

	(void)state;
	memset(&to, 'x', sizeof(to));
	job_result_copy(&to, &from, mem);
	assert_null(to.message);
	assert_null(to.context);
	assert_null(to.details);
	assert_null(to.measures);
	assert_int_equal(arena_size(mem), 0);
	arena_free(mem);
}

static void an_outcome_needs_memory_for_words_only(void **state)
{
	struct job_outcome o = {.result.status = JOB_PASSED};
	_cleanup_(str_done) struct str text = {0};

	(void)state;
	assert_null(job_outcome_text(&o, &text));
	str_add(&text, "words");
	str_clear(&text);
	assert_null(job_outcome_text(&o, &text));
	assert_null(o.mem);
	str_add(&text, "words");
	o.result.message = job_outcome_text(&o, &text);
	str_clear(&text);
	str_add(&text, "other");
	assert_string_equal(o.result.message, "words");
	job_outcome_done(&o);
	assert_null(o.mem);
	assert_null(o.result.message);
	job_outcome_done(&o);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_outlives_what_it_was_made_of),
		cmocka_unit_test(what_a_result_has_not_its_copy_has_not_either),
		cmocka_unit_test(an_outcome_needs_memory_for_words_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
