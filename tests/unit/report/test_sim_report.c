/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "report/sim_results.h"

static const struct sim_test tests[] = {{"smoke", {true, 1.5}, {true, 100}, {1, 3}}};
static const struct sim_testpoint points[] = {{"p", tests, 1}, {"q", tests, 1}};
static const struct sim_stage stages[] = {{"V1", points, 2}};
static const struct sim_failure failure = {
	.name = "smoke", .qual_name = "0.smoke.7", .seed = "123456789012345678901234567890"};
static const struct sim_bucket buckets[] = {{"UVM_ERROR *", &failure, 1}};
static const struct sim_block_results results = {
	.block = {.name = "uart", .commit = "abc", .commit_short = "a", .branch = "main"},
	.tool = "vcs",
	.stages = stages,
	.n_stages = 1,
	.buckets = buckets,
	.n_buckets = 1,
};

static void a_stage_counts_a_test_once(void **state)
{
	(void)state;
	assert_int_equal(sim_stage_count(&stages[0]).total, 3);
	assert_int_equal(sim_results_count(&results).passed, 1);
}

static void json_has_dvsims_numbers(void **state)
{
	_cleanup_(str_done) struct str out = {0};

	(void)state;
	sim_json_block(&results, &out);
	assert_non_null(strstr(out.s,
			       "{\"smoke\":{\"max_time\":1.5,\"sim_time\":100.0,\"passed\":1,"
			       "\"total\":3,\"percent\":33.333333333333336}}"));
	assert_non_null(strstr(out.s, "\"seed\":123456789012345678901234567890,\"line\":null"));
}

static void console_has_the_table(void **state)
{
	_cleanup_(str_done) struct str out = {0};

	(void)state;
	sim_console_block(&results, &out);
	assert_non_null(strstr(out.s, "## UART Simulation Results\n### Thursday January 01 1970 "));
	assert_non_null(strstr(out.s, "|   V1    |   p    | smoke     |"));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_stage_counts_a_test_once),
		cmocka_unit_test(json_has_dvsims_numbers),
		cmocka_unit_test(console_has_the_table),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
