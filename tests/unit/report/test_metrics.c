/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and drawing of metrics.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "page.h"
#include "report/metrics/metrics.h"

static char path[] = "/tmp/dvsched-metrics-XXXXXX";

static void write_text(const char *text)
{
	struct error err = {0};

	if (fs_write_atomic(path, text, strlen(text), &err) < 0)
		fail_msg("%s", err.msg);
}

static void page_of(const char *text, enum metrics_profile profile, struct str *out)
{
	struct error err = {0};
	struct metrics *m;

	write_text(text);
	m = metrics_read(path, &err);
	if (!m)
		fail_msg("%s", err.msg);
	metrics_html(m, profile, NULL, out);
	metrics_free(m);
	assert_balanced(out->s);
	assert_null(strstr(out->s, "<script"));
}

static void add_job(struct str *text, const char *id, const char *meta, double start, double end)
{
	str_printf(text, "%s\"%s\":{%s%s\"timing\":{\"start_time\":%.3f,\"end_time\":%.3f}}",
		   text->s[text->len - 1] == '{' ? "" : ",", id, meta, *meta ? "," : "", start,
		   end);
}

#define META(name, block, tool, status)                                                           \
	"\"meta\":{\"name\":\"" name                                                              \
	"\",\"job_type\":\"RunTest\",\"target\":\"run\",\"tool\":\"" tool "\",\"block\":\"" block \
	"\",\"block_variant\":\"\",\"dependencies\":[],\"status\":\"" status "\"}"
#define HEAD "{\"scheduler\":{\"timing\":{\"start_time\":100,\"end_time\":200}},\"jobs\":{"

static void every_view_is_there_and_text_is_text(void **state)
{
	_cleanup_(str_done) struct str text = {0}, page = {0};

	(void)state;
	str_add(&text, HEAD);
	add_job(&text, "a:0.<b>.1", META("<b>", "a", "vcs", "Passed"), 100, 150);
	add_job(&text, "a:1.<b>.2", META("<b>", "a", "vcs", "Failed"), 150, 200);
	add_job(&text, "z:0.t.3", META("t", "z", "x'&", "Killed"), 110, 120);
	str_add(&text, "}}");
	page_of(text.s, METRICS_NORMAL, &page);
	assert_int_equal(count_of(page.s, "<section"), 10);
	assert_non_null(strstr(page.s, "a:0.&lt;b&gt;.1"));
	assert_non_null(strstr(page.s, "x&#39;&amp;"));
	assert_non_null(strstr(page.s, "3: 1 passed, 1 failed, 1 killed"));
	assert_non_null(strstr(page.s, "<dt>Degree of parallelism</dt><dd>2</dd>"));
	assert_non_null(strstr(page.s, "55.000 %"));	       /* 110 s in two lanes of 100 s */
	assert_non_null(strstr(page.s, "<em>1m40s / 2</em>")); /* both runs of the test <b> */
	assert_non_null(strstr(page.s, " · 90.9 % · 2 jobs"));
}

static void without_meta_there_are_views_of_time_only(void **state)
{
	_cleanup_(str_done) struct str text = {0}, page = {0};

	(void)state;
	str_add(&text, HEAD);
	add_job(&text, "a", "", 100, 101);
	str_add(&text, "}}");
	page_of(text.s, METRICS_NORMAL, &page);
	assert_int_equal(count_of(page.s, "<section"), 3);
	assert_null(strstr(page.s, "passed"));
}

static void nothing_timed_is_said(void **state)
{
	_cleanup_(str_done) struct str page = {0};

	(void)state;
	page_of("{\"scheduler\":{},\"jobs\":{\"a\":{\"timing\":{\"end_time\":3}}}}", METRICS_NORMAL,
		&page);
	assert_int_equal(count_of(page.s, "<section"), 0);
	assert_non_null(strstr(page.s, "No job has a time"));
}

static void many_jobs_are_cut_as_the_profile_says(void **state)
{
	_cleanup_(str_done) struct str text = {0}, page = {0}, full = {0};

	(void)state;
	str_add(&text, HEAD);
	for (int i = 0; i < 1200; i++) {
		char id[32];

		snprintf(id, sizeof(id), "a:%d.t.%d", i, i);
		add_job(&text, id, META("t", "a", "vcs", "Passed"), 100, 100 + i % 7);
	}
	str_add(&text, "}}");
	page_of(text.s, METRICS_NORMAL, &page);
	assert_non_null(strstr(page.s, "The longest 250 of 1200 jobs"));
	assert_non_null(strstr(page.s, "1195 other runs together"));
	assert_int_equal(count_of(page.s, "<rect"), 0);
	page_of(text.s, METRICS_FULL, &full);
	assert_null(strstr(full.s, "The longest"));
	assert_int_equal(count_of(full.s, "<rect"), 2 * 1200);
}

static void faults_have_a_place(void **state)
{
	static const struct {
		const char *text, *message;
		unsigned line, col;
	} cases[] = {
		{"[]", "a report must be a JSON object", 1, 1},
		{"a: b", "a report must be a JSON object", 1, 1},
		{"{\n  \"jobs\": {} }", "'scheduler' is missing", 1, 1},
		{"{\"scheduler\": 3,\n \"jobs\": {}}", "'scheduler' must be an object", 1, 15},
		{"{\"scheduler\": {},\n \"jobs\": {\"a\": 1}}", "a job must be an object", 2, 16},
		{"{\"scheduler\": {}, \"jobs\": {\n\"a\": {\"timing\": {\"start_time\": \"x\"}}}}",
		 "'start_time' must be a number", 2, 32},
		{"{\"scheduler\": {}, \"jobs\": {\n\"a\": {\"meta\": {\"name\": \"x\"}}}}",
		 "'target' is missing", 2, 15},
		{"{\"scheduler\": {", "", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = {0};

		write_text(cases[i].text);
		assert_null(metrics_read(path, &err));
		if (!strstr(err.msg, cases[i].message) || err.pos.line != cases[i].line ||
		    (cases[i].col && err.pos.col != cases[i].col))
			fail_msg("case %zu: %u:%u: %s", i, err.pos.line, err.pos.col, err.msg);
		error_done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_view_is_there_and_text_is_text),
		cmocka_unit_test(without_meta_there_are_views_of_time_only),
		cmocka_unit_test(nothing_timed_is_said),
		cmocka_unit_test(many_jobs_are_cut_as_the_profile_says),
		cmocka_unit_test(faults_have_a_place),
	};
	int rc;

	close(mkstemp(path));
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
