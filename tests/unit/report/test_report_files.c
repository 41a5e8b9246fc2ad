/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of existing reports: pages, dashboards, and messages about broken files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs.h"
#include "page.h"
#include "report/dv/dashboard.h"
#include "report/dv/oneshot/html.h"
#include "report/dv/sim/files.h"
#include "report/dv/sim/read.h"

static char dir[] = "/tmp/dvsched-reports-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_text(const char *name, const char *text)
{
	struct error err = {0};

	if (fs_write_atomic(path_of(name), text, strlen(text), &err) < 0)
		fail_msg("%s", err.msg);
}

static void read_text(const char *name, struct str *ret)
{
	struct error err = {0};

	if (fs_read_file(path_of(name), 1 << 20, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static const char *const context[] = {"UVM_ERROR <x>\n", "bye\n"};
static const struct sim_failure failure = {.name = "bad",
					   .qual_name = "0.bad.7",
					   .seed = "123456789012345678901234567890",
					   .line = 7,
					   .log_path = "/tmp/run.log",
					   .log_context = context,
					   .n_log_context = 2};
static const struct sim_bucket buckets[] = {{"UVM_ERROR *", &failure, 1}};
static const struct sim_test tests[] = {{"good", {true, 1.25}, {true, 100}, {3, 3}},
					{"bad", {true, 0.5}, {false, 0}, {0, 1}}};
static const struct sim_testpoint points[] = {{"p", tests, 2}};
static const struct sim_stage stages[] = {{"V1", points, 1}};
static const struct sim_coverage coverage = {{[TOOL_LINE_STATEMENT] = {true, 91.5},
					      [TOOL_TOGGLE] = {true, 80},
					      [TOOL_FUNCTIONAL] = {true, 12.5}}};
static const struct sim_block_results block = {
	.block = {.name = "uart",
		  .variant = "v",
		  .commit = "abc",
		  .commit_short = "a",
		  .branch = "main",
		  .url = "https://example.com/r/tree/abc",
		  .revision_info = ""},
	.tool = "vcs",
	.tool_version = "X-1",
	.timestamp = 1764112694,
	.build_seed = "99999999999999999999",
	.testplan_ref = "data/uart_testplan.hjson",
	.stages = stages,
	.n_stages = 1,
	.coverage = &coverage,
	.vplan_coverage = {true, 33.25},
	.buckets = buckets,
	.n_buckets = 1,
};
static const struct sim_block_results *const blocks[] = {&block};
static const struct sim_summary summary = {.top = &block.block,
					   .version = "1.57.0",
					   .timestamp = 1764112694,
					   .blocks = blocks,
					   .n_blocks = 1,
					   .report_path = "/tmp/reports"};

static struct sim_index *read_index(struct error *err)
{
	struct json_in in;

	if (json_in_open(&in, path_of("index.json"), err) == 0)
		return sim_read_index(&in);
	json_in_close(&in);
	return NULL;
}

static void what_was_written_is_read_and_written_again(void **state)
{
	static const char *const names[] = {"index.json", "uart_v.json", "index.html",
					    "uart_v.html"};
	struct str first[4] = {{0}}, again[4] = {{0}};
	struct error err = {0};
	struct sim_index *x;

	(void)state;
	assert_int_equal(sim_files_write(&summary, dir, &err), 0);
	for (size_t i = 0; i < 4; i++)
		read_text(names[i], &first[i]);
	x = read_index(&err);
	if (!x || sim_read_blocks(x, path_of("index.json"), &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(sim_files_write(&x->summary, dir, &err), 0);
	sim_index_free(x);
	for (size_t i = 0; i < 4; i++) {
		read_text(names[i], &again[i]);
		assert_string_equal(first[i].s, again[i].s);
		str_done(&first[i]);
		str_done(&again[i]);
	}
}

static void a_dashboard_has_the_numbers_and_a_badge_for_each(void **state)
{
	static const struct {
		const char *name, *text, *color;
	} badges[] = {{"test", "Tests Running: 4", "#0000FF"},
		      {"passing", "Tests Passing: 75.0%", "#D6EF57"},
		      {"functional", "Functional Coverage: 12.5%", "#EF8357"},
		      {"code", "Code Coverage: 85.8%", "#C0EF57"},
		      {"assertion", "Assertion Coverage: 0%", "#EF6D57"}};
	_cleanup_(str_done) struct str page = {0}, index = {0}, copy = {0};
	struct error err = {0};
	struct sim_index *x;

	(void)state;
	assert_int_equal(sim_files_write(&summary, dir, &err), 0);
	x = read_index(&err);
	assert_non_null(x);
	assert_int_equal(
		dashboard_write(x, path_of("index.json"), dir, "https://example.com/", &err), 0);
	sim_index_free(x);
	read_text("dashboard.html", &page);
	assert_balanced(page.s);
	assert_non_null(strstr(page.s, "<a href=\"https://example.com/uart_v.html\">uart/v</a>"));
	assert_non_null(strstr(page.s, "<td>4</td>"));
	for (size_t i = 0; i < ARRAY_LEN(badges); i++) {
		_cleanup_(str_done) struct str badge = {0};
		char name[64];

		snprintf(name, sizeof(name), "badge/uart_v/%s.svg", badges[i].name);
		read_text(name, &badge);
		assert_balanced(badge.s);
		if (!strstr(badge.s, badges[i].text) || !strstr(badge.s, badges[i].color))
			fail_msg("%s: %s", badges[i].name, badge.s);
	}
	read_text("index.json", &index);
	read_text("dashboard.json", &copy);
	assert_string_equal(index.s, copy.s);
}

#define BLOCK                                                                                 \
	"\"block\": {\"name\": \"a\", \"commit\": \"\", \"commit_short\": \"\", \"branch\": " \
	"\"main\"}"
#define INDEX(flows)                                                                   \
	"{\"top\": null, \"version\": null, \"timestamp\": \"2026-11-21T05:49:57Z\", " \
	"\"build_seed\": null, \"report_path\": \"\",\n\"flow_results\": {" flows "}}"

static void faults_have_a_place(void **state)
{
	static const struct {
		const char *text, *message;
		unsigned line;
	} cases[] = {
		{INDEX(""), "'flow_results' has no block", 1},
		{INDEX("\"a\": 3"), "this must be an object, not", 2},
		{INDEX("\"a\": {\"passed\": 1, \"total\": 1}"), "'block' is missing", 2},
		{INDEX("\"a\": {" BLOCK ",\n\"passed\": -1, \"total\": 1}"),
		 "'passed' must be a whole number", 3},
		{"{\"timestamp\": \"today\"}", "must be a time such as", 1},
		{"{", "", 1},
		{"", "a report must be a JSON object", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = {0};

		write_text("index.json", cases[i].text);
		assert_null(read_index(&err));
		if (!strstr(err.msg, cases[i].message) || err.pos.line != cases[i].line)
			fail_msg("case %zu: %u:%u: %s", i, err.pos.line, err.pos.col, err.msg);
		error_done(&err);
	}
}

static void a_block_that_is_missing_or_broken_is_named(void **state)
{
	struct error err = {0};
	struct sim_index *x;

	(void)state;
	write_text("index.json", INDEX("\"gone/a\": {" BLOCK ", \"passed\": 1, \"total\": 1}"));
	x = read_index(&err);
	assert_non_null(x);
	assert_int_equal(sim_read_blocks(x, path_of("index.json"), &err), -1);
	assert_string_equal(err.pos.file, path_of("gone_a.json"));
	error_done(&err);
	sim_index_free(x);

	write_text("gone_a.json", "{" BLOCK ",\n \"tool\": 7}");
	x = read_index(&err);
	assert_int_equal(sim_read_blocks(x, path_of("index.json"), &err), -1);
	assert_string_equal(err.pos.file, path_of("gone_a.json"));
	assert_int_equal(err.pos.line, 2);
	error_done(&err);
	sim_index_free(x);
}

#define BUCKETS(more)                                                                    \
	"\"buckets\": {\"lint_error\": {\"label\": \"L <E>\", \"severity\": \"error\", " \
	"\"is_failure\": true, \"count\": 2" more "}}"
static const char oneshot_index[] =
	"{\"top\": null, \"flow\": \"lint\", \"timestamp\": \"2026-11-21T05:49:57Z\", \"errors\": "
	"2, "
	"\"flow_results\": {\"A/b\": {\"block\": {\"name\": \"A/b\"}, \"tool\": \"t\", \"errors\": "
	"2, " BUCKETS("") "}}}";
static const char oneshot_block[] =
	"{\"block\": {\"name\": \"A/b\"}, \"flow\": \"lint\", \"title\": \"A/B <Lint>\", \"tool\": "
	"\"t\", \"timestamp\": \"2026-11-21T05:49:57Z\", \"errors\": 2, " BUCKETS(
		"") ", \"build_modes\": [{\"name\": \"default\", \"status\": \"PASSED\", "
		    "\"message\": "
		    "null, \"log_path\": \"javascript:x\", " BUCKETS(
			    ", \"messages\": [\"<one>\", \"two\"]") ", \"results\": {\"area\": "
								    "{\"top\": "
								    "{\"comb\": 1.50, \"reg\": "
								    "null}, "
								    "\"sub\": {\"comb\": 2, "
								    "\"reg\": 7}}, "
								    "\"unit\": [1, \"<u>\"]}}]}";

static void pages_of_other_flows_have_counts_messages_and_results(void **state)
{
	_cleanup_(str_done) struct str index = {0}, page = {0};
	struct error err = {0};
	struct json_in in;

	(void)state;
	write_text("index.json", oneshot_index);
	write_text("a_b.json", oneshot_block);
	assert_int_equal(json_in_open(&in, path_of("index.json"), &err), 0);
	assert_true(oneshot_html_is_index(&in));
	if (oneshot_html_write(&in, dir, &err) < 0)
		fail_msg("%s", err.msg);
	json_in_close(&in);
	read_text("index.html", &index);
	read_text("a_b.html", &page);
	assert_balanced(index.s);
	assert_balanced(page.s);
	assert_non_null(strstr(index.s, "<a href=\"./a_b.html\">A/b</a>"));
	assert_non_null(strstr(index.s, "<th>L &lt;E&gt;</th>"));
	assert_int_equal(count_of(index.s, "<td class=\"n bad\">2</td>"), 2);
	assert_non_null(strstr(page.s, "&lt;one&gt;\ntwo\n"));
	assert_non_null(strstr(page.s, "<td>top</td>\n<td class=\"n\">1.50</td><td>--</td>"));
	assert_non_null(strstr(page.s, "&lt;u&gt;"));
	assert_null(strstr(page.s, "href=\"javascript"));
}

static void a_fault_in_a_block_of_another_flow_has_its_place(void **state)
{
	struct error err = {0};
	struct json_in in;

	(void)state;
	write_text("index.json", oneshot_index);
	write_text("a_b.json", "{\"title\": \"x\",\n \"build_modes\": 3}");
	assert_int_equal(json_in_open(&in, path_of("index.json"), &err), 0);
	assert_int_equal(oneshot_html_write(&in, dir, &err), -1);
	assert_non_null(strstr(err.msg, "a_b.json:2:17: 'build_modes' must be"));
	error_done(&err);
	json_in_close(&in);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(what_was_written_is_read_and_written_again),
		cmocka_unit_test(a_dashboard_has_the_numbers_and_a_badge_for_each),
		cmocka_unit_test(faults_have_a_place),
		cmocka_unit_test(a_block_that_is_missing_or_broken_is_named),
		cmocka_unit_test(pages_of_other_flows_have_counts_messages_and_results),
		cmocka_unit_test(a_fault_in_a_block_of_another_flow_has_its_place),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	rc = cmocka_run_group_tests(all, NULL, NULL);
	fs_remove_tree(dir);
	return rc;
}
