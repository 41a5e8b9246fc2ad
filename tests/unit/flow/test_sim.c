/* SPDX-License-Identifier: Apache-2.0 */
/* flow: sim. The commands are those that DVSim 1.57.0 makes of the same text. */
#include "job/job_paths.h"
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mini.h"

static void set(struct stage *s, const char *text, const char *item, struct dv_options dv)
{
	const char *const items[] = {item, NULL};

	dv.fixed_seed = "4294967303";
	if (!dv.reseed)
		dv.reseed = 1;
	stage_set(s, text, &(struct stage_options){.items = items, .dv = &dv});
}

static void set_more(struct stage *s, const char *more, const char *item)
{
	char text[8192];

	snprintf(text, sizeof(text), "%s%s }",
		 HEAD TESTS "build_modes: [" MODES "]\nregressions: [" REGRESSIONS "]\n", more);
	set(s, text, item, (struct dv_options){0});
}

static void smoke_is_one_build_and_one_run(void **state)
{
	struct stage s;

	(void)state;
	set(&s, CFG("", ""), "smoke", (struct dv_options){0});
	assert_string_equal(s.messages, "");
	assert_text(stage_names(&s), "default 0.mini_smoke.4294967303");
	assert_true(s.plan->is_by_id);
	assert_string_equal(s.plan->report, "sim");
	assert_string_equal(
		stage_command(&s, 0),
		"make -f /p/sim.mk build build_cmd='echo building' "
		"build_dir=/scratch/master/mini-sim-vcs/default build_opts=+define+A "
		"post_build_cmds=true post_build_opts='' pre_build_cmds=true proj_root=/p "
		"sv_flist_gen_cmd='' sv_flist_gen_dir='' sv_flist_gen_opts=''");
	assert_string_equal(
		stage_command(&s, 1),
		"make -f /p/sim.mk run build_seed=None post_run_cmds=true "
		"pre_run_cmds='true && date' proj_root=/p run_cmd='python3 /p/sim.py' "
		"run_dir=/scratch/master/mini-sim-vcs/0.mini_smoke/latest "
		"run_opts='+seed=4294967303 +sv=7' seed=4294967303 sw_build_cmd='' "
		"sw_build_device='' sw_build_opts='' sw_images='' uvm_test=t uvm_test_seq=s");
	stage_done(&s);
}

/* DVSim reports on tests only. */
static void a_job_on_coverage_has_no_report(void **state)
{
	struct stage s;

	(void)state;
	set(&s,
	    HEAD TESTS "build_modes: [" MODES "]\nregressions: [" REGRESSIONS "]\n"
		       "cov_analyze_dir: \"/a\", cov_analyze_cmd: \"a\", cov_analyze_opts: [] }",
	    "smoke", (struct dv_options){.cov_analyze = true});
	assert_string_equal(s.messages, "");
	assert_string_equal(s.plan->report, PLAN_NO_REPORT);
	stage_done(&s);
}

static void lists_are_stripped_as_a_whole(void **state)
{
	static const char *const cases[][2] = {
		{"\"\", \"--a\"", "=--a "},
		{"\"--b\", \"\"", "=--b "},
		{"\"{nothing}\", \"--c\"", "=--c "},
		{"\" --d\", \"\", \"e \"", "='--d  e' "},
		{"\"\", \" \"", "='' "},
	};
	struct stage s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char more[256], wanted[64];

		snprintf(more, sizeof(more),
			 "nothing: []\noverrides: [{ name: \"build_opts\", value: [%s] }]\n",
			 cases[i][0]);
		snprintf(wanted, sizeof(wanted), " build_opts%s", cases[i][1]);
		set_more(&s, more, "smoke");
		assert_non_null(strstr(stage_command(&s, 0), wanted));
		stage_done(&s);
	}
	set_more(&s, "overrides: [{ name: \"pre_build_cmds\", value: [\"true\", \"\"] }]\n",
		 "smoke");
	assert_non_null(strstr(stage_command(&s, 0), " pre_build_cmds='true &&' "));
	stage_done(&s);
}

static void jobs_say_what_dvsim_says_of_them(void **state)
{
	_cleanup_(str_done) struct str room = {0};
	const struct job_spec *run;
	const char *const *argv;
	struct stage s;

	(void)state;
	set(&s, CFG("", ""), "smoke", (struct dv_options){0});
	run = stage_job(&s, "0.mini_smoke.4294967303");
	assert_string_equal(run->id, "mini:0.mini_smoke.4294967303");
	assert_string_equal(run->subject, "mini_smoke");
	assert_string_equal(run->seed, "4294967303");
	assert_string_equal(job_log_path(run, &room),
			    "/scratch/master/mini-sim-vcs/0.mini_smoke/latest/run.log");
	assert_string_equal(run->rules->target, "run");
	assert_string_equal(run->rules->resources[0].name, "VCS");
	assert_true(run->rules->renew_odir);
	assert_false(run->rules->retry.reuse);
	assert_int_equal(run->rules->max_odirs, 5);
	assert_int_equal((int)run->rules->timeout_s, 3600);
	assert_int_equal(run->rules->weight, 1);
	assert_string_equal(run->rules->pass_patterns.at[0].text, "^TEST PASSED$");
	assert_string_equal(run->rules->fail_patterns.at[0].text, "^UVM_ERROR");
	assert_int_equal(stage_job(&s, "default")->rules->weight, 5);
	assert_true(stage_job(&s, "default")->rules->retry.reuse);
	assert_string_equal(stage_job(&s, "default")->rules->fail_patterns.at[0].text, "^Error-");
	assert_text(stage_deps(&s, "0.mini_smoke.4294967303"), "default");
	argv = job_argv(run, s.plan->mem);
	assert_string_equal(argv[0], "make");
	assert_string_equal(argv[5], "post_run_cmds=true");
	assert_string_equal(argv[6], "pre_run_cmds=true && date");
	stage_done(&s);
}

static void reseeds_are_interleaved(void **state)
{
	struct stage s;

	(void)state;
	set(&s, CFG("", ""), "mini_[sb]*", (struct dv_options){.reseed = 2});
	assert_text(stage_names(&s),
		    "default b2 0.mini_smoke.4294967303 0.mini_b2.4294967303 "
		    "0.mini_slow.4294967303 1.mini_smoke.4294967303 1.mini_b2.4294967303 "
		    "1.mini_slow.4294967303");
	assert_text(stage_deps(&s, "1.mini_b2.4294967303"), "b2");
	stage_done(&s);
}

static void coverage_is_merged_from_the_primary_build_on(void **state)
{
	const struct job_spec *merge;
	struct stage s;

	(void)state;
	set(&s, CFG("", ""), "all", (struct dv_options){.cov = true});
	merge = stage_job(&s, "cov_merge");
	assert_string_equal(merge->command,
			    "make -f /p/sim.mk cov_merge cov_merge_cmd=merge "
			    "cov_merge_opts='/scratch/master/mini-sim-vcs/coverage/default.vdb "
			    "/scratch/master/mini-sim-vcs/coverage/b2.vdb'");
	assert_int_equal(merge->n_needs, 0);
	assert_int_equal(merge->n_any, 3);
	assert_string_equal(merge->rules->env[0],
			    "cov_db_dirs='/scratch/master/mini-sim-vcs/coverage/default.vdb "
			    "/scratch/master/mini-sim-vcs/coverage/b2.vdb'");
	assert_int_equal((int)merge->rules->timeout_s, 0);
	assert_text(stage_deps(&s, "cov_report"), "cov_merge");
	stage_done(&s);
}

static void equal_builds_are_made_once(void **state)
{
	struct stage s;

	(void)state;
	set(&s,
	    HEAD "tests: [{ name: \"a\" }, { name: \"b\", build_mode: \"same\" }]\n"
		 "build_modes: [" MODES "{ name: \"same\" }]\n"
		 "regressions: [{ name: \"all\" }] }",
	    "all", (struct dv_options){0});
	assert_text(stage_names(&s), "default 0.a.4294967303 0.b.4294967303");
	assert_text(stage_deps(&s, "0.b.4294967303"), "default");
	stage_done(&s);
}

static void modes_bring_the_modes_they_enable(void **state)
{
	struct stage s;

	(void)state;
	set(&s,
	    CFG("{ name: \"m1\", run_opts: [\"a\"], en_build_modes: [\"m2\"] }\n"
		"{ name: \"m2\", run_opts: [\"b\"], en_build_modes: [\"m3\"] }\n"
		"{ name: \"m3\", run_opts: [\"c\"] }",
		"{ name: \"r\", tests: [\"mini_smoke\"], en_run_modes: [\"slow\"] }"),
	    "r",
	    (struct dv_options){.build_modes = (const char *const[]){"m1", NULL},
				.run_opts = (const char *const[]){"first", NULL}});
	assert_string_equal(s.messages, "");
	assert_non_null(strstr(stage_command(&s, 1),
			       "run_opts='-slow first +seed=4294967303 +sv=7 a b c c'"));
	stage_done(&s);
}

static void regressions_take_the_tests_of_others(void **state)
{
	struct stage s;

	(void)state;
	set(&s,
	    CFG("", "{ name: \"r1\", tests: [\"mini_b2\"], regressions: [\"r2\"] }\n"
		    "{ name: \"r2\", regressions: [\"smoke\"], run_opts: [\"not\"] }"),
	    "r1", (struct dv_options){0});
	assert_text(stage_names(&s), "b2 default 0.mini_b2.4294967303 0.mini_smoke.4294967303");
	assert_null(strstr(stage_command(&s, 3), "not"));
	stage_done(&s);
}

static void check_fault(const char *text, const char *item, const char *expected)
{
	struct stage s;

	set(&s, text, item, (struct dv_options){0});
	if (!strstr(s.messages, expected))
		fail_msg("'%s' is not in:\n%s", expected, s.messages);
	assert_null(s.plan);
	stage_done(&s);
}

/* Each doubles what the one before it repeats. */
static void modes_that_never_end(void)
{
	char modes[2048], text[8192];
	size_t n = 0;

	for (int i = 40; i > 0; i--)
		n += (size_t)snprintf(modes + n, sizeof(modes) - n,
				      "{ name: \"m%d\", en_build_modes: [\"m%d\"] }\n", i, i - 1);
	snprintf(text, sizeof(text), "%s%s{ name: \"m0\", run_opts: [\"x\"] }%s",
		 HEAD TESTS "build_modes: [" MODES, modes, "]\nregressions: [" REGRESSIONS "] }");
	check_fault(text, "smoke", "so often that their options come to more than 1000000");
}

static void faults_name_what_is_wrong(void **state)
{
	(void)state;
	check_fault(CFG("{ name: \"m\", en_build_modes: [\"non\"] }", ""), "smoke",
		    "build mode 'm' enables 'non', which is no build mode");
	check_fault(CFG("{ name: \"m\", en_build_modes: [\"n\"] }\n"
			"{ name: \"n\", en_build_modes: [\"m\"] }",
			""),
		    "smoke", "enables 'm', which enables it in turn");
	modes_that_never_end();
	check_fault(CFG("{ name: \"m\", build_timeout_mins: 1 }\n"
			"{ name: \"m\", build_timeout_mins: 2 }",
			""),
		    "smoke", "build mode 'm' has two different values of 'build_timeout_mins'");
	check_fault(CFG("{ name: \"m\", bulid_opts: [] }", ""), "smoke",
		    "did you mean 'build_opts'?");
	check_fault(CFG("", "{ name: \"r\", regressions: [\"x\"] }"), "smoke",
		    "regression 'r' includes 'x', which is no regression");
	check_fault(CFG("", "{ name: \"r\", regressions: [\"q\"] }\n"
			    "{ name: \"q\", regressions: [\"p\"] }\n"
			    "{ name: \"p\", regressions: [\"q\"] }"),
		    "smoke", "regression 'q' includes itself: 'q' → 'p' → 'q'");
	check_fault(CFG("", "{ name: \"mini_b2\" }"), "smoke",
		    "'mini_b2' is a test and a regression");
	check_fault(CFG("", "{ name: \"r\", en_sim_modes: [\"b2\"] }"), "smoke",
		    "regression 'r' enables 'b2', which is no sim mode");
	check_fault(CFG("", ""), "nosuch", "nothing to do: no test was selected in 'mini'");
	check_fault(HEAD "build_modes: [], tests: [], run_modes: [] }", "smoke",
		    "the build mode 'waves_off' is enabled, but not defined");
}

/* How often the text is in the messages. */
static int count_said(const struct stage *s, const char *text)
{
	const char *at = s->messages;
	int n = 0;

	while ((at = strstr(at, text))) {
		n++;
		at++;
	}
	return n;
}

static void set_reseeds(struct stage *s, const char *more)
{
	char text[8192];

	snprintf(text, sizeof(text), "%s%s] }",
		 HEAD TESTS "build_modes: [" MODES "]\nregressions: [" REGRESSIONS "]\n", more);
	set(s, text, "mini_smoke", (struct dv_options){.reseed = 3});
}

static void what_is_wrong_with_all_runs_of_a_test_is_reported_once(void **state)
{
	struct stage s;

	(void)state;
	set_reseeds(&s, "post_run_cmds: [\"{nosuch} {seed}\"");
	assert_int_equal(count_said(&s, "unknown wildcard, '{nosuch}'"), 1);
	stage_done(&s);
	set_reseeds(&s, "post_run_cmds: [\"{nosuch_{index}}\"");
	for (int i = 0; i < 3; i++) {
		char text[64];

		snprintf(text, sizeof(text), "unknown wildcard, '{nosuch_%d}'", i);
		assert_int_equal(count_said(&s, text), 1);
	}
	stage_done(&s);
}

/* The own parts of a run, and their names. */
static void runs_that_differ_in_more_than_digits_are_made_one_by_one(void **state)
{
	static const struct {
		const char *more;
		const char *shown[2]; /* in the commands of runs 1 and 2 */
	} cases[] = {
		{"opt_0: \"a\", opt_1: \"b\", opt_2: \"c d\"\npost_run_cmds: [\"{opt_{index}}\"",
		 {" post_run_cmds=b ", " post_run_cmds='c d' "}},
		{"post_run_cmds: [\"{eval_cmd} expr {index} + 5\"",
		 {" post_run_cmds=6 ", " post_run_cmds=7 "}},
		{"sw_build_device: \"{eval_cmd} echo x{index}\"\npost_run_cmds: "
		 "[\"{sw_build_device} y\"",
		 {" post_run_cmds='x1 y' ", " post_run_cmds='x2 y' "}},
	};
	struct stage s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set_reseeds(&s, cases[i].more);
		for (size_t k = 0; k < 2; k++) {
			char name[64];
			const struct job_spec *job;

			snprintf(name, sizeof(name), "%zu.mini_smoke.4294967303", k + 1);
			job = stage_job(&s, name);
			assert_non_null(strstr(stage_command(&s, (size_t)(job - s.plan->jobs)),
					       cases[i].shown[k]));
			assert_ptr_equal(job->rules,
					 stage_job(&s, "0.mini_smoke.4294967303")->rules);
		}
		stage_done(&s);
	}
}

/* It does not conflict with the first run, but with another one. */
static void a_path_that_meets_one_run_alone_is_judged_for_each(void **state)
{
	struct stage s;

	(void)state;
	set_reseeds(&s, "cov_db_test_dir: \"{scratch_path}/1.mini_smoke\", pre_run_cmds: [");
	assert_null(stage_job(&s, "1.mini_smoke.4294967303")->steps);
	assert_string_equal(stage_job(&s, "0.mini_smoke.4294967303")->steps->remove_unless_passed,
			    "/scratch/master/mini-sim-vcs/1.mini_smoke");
	assert_non_null(stage_job(&s, "2.mini_smoke.4294967303")->steps);
	stage_done(&s);
}

static void an_unknown_test_of_a_regression_is_reported(void **state)
{
	struct stage s;

	(void)state;
	set(&s, CFG("", "{ name: \"r\", tests: [\"mini_smoke\", \"none\"] }"), "r",
	    (struct dv_options){0});
	assert_non_null(s.plan);
	assert_non_null(strstr(s.messages, "regression 'r' has the test 'none'"));
	stage_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smoke_is_one_build_and_one_run),
		cmocka_unit_test(a_job_on_coverage_has_no_report),
		cmocka_unit_test(lists_are_stripped_as_a_whole),
		cmocka_unit_test(jobs_say_what_dvsim_says_of_them),
		cmocka_unit_test(reseeds_are_interleaved),
		cmocka_unit_test(coverage_is_merged_from_the_primary_build_on),
		cmocka_unit_test(equal_builds_are_made_once),
		cmocka_unit_test(modes_bring_the_modes_they_enable),
		cmocka_unit_test(regressions_take_the_tests_of_others),
		cmocka_unit_test(faults_name_what_is_wrong),
		cmocka_unit_test(what_is_wrong_with_all_runs_of_a_test_is_reported_once),
		cmocka_unit_test(runs_that_differ_in_more_than_digits_are_made_one_by_one),
		cmocka_unit_test(a_path_that_meets_one_run_alone_is_judged_for_each),
		cmocka_unit_test(an_unknown_test_of_a_regression_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
