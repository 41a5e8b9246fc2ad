/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs wait for memory, how much they are expected to need, and when a wait is reported. */
#include "../run/past_fixture.h"

#include <math.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/headroom/expected.h"
#include "cli/run/run_options.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static void small_jobs_do_not_wait_for_memory(void **state)
{
	static const struct {
		uint64_t available_bytes;
		uint32_t max_parallel;
		uint64_t least_mib;
	} cases[] = {
		{0, 1, 16},	     {64 * MIB, 2, 16},
		{64 * MIB, 1, 32}, /* twice 32 MiB fits */
		{64 * GIB, 8, 4096}, {64 * GIB, 100000, 16},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			expected_least_kib(cases[i].available_bytes, cases[i].max_parallel),
			cases[i].least_mib * 1024);
}

/* A run in which each of the jobs 0 and 1 took so much. */
static void make_run_with(struct plan *p, unsigned mib)
{
	_cleanup_(freep) char *dir = path_of(make_run(p, 1000, NULL));
	_cleanup_(freep) char *path = xasprintf("%s/results.json", dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("{\"schema\":{},\n\"run\":{\"id\":\"x\"},\n\"counts\":{},\n\"jobs\":[\n", f);
	for (size_t i = 0; i < 2; i++)
		fprintf(f, "{\"id\":\"%s\",\"attempts\":[{\"max_rss_kib\":%u}]},\n", p->jobs[i].id,
			mib * 1024 - 1);
	fputs("]}\n", f);
	fclose(f);
}

static void what_a_job_took_is_rounded_up_by_at_most_an_eighth(void **state)
{
	static const unsigned cases[][2] = {
		{16, 16}, {17, 18}, {31, 32}, {32, 32}, {33, 36}, {1000, 1024}, {1025, 1152},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *cfg = xasprintf("/round%zu.hjson", i);
		struct plan *p = plan_of(cfg);
		struct job_rules rules = {0};
		struct tree_limits limits = {.memory_bytes = 7 * MIB};
		struct expected e = {0};

		make_run_with(p, cases[i][0]);
		e.past = past_memory_read(p, 1);
		p->jobs[0].rules = &rules;
		assert_int_equal(expected_mib(&p->jobs[0], &e), cases[i][1]);
		rules.limits = &limits; /* goes first, as it is */
		assert_int_equal(expected_mib(&p->jobs[0], &e), 7);
		e.is_off = true;
		assert_int_equal(expected_mib(&p->jobs[0], &e), 0);
		expected_done(&e);
		plan_free(p);
	}
}

static void a_wait_is_reported_after_ten_seconds(void **state)
{
	enum log_level was = log_level();

	(void)state;
	log_set_level(LOG_INFO);
	assert_true(run_waits_after_s(true) == 10);
	assert_true(isinf(run_waits_after_s(false)));
	log_set_level(LOG_VERBOSE);
	assert_true(run_waits_after_s(true) == 0 && run_waits_after_s(false) == 0);
	log_set_level(was);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_jobs_do_not_wait_for_memory),
		cmocka_unit_test(what_a_job_took_is_rounded_up_by_at_most_an_eighth),
		cmocka_unit_test(a_wait_is_reported_after_ten_seconds),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
