/* SPDX-License-Identifier: Apache-2.0 */
/* DVSim's flows of one job for each build mode: lint, cdc, rdc, syn, formal;
 * expected/oneshot_*.txt. */
#include "stage.h"

#include <stdio.h>
#include <string.h>

#define KEYS                                                                                    \
	"flow_makefile: \"{proj_root}/lint.mk\", tool: \"veriblelint\", dut: \"{name}\"\n"      \
	"scratch_base_path: \"{scratch_root}/{branch}\"\n"                                      \
	"scratch_path: \"{scratch_base_path}/{name}-{flow}-{tool}\"\n"                          \
	"build_dir: \"{scratch_path}/{build_mode}\", build_log: \"{build_dir}/{tool}.log\"\n"   \
	"build_cmd: \"lint\", build_opts: [\"--all\"], report_cmd: \"{report}\", report_opts: " \
	"[]\n"                                                                                  \
	"sv_flist_gen_cmd: \"\", sv_flist_gen_dir: \"\", sv_flist_gen_opts: []\n"               \
	"build_pass_patterns: [], build_fail_patterns: [\"^FATAL\"]\n"                          \
	"exports: [{ RESULTS: \"{name}.found\" }]\n"                                            \
	"sub_flow: \"fpv\", report_severities: [\"info\", \"error\"], fail_severities: "        \
	"[\"error\"]\n"                                                                         \
	"message_buckets: [{ category: \"flow\", severity: \"error\", label: \"\" }\n"          \
	"                  { category: \"lint\", severity: \"warning\", label: \"Bad\" }]\n"    \
	"report: \"parse\", build_timeout_mins: 4\n"

static void expect_oneshot(const char *flow, const char *more, const struct dv_options *dv)
{
	char text[8192], name[64];
	struct stage s;

	snprintf(text, sizeof(text), "{ name: \"one\", flow: \"%s\"\n" KEYS "%s }", flow, more);
	stage_set(&s, text, &(struct stage_options){.dv = dv});
	assert_string_equal(s.messages, "");
	snprintf(name, sizeof(name), "oneshot_%s", flow);
	assert_expected(name, stage_dump(&s));
	stage_done(&s);
}

static void each_flow_is_a_job(void **state)
{
	static const struct dv_options none = {0};
	static const struct dv_options gui = {.gui = true, .build_timeout_mins = "3"};

	(void)state;
	expect_oneshot("lint", "is_style_lint: true, max_msg_count: 7", &none);
	expect_oneshot("cdc", "", &none);
	expect_oneshot("rdc", "", &gui);
	expect_oneshot("formal", "cov: true", &none);
}

static void a_list_is_a_job_for_each(void **state)
{
	static const char *const chosen[] = {"b", "c", NULL};
	static const struct dv_options dv = {.select_cfgs = chosen};
	struct stage s;

	(void)state;
	stage_open(&s);
	stage_write(&s, "b.hjson", "{ name: \"b\", flow: \"lint\"\n" KEYS "}");
	stage_write(&s, "a.hjson", "{ name: \"a\", flow: \"lint\"\n" KEYS "}");
	stage_write(&s, "c.hjson", "{ name: \"c\", flow: \"lint\", rel_path: \"x/y\"\n" KEYS "}");
	stage_write(&s, "t.hjson",
		    "{ name: \"list\", flow: \"lint\", tool: \"veriblelint\", use_cfgs: "
		    "[\"{self_dir}/a.hjson\", "
		    "\"{self_dir}/b.hjson\", \"{self_dir}/c.hjson\"] }");
	stage_load(&s, &(struct stage_options){.dv = &dv});
	assert_string_equal(s.messages, "");
	assert_expected("oneshot_list", stage_dump(&s));
	stage_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flow_is_a_job),
		cmocka_unit_test(a_list_is_a_job_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
