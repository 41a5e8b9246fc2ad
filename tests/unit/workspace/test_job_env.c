/* SPDX-License-Identifier: Apache-2.0 */
/* Environment variables of each run. */
#include "workspace/job_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect_own(const struct job_env_run *run, size_t n, const char *const *expected)
{
	char *own[JOB_ENV_OWN];

	assert_int_equal(job_env_make_own(run, own), n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(own[i], expected[i]);
		free(own[i]);
	}
}

static void a_run_has_its_job_attempt_directory_and_needs(void **state)
{
	const char *const with[] = {"DVSCHED_JOB=demo:a", "DVSCHED_ATTEMPT=2", "DVSCHED_ODIR=/s/a",
				    "DVSCHED_NEEDS=/s/a/needs.jsonl"};
	const char *const without[] = {"DVSCHED_JOB=demo:a", "DVSCHED_ATTEMPT=2",
				       "DVSCHED_ODIR=/s/a", "DVSCHED_NEEDS=/dev/null"};
	struct job_env_run run = {.id = "demo:a", .attempt = 2, .odir = "/s/a"};

	(void)state;
	expect_own(&run, 4, without);
	run.has_needs_file = true;
	expect_own(&run, 4, with);
	run.odir = NULL; /* no directory: nothing of it */
	expect_own(&run, 2, with);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_has_its_job_attempt_directory_and_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
