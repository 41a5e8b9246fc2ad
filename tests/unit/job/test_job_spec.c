/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_spec.h"

#include "../base/unit.h"

static void the_attempt_is_put_in_wherever_it_stands(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"plain", "plain"},
		{JOB_ATTEMPT_WORD, "12"},
		{"try-" JOB_ATTEMPT_WORD ".log", "try-12.log"},
		{JOB_ATTEMPT_WORD JOB_ATTEMPT_WORD, "1212"},
		{"\001attempt", "\001attempt"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = job_attempt_text(cases[i][0], 12);

		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void a_plan_owns_what_is_in_its_arena(void **state)
{
	struct plan *p = plan_new();

	(void)state;
	assert_int_equal(p->n_jobs, 0);
	assert_null(p->jobs);
	p->name = arena_strdup(p->mem, "demo");
	assert_string_equal(p->name, "demo");
	plan_free(p);
	plan_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_attempt_is_put_in_wherever_it_stands),
		cmocka_unit_test(a_plan_owns_what_is_in_its_arena),
	};

	return RUN(tests);
}
