/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow: sim: the effect of each option and each key on all jobs of a small configuration:
 * expected/sim_*.txt. tests/golden and tests/conformance compare real ones with DVSim.
 */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mini.h"

#define MORE_MODES                                                              \
	"{ name: \"waves\", is_sim_mode: 1, build_opts: [\"-w {waves}\"] }\n"   \
	"{ name: \"profile\", is_sim_mode: 1, run_opts: [\"-p {profile}\"] }\n" \
	"{ name: \"gui\", is_sim_mode: 1, run_opts: [\"-gui\"] }\n"             \
	"{ name: \"gui_debug\", is_sim_mode: 1, run_opts: [\"-gui_debug\"] }\n" \
	"{ name: \"xprop\", build_opts: [\"-xprop\"] }\n"                       \
	"{ name: \"build_seed\", is_sim_mode: 1, build_opts: [\"-seed {seed}\"] }\n"
#define KEYS                                                                      \
	"exports: [{ A: \"1\", B: true }, { C: null, D: 3, A: \"{dut}\" }, { E: " \
	"\"{scratch_path}/x\" }]\n"                                               \
	"run_timeout_mins: 3\n"

struct plan_case {
	const char *name, *more, *item;
	struct dv_options dv;
};
#define FIXED	   .fixed_seed = "7", .reseed = 1
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void load_case(struct stage *s, const struct plan_case *c)
{
	const char *const items[] = {c->item, NULL};
	char text[16384];

	snprintf(text, sizeof(text), "%s%s }",
		 HEAD TESTS "build_modes: [" MODES MORE_MODES "]\nregressions: [" REGRESSIONS "]\n",
		 c->more);
	stage_set(s, text,
		  &(struct stage_options){.items = items,
					  .dv = &c->dv,
					  .is_interactive = strcmp(c->name, "interactive") == 0});
}

static void load_mini(struct stage *s, const char *more, const char *item,
		      const struct dv_options *dv)
{
	load_case(s, &(struct plan_case){"", more, item, *dv});
}

static void options_and_keys_make_plans(void **state)
{
	const struct plan_case cases[] = {
		{"all", KEYS, "all", {FIXED}},
		{"cov", "", "all", {FIXED, .cov = true, .cov_merge_previous = true}},
		{"xprop_off", "", "smoke", {FIXED, .xprop_off = true}},
		{"waves",
		 "",
		 "smoke",
		 {FIXED, .waves = "fsdb", .profile = "mem", .verbosity = "h"}},
		{"gui", "", "smoke", {FIXED, .gui = true}},
		{"build_seed",
		 "",
		 "smoke",
		 {FIXED, .build_seed = "99", .build_unique = true, .timestamp = "20260102_030405",
		  .timestamp_long = "long"}},
		{"build_only", "", "all", {FIXED, .build_only = true}},
		{"run_only", "", "all", {FIXED, .run_only = true}},
		{"dry_run", "", "smoke", {FIXED, .is_dry_run = true, .job_prefix = "nice"}},
		{"interactive", "", "smoke", {FIXED}},
		{"opts",
		 "",
		 "smoke",
		 {FIXED, .build_opts = WORDS("-b1", "-b2"), .run_opts = WORDS("-r1"),
		  .build_modes = WORDS("b2"), .run_modes = WORDS("slow"), .max_odirs = 2}},
		{"seeds",
		 "",
		 "mini_smoke",
		 {.seeds = WORDS("11", "22", "33"), .reseed = 3, .reseed_multiplier = 0.4}},
		{"reseed",
		 "",
		 "mini_*",
		 {.seeds = WORDS("1", "2", "3", "4", "5", "6", "7", "8", "9"),
		  .reseed_multiplier = 1.5}},
		{"seed_base", "", "mini_smoke", {.seed_base = "x"}},
	};
	struct stage s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[64];

		load_case(&s, &cases[i]);
		if (*s.messages)
			fail_msg("%s: %s", cases[i].name, s.messages);
		snprintf(name, sizeof(name), "sim_%s", cases[i].name);
		assert_expected(name, stage_dump(&s));
		stage_done(&s);
	}
}

static double limit_of(const char *more, const char *job, struct dv_options dv)
{
	struct stage s;
	double ret;

	dv.fixed_seed = "7";
	dv.reseed = 1;
	load_mini(&s, more, "mini_smoke", &dv);
	ret = stage_job(&s, job)->rules->timeout_s / 60;
	stage_done(&s);
	return ret;
}

static void limits_are_whole_minutes(void **state)
{
	static const char *const by = "run_timeout_multiplier: 1.5, run_timeout_mins: 7\n";
	const char *run = "0.mini_smoke.7";

	(void)state;
	assert_true(limit_of("", run, (struct dv_options){0}) == 60);
	/* Without a limit there is nothing to multiply. */
	assert_true(limit_of("", run, (struct dv_options){.run_timeout_multiplier = 2}) == 60);
	assert_true(limit_of(by, run, (struct dv_options){0}) == 10);
	assert_true(limit_of(by, run, (struct dv_options){.run_timeout_multiplier = 0.99}) == 6);
	assert_true(limit_of(by, run, (struct dv_options){.run_timeout_mins = "3"}) == 4);
	assert_true(limit_of("run_timeout_multiplier: 2, run_timeout_mins: 7\n", run,
			     (struct dv_options){0}) == 14);
	assert_true(limit_of(by, run, (struct dv_options){.gui = true}) == 0);
	/* Of runs only. */
	assert_true(limit_of(by, "default",
			     (struct dv_options){.run_timeout_multiplier = 3,
						 .build_timeout_mins = "5"}) == 5);
	assert_true(limit_of("build_timeout_mins: 2.5\n", "default", (struct dv_options){0}) ==
		    2.5);
}

static void hostile_names_are_no_paths(void **state)
{
	static const struct dv_options dv = {FIXED};
	static const char *const items[] = {"all", NULL};
	struct stage s;

	(void)state;
	stage_set(
		&s,
		HEAD
		"tests: [{ name: \"a/b\", run_opts: [\"{run_dir}/x {run_dir}_more {run_dir}\"] }\n"
		"        { name: \"c\", build_mode: \"m/../n\", run_opts: "
		"[\"+d={build_dir}:{build_dir}2\"] }\n"
		"        { name: \"d e\" }]\n"
		"build_modes: [" MODES "{ name: \"m/../n\", build_opts: [\"-x\"] }]\n"
		"regressions: [{ name: \"all\" }] }",
		&(struct stage_options){.items = items, .dv = &dv});
	assert_string_equal(s.messages, "");
	assert_expected("sim_hostile", stage_dump(&s));
	stage_done(&s);
}

/* Two configurations of one name: ids and dependencies are those of the first. */
static void the_first_of_two_jobs_is_kept(void **state)
{
	static const struct dv_options dv = {FIXED};
	static const char *const items[] = {"all", NULL};
	struct stage s;

	(void)state;
	stage_open(&s);
	stage_write(&s, "a.hjson",
		    HEAD "tests: [{ name: \"one\" }]\nbuild_modes: [" MODES
			 "]\nregressions: [{ name: \"all\" }] }");
	stage_write(&s, "b.hjson",
		    HEAD "tests: [{ name: \"one\" }, { name: \"two\" }]\nbuild_modes: [" MODES
			 "]\nregressions: [{ name: \"all\" }] }");
	stage_write(&s, "c.hjson",
		    HEAD "tests: [{ name: \"one\" }, { name: \"three\" }]\nbuild_modes: [" MODES
			 "]\nregressions: [{ name: \"all\" }] }");
	stage_write(&s, "t.hjson",
		    "{ name: \"list\", flow: \"sim\", use_cfgs: [\"{self_dir}/a.hjson\", "
		    "\"{self_dir}/b.hjson\", "
		    "\"{self_dir}/c.hjson\"] }");
	stage_load(&s, &(struct stage_options){.items = items, .dv = &dv});
	assert_text(stage_names(&s), "default 0.one.7 0.two.7 0.three.7");
	assert_text(stage_deps(&s, "0.one.7"), "default");
	assert_text(stage_deps(&s, "0.two.7"), "default");
	assert_text(stage_deps(&s, "0.three.7"), "default");
	assert_expected("sim_twins", stage_without_dir(&s, strdup(s.messages)));
	stage_done(&s);
}

static double limit_with(struct flow_limits limits, struct dv_options dv, const char *job)
{
	static const char *const items[] = {"mini_smoke", NULL};
	struct stage s;
	double ret;

	dv.fixed_seed = "7";
	dv.reseed = 1;
	stage_set(&s,
		  HEAD TESTS "build_modes: [" MODES MORE_MODES "]\nregressions: [" REGRESSIONS
			     "] }",
		  &(struct stage_options){.items = items, .dv = &dv, .limits = limits});
	assert_string_equal(s.messages, "");
	ret = stage_job(&s, job)->rules->timeout_s;
	stage_done(&s);
	return ret;
}

/* --timeout is for all jobs, --build-timeout-mins and --run-timeout-mins for one kind. */
static void dvsims_own_limits_win_over_that_of_all_jobs(void **state)
{
	static const struct flow_limits limits = {.has_timeout = true, .timeout_s = 9};
	static const char run[] = "0.mini_smoke.7";
	const struct dv_options of_build = {.build_timeout_mins = "5"},
				of_run = {.run_timeout_mins = "5"};

	(void)state;
	assert_true(limit_with(limits, (struct dv_options){0}, "default") == 9);
	assert_true(limit_with(limits, (struct dv_options){0}, run) == 9);
	assert_true(limit_with(limits, of_build, "default") == 300);
	assert_true(limit_with(limits, of_build, run) == 9);
	assert_true(limit_with(limits, of_run, "default") == 9);
	assert_true(limit_with(limits, of_run, run) == 300);
	assert_true(limit_with(limits, (struct dv_options){.gui = true}, run) == 0);
}

static void runs_to_keep_are_a_whole_number(void **state)
{
	static const struct dv_options dv = {FIXED};
	struct stage s;

	(void)state;
	load_mini(&s, "keep_runs: 3", "smoke", &dv);
	assert_int_equal(s.plan->keep_runs, 3);
	stage_done(&s);
	load_mini(&s, "keep_runs: 0", "smoke", &dv);
	assert_int_equal(s.plan->keep_runs, 0);
	stage_done(&s);
	load_mini(&s, "keep_runs: -1", "smoke", &dv);
	assert_null(s.plan);
	assert_non_null(strstr(s.messages, "'keep_runs' must be a whole number, 0 or more"));
	stage_done(&s);
	load_mini(&s, "keep_runs: \"all\"", "smoke", &dv);
	assert_null(s.plan);
	stage_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_keys_make_plans),
		cmocka_unit_test(limits_are_whole_minutes),
		cmocka_unit_test(dvsims_own_limits_win_over_that_of_all_jobs),
		cmocka_unit_test(runs_to_keep_are_a_whole_number),
		cmocka_unit_test(hostile_names_are_no_paths),
		cmocka_unit_test(the_first_of_two_jobs_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
