/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "page.h"
#include "report/dv/sim/results.h"

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

static void pages_hold_no_markup_of_others(void **state)
{
	static const char evil[] = "<script>alert(\"1\")</script> & 'x' \xff\x1b[31m";
	static const char *const context[] = {"<b>\n", "a & b\n"};
	static const struct sim_test test = {evil, {true, 1}, {false, 0}, {1, 2}};
	static const struct sim_testpoint point = {evil, &test, 1};
	static const struct sim_stage stage = {evil, &point, 1};
	static const struct sim_failure bad = {.name = evil,
					       .qual_name = evil,
					       .line = 3,
					       .log_path = "javascript:alert(1)",
					       .log_context = context,
					       .n_log_context = 2};
	static const struct sim_bucket bucket = {evil, &bad, 1};
	static const struct sim_coverage coverage = {
		.metric = {[TOOL_TOGGLE] = {true, 50}, [TOOL_FUNCTIONAL] = {true, 70}}};
	const struct sim_block_results r = {
		.block = {.name = evil, .variant = "v", .branch = evil, .url = evil},
		.tool = evil,
		.testplan_ref = evil,
		.stages = &stage,
		.n_stages = 1,
		.coverage = &coverage,
		.cov_report_page = "javascript:alert(2)",
		.buckets = &bucket,
		.n_buckets = 1,
	};
	const struct sim_block_results *const all[] = {&r, &results};
	const struct sim_summary summary = {.blocks = all, .n_blocks = 2};
	_cleanup_(str_done) struct str block = {0}, index = {0};

	(void)state;
	sim_html_block(&r, &block);
	sim_html_summary(&summary, true, &index);
	assert_balanced(block.s);
	assert_balanced(index.s);
	assert_null(strstr(block.s, "<script"));
	assert_null(strstr(block.s, "href=\"javascript"));
	assert_null(strchr(block.s, '\x1b'));
	assert_non_null(strstr(block.s, "&lt;b&gt;\na &amp; b\n"));
	assert_non_null(strstr(block.s, "60.00 %"));
	assert_null(strstr(index.s, "<script"));
	assert_non_null(strstr(index.s, "<a href=\"metrics.html\">"));
	assert_non_null(strstr(index.s, "<a href=\"./uart.html\">uart</a>"));
}

static void a_page_without_results_says_so(void **state)
{
	const struct sim_block_results none = {.block = {.name = "uart"}, .tool = "vcs"};
	_cleanup_(str_done) struct str out = {0};

	(void)state;
	sim_html_block(&none, &out);
	assert_balanced(out.s);
	assert_non_null(strstr(out.s, "No results to display."));
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(a_stage_counts_a_test_once),
		cmocka_unit_test(pages_hold_no_markup_of_others),
		cmocka_unit_test(a_page_without_results_says_so),
		cmocka_unit_test(json_has_dvsims_numbers),
		cmocka_unit_test(console_has_the_table),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
