/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of `flow: jobs` in a plan. */
#include <string.h>

#include "job/job_paths.h"
#include "stage.h"
#include "jobs_tests.h"

static void the_example_of_the_manual_means_what_it_seems_to_mean(void **state)
{
	_cleanup_(str_done) struct str room = {0};
	static const char text[] =
		"{\n"
		"  flow: jobs\n"
		"  name: demo\n"
		"  defaults: { timeout: \"5m\" }\n"
		"  jobs: [\n"
		"    { name: \"build\", command: \"make -C rtl\" }\n"
		"    { name: \"test.{mode}.{seed}\", argv: [\"./sim\", \"+mode={mode}\", "
		"\"+seed={seed}\"], needs: [\"build\"],\n"
		"      sweep: { mode: [\"fast\", \"slow\"], seed: \"1..1000\" }, resources: { VCS: "
		"1 }, retries: 1, fail_patterns: [\"^UVM_ERROR\"] }\n"
		"    { name: \"report\", command: \"grep -c PASSED '{needs}' > "
		"'{odir}/passed.txt'\", needs_any: [\"test.*\"] }\n"
		"  ]\n"
		"}\n";
	const struct job_spec *job;
	struct stage s;

	(void)state;
	stage_set(&s, text, NULL);
	assert_string_equal(s.messages, "");
	assert_int_equal(s.plan->n_jobs, 2002);
	assert_string_equal(s.plan->name, "demo");
	assert_string_equal(s.plan->flow, "jobs");
	assert_null(s.plan->report);
	assert_false(s.plan->is_by_id);
	assert_string_equal(s.plan->scratch_root, "/scratch");
	assert_string_equal(s.plan->cfg_path, cfg_path(s.cfg));

	job = stage_job(&s, "build");
	assert_ptr_equal(job, &s.plan->jobs[0]);
	assert_text(stage_argv(job), "<make> <-C> <rtl>");
	assert_string_equal(job->command, "make -C rtl");
	assert_string_equal(job->rules->target, "build");
	assert_string_equal(job->rules->cwd, cfg_dir(s.cfg));
	assert_true(job->rules->timeout_s == 300);
	assert_int_equal(job->n_needs + job->n_any, 0);
	assert_int_equal(job->pos.line, 6);
	assert_int_equal(job->pos.col, 13);

	job = stage_job(&s, "test.slow.1000");
	assert_ptr_equal(job, &s.plan->jobs[2000]);
	assert_string_equal(job->id, "test.slow.1000");
	assert_text(stage_argv(job), "<./sim> <+mode=slow> <+seed=1000>");
	assert_string_equal(job->command, "./sim +mode=slow +seed=1000");
	assert_string_equal(job_odir(job, &room), "/scratch/demo/test.slow.1000");
	assert_string_equal(job_log_path(job, &room), "/scratch/demo/test.slow.1000/log");
	assert_string_equal(job->block->scratch_path, "/scratch/demo");
	assert_string_equal(job->block->name, "demo");
	assert_string_equal(job->seed, "1000");
	assert_string_equal(job->rules->target, "test");
	assert_int_equal(job->rules->n_resources, 1);
	assert_string_equal(job->rules->resources[0].name, "VCS");
	assert_int_equal(job->rules->resources[0].count, 1);
	assert_int_equal(job->rules->retry.max, 1);
	assert_int_equal(job->rules->retry.on, RETRY_ANY);
	assert_int_equal(job->rules->fail_patterns.n, 1);
	assert_string_equal(job->rules->fail_patterns.at[0].text, "^UVM_ERROR");
	assert_int_equal(job->rules->fail_patterns.at[0].pos.line, 8);
	assert_text(stage_deps(&s, "test.slow.1000"), "build");
	assert_false(job->has_attempt);

	job = stage_job(&s, "report");
	assert_text(stage_argv(job), "</bin/sh> <-c> <grep -c PASSED "
				     "'/scratch/demo/report/needs.jsonl' > "
				     "'/scratch/demo/report/passed.txt'>");
	assert_int_equal(job->n_needs, 0);
	assert_int_equal(job->n_any, 2000);
	assert_int_equal(job->deps[0], 1);
	assert_int_equal(job->deps[1999], 2000);
	stage_done(&s);
}

static void jobs_of_a_sweep_share_what_does_not_differ(void **state)
{
	const struct job_spec *a, *b;
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n jobs: [ { name: \"x\", argv: [\"true\"] }\n"
		  "{ name: \"t.{m}.{i}\", sweep: { m: [\"p\", \"q\"], i: \"1..3\" }, env: { M: "
		  "\"{m}\" }, needs: [\"x\"], argv: [\"run\", \"{i}\"] } ] }",
		  NULL);
	a = stage_job(&s, "t.p.1");
	b = stage_job(&s, "t.p.3");
	assert_ptr_equal(a->rules, b->rules);
	assert_ptr_equal(a->deps, b->deps);
	assert_ptr_equal(a->argv[0], b->argv[0]);
	assert_string_equal(a->rules->env[0], "M=p");
	b = stage_job(&s, "t.q.1");
	assert_ptr_not_equal(a->rules, b->rules);
	assert_string_equal(b->rules->env[0], "M=q");
	assert_ptr_equal(a->deps, b->deps);
	stage_done(&s);
}

static void every_setting_arrives_in_the_rules(void **state)
{
	const struct job_rules *r;
	struct stage s;

	(void)state;
	stage_set(
		&s,
		ONE("argv: [\"true\"], target: \"row {name}\", tags: [\"x\", \"y{name}\"]\n"
		    "env: { A: 1, B: \"b {name}\" }, cwd: \"sub/../{name}\", timeout: 90\n"
		    "grace: \"2s\", retries: { max: 3, on: \"infra\", backoff: \"10s\", "
		    "reuse: true }\n"
		    "pass_patterns: [\"a{2}\", \"b\"], fail_patterns: \"c\", weight: -5, cpus: 4\n"
		    "resources: { VCS: 2, B_9: 1 }, backend: \"local\", finally: true\n"
		    "seed: 12345678901234567890123, leak: \"fail\", keep: \"bazel*\"\n"
		    "max_log: \"64M\", dump_env: true, renew: true, max_odirs: 7\n"
		    "memory: \"4G\", max_processes: 100, max_cpu_time: \"1h\", max_files: 64, "
		    "stall: \"10m\"\n"
		    "description: \"d\", fake: { outcome: \"fail\", list: [1, \"a\"] }"),
		NULL);
	assert_string_equal(s.messages, "");
	r = stage_job(&s, "a")->rules;
	assert_string_equal(r->target, "row a");
	assert_string_equal(r->tags[0], "x");
	assert_string_equal(r->tags[1], "ya");
	assert_null(r->tags[2]);
	assert_string_equal(r->env[0], "A=1");
	assert_string_equal(r->env[1], "B=b a");
	assert_null(r->env[2]);
	assert_int_equal(strncmp(r->cwd, cfg_dir(s.cfg), strlen(cfg_dir(s.cfg))), 0);
	assert_string_equal(r->cwd + strlen(cfg_dir(s.cfg)), "/a");
	assert_true(r->timeout_s == 90 && r->grace_s == 2);
	assert_int_equal(r->retry.max, 3);
	assert_int_equal(r->retry.on, RETRY_INFRA);
	assert_true(r->retry.backoff_s == 10);
	assert_true(r->retry.reuse);
	assert_int_equal(r->pass_patterns.n, 2);
	assert_string_equal(r->pass_patterns.at[0].text, "a{2}");
	assert_int_equal(r->fail_patterns.n, 1);
	assert_int_equal(r->weight, -5);
	assert_int_equal(r->cpus, 4);
	assert_int_equal(r->n_resources, 2);
	assert_string_equal(r->resources[1].name, "B_9");
	assert_string_equal(r->backend, "local");
	assert_true(r->is_finally && r->dump_env && r->renew_odir);
	assert_int_equal(r->leak, LEAK_FAIL);
	assert_string_equal(r->keep[0], "bazel*");
	assert_int_equal(r->max_log_bytes, 64 << 20);
	assert_int_equal(r->max_odirs, 7);
	assert_true(r->limits->memory_bytes == UINT64_C(4) << 30);
	assert_int_equal(r->limits->n_processes, 100);
	assert_true(r->limits->cpu_s == 3600 && r->limits->stall_s == 600);
	assert_int_equal(r->limits->n_files, 64);
	assert_int_equal(r->n_backend_keys, 2);
	assert_string_equal(r->backend_keys[0].backend, "fake");
	assert_string_equal(r->backend_keys[0].key, "outcome");
	assert_string_equal(r->backend_keys[0].value, "fail");
	assert_string_equal(r->backend_keys[1].value, "[1, \"a\"]");
	assert_string_equal(stage_job(&s, "a")->seed, "12345678901234567890123");
	stage_done(&s);
}

static void what_a_job_asks_of_its_backend_is_json_with_words_replaced(void **state)
{
	const struct job_spec *job;
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n vars: { q: \"say \\\"hi\\\"\" }\n jobs: [\n"
		  " { name: \"k.{i}\", sweep: { i: [\"1\", \"2\"] }, devices: 2,\n"
		  "   program: [{ print: \"{name} {i} {{i}} {q}\" }], fake: { outcome: \"pass\" "
		  "}\n }\n"
		  " ] }",
		  NULL);
	job = stage_job(&s, "k.2");
	assert_string_equal(job->request, "{\"devices\":2,\"program\":[{\"print\": \"k.2 2 {i} say "
					  "\\\"hi\\\"\"}]}");
	assert_string_equal(job->command, job->request); /* there is no other */
	assert_string_equal(job->rules->backend_keys[0].backend, "chips");
	assert_string_equal(job->rules->backend_keys[2].backend, "fake");
	stage_done(&s);
}

static void a_request_has_no_settings_of_other_backends(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n jobs: [\n"
		  " { name: \"a\", program: [], fake: { outcome: \"fail\" }, chips: { mine: 1 } }\n"
		  " { name: \"b\", fake: { outcome: \"fail\" } } ] }",
		  NULL);
	assert_string_equal(stage_job(&s, "a")->request, "{\"program\":[],\"mine\":1}");
	assert_int_equal(stage_job(&s, "a")->rules->n_backend_keys, 3);
	assert_null(stage_job(&s, "b")->request);
	stage_done(&s);
}

static void without_settings_the_defaults_hold(void **state)
{
	const struct job_rules *r;
	struct stage s;

	(void)state;
	stage_set(&s, "{ flow: jobs\n jobs: [ { name: \"a\", argv: [\"true\"] } ] }", NULL);
	r = stage_job(&s, "a")->rules;
	assert_string_equal(s.plan->name, "t"); /* the file is t.hjson */
	assert_string_equal(r->target, "a");
	assert_null(r->backend);
	assert_null(r->env[0]);
	assert_null(r->tags[0]);
	assert_null(r->keep[0]);
	assert_true(r->timeout_s == 0 && r->grace_s < 0);
	assert_int_equal(r->retry.max, 0);
	assert_false(r->retry.reuse);
	assert_int_equal(r->pass_patterns.n + r->fail_patterns.n + r->n_resources, 0);
	assert_int_equal(r->weight, 0);
	assert_int_equal(r->cpus, 1);
	assert_int_equal(r->max_log_bytes, 0);
	assert_null(r->limits);
	assert_int_equal(r->leak, LEAK_KILL);
	assert_false(r->is_finally || r->dump_env || r->renew_odir || r->is_dry_run);
	assert_null(stage_job(&s, "a")->seed);
	assert_int_equal(s.plan->keep_runs, 20);
	assert_false(s.plan->has_passed_links || r->is_never_reused);
	assert_int_equal(r->max_odirs, 5);
	assert_int_equal(strncmp(s.dir, r->cwd, strlen(r->cwd)), 0);
	assert_string_equal(s.dir + strlen(r->cwd), "/");
	stage_done(&s);
	stage_set(&s, "{ flow: jobs\n jobs: [ { name: \"a\", argv: [\"true\"], retries: {} } ] }",
		  NULL);
	r = stage_job(&s, "a")->rules;
	assert_int_equal(r->retry.max, 1);
	assert_int_equal(r->retry.on, RETRY_ANY);
	assert_true(r->retry.backoff_s == 0 && !r->retry.reuse);
	stage_done(&s);
}

static void limits_have_a_least_value(void **state)
{
	static const char job[] =
		"{ flow: jobs\n jobs: [ { name: \"a\", argv: [\"true\"]\n %s } ] }";
	const struct job_rules *r;
	char text[200];
	struct stage s;

	(void)state;
	snprintf(text, sizeof(text), job, "memory: \"1M\"\n stall: \"1s\"");
	stage_set(&s, text, NULL);
	r = stage_job(&s, "a")->rules;
	assert_int_equal(r->limits->memory_bytes, 1048576);
	assert_true(r->limits->stall_s == 1);
	stage_done(&s);
	snprintf(text, sizeof(text), job, "memory: 1048575\n stall: \"999ms\"");
	stage_set(&s, text, NULL);
	assert_null(s.plan);
	assert_non_null(strstr(s.messages, "'memory' must be at least 1M"));
	assert_non_null(strstr(s.messages, "'stall' must be at least 1s"));
	stage_done(&s);
}

static void a_job_wins_over_defaults_and_env_merges(void **state)
{
	const struct job_rules *r;
	struct stage s;

	(void)state;
	stage_set(
		&s,
		"{ flow: jobs\n"
		"defaults: { env: { A: 1, B: 2 }, tags: [\"x\"], timeout: 5, weight: 3, fake: { "
		"outcome: \"fail\", duration: 1 } }\n"
		"jobs: [ { name: \"a\", argv: [\"true\"], env: { B: 3, C: 4 }, tags: [], timeout: "
		"6, fake: { outcome: \"pass\" } }\n"
		"{ name: \"b\", argv: [\"true\"] } ] }",
		NULL);
	r = stage_job(&s, "a")->rules;
	assert_string_equal(r->env[0], "A=1");
	assert_string_equal(r->env[1], "B=3");
	assert_string_equal(r->env[2], "C=4");
	assert_null(r->env[3]);
	assert_null(r->tags[0]);
	assert_true(r->timeout_s == 6);
	assert_int_equal(r->weight, 3);
	assert_int_equal(r->n_backend_keys, 2);
	assert_string_equal(r->backend_keys[0].value, "pass");
	assert_string_equal(r->backend_keys[1].value, "1");
	r = stage_job(&s, "b")->rules;
	assert_string_equal(r->env[1], "B=2");
	assert_null(r->env[2]);
	assert_string_equal(r->tags[0], "x");
	assert_string_equal(r->backend_keys[0].value, "fail");
	stage_done(&s);
}

static void limits_of_resources_reach_the_plan(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n resources: { VCS: 4, GPU: 0 }\n jobs: [ { name: \"a\", argv: "
		  "[\"true\"] } ] }",
		  NULL);
	assert_int_equal(s.plan->n_limits, 2);
	assert_string_equal(s.plan->limits[0].name, "VCS");
	assert_int_equal(s.plan->limits[0].count, 4);
	assert_int_equal(s.plan->limits[1].count, 0);
	stage_done(&s);
}

static void a_plan_outlives_its_configuration(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: jobs\n vars: { v: \"value\" }\n jobs: [ { name: \"a\", argv: [\"p\", "
		  "\"{v}\"], tags: [\"t\"], pass_patterns: [\"x\"], resources: { R: 1 }, keep: "
		  "[\"k\"], fake: { outcome: \"pass\" } } ] }",
		  NULL);
	cfg_free(s.cfg);
	s.cfg = NULL;
	assert_text(stage_argv(stage_job(&s, "a")), "<p> <value>");
	assert_string_equal(s.plan->jobs[0].rules->tags[0], "t");
	assert_string_equal(s.plan->jobs[0].rules->pass_patterns.at[0].text, "x");
	assert_string_equal(s.plan->jobs[0].rules->resources[0].name, "R");
	assert_string_equal(s.plan->jobs[0].rules->keep[0], "k");
	assert_string_equal(s.plan->jobs[0].rules->backend_keys[0].value, "pass");
	stage_done(&s);
}

static void a_single_command_is_a_plan_of_one_job(void **state)
{
	_cleanup_(str_done) struct str room = {0};
	static const char *const argv[] = {"/usr/bin/make", "all it", NULL};
	struct flow_command cmd = {.argv = argv, .timeout_s = 3, .cwd = "/work"};
	struct diags diags;
	struct plan *p;

	(void)state;
	diags_init(&diags);
	p = flow_plan_command(&cmd, "/scratch", &diags);
	assert_non_null(p);
	assert_int_equal(p->n_jobs, 1);
	assert_null(p->cfg_path);
	assert_string_equal(p->jobs[0].id, "make");
	assert_string_equal(job_odir(&p->jobs[0], &room), "/scratch/command/make");
	assert_string_equal(job_log_path(&p->jobs[0], &room), "/scratch/command/make/log");
	assert_string_equal(p->jobs[0].command, "/usr/bin/make 'all it'");
	assert_text(stage_argv(&p->jobs[0]), "</usr/bin/make> <all it>");
	assert_string_equal(p->jobs[0].rules->cwd, "/work");
	assert_true(p->jobs[0].rules->timeout_s == 3 && p->jobs[0].rules->grace_s < 0);
	assert_int_equal(p->jobs[0].rules->cpus, 1);
	plan_free(p);
	cmd.name = "a/b";
	assert_null(flow_plan_command(&cmd, "/scratch", &diags));
	assert_string_equal(diags.first->msg, "the job name 'a/b' contains '/'");
	diags_done(&diags);
}

/* Shared parts of jobs stay shared. */
static void limits_of_the_command_line_are_those_of_all_jobs(void **state)
{
	static const char text[] =
		"{ flow: jobs\n jobs: [ { name: \"a\", argv: [\"x\"], timeout: \"1m\"\n"
		"max_log: 5, max_cpu_time: 9, stall: 60, retries: { max: 1, on: \"infra\", "
		"backoff: \"3s\" } }\n"
		"{ name: \"b.{i}\", argv: [\"x\"], sweep: { i: \"1..2\" } } ] }";
	struct stage s;

	(void)state;
	stage_set(&s, text,
		  &(struct stage_options){.limits = {.has_timeout = true, .timeout_s = 7}});
	assert_true(stage_job(&s, "a")->rules->timeout_s == 7);
	assert_int_equal(stage_job(&s, "a")->rules->retry.max, 1);
	assert_true(stage_job(&s, "b.2")->rules->timeout_s == 7);
	assert_int_equal(stage_job(&s, "b.2")->rules->retry.max, 0);
	assert_ptr_equal(stage_job(&s, "b.1")->rules, stage_job(&s, "b.2")->rules);
	assert_ptr_not_equal(stage_job(&s, "a")->rules, stage_job(&s, "b.2")->rules);
	stage_done(&s);
	stage_set(&s, text,
		  &(struct stage_options){
			  .limits = {.set = FLOW_LIMIT_MEMORY | FLOW_LIMIT_LOG | FLOW_LIMIT_STALL,
				     .tree = {.memory_bytes = 1 << 30, .n_processes = 7},
				     .max_log_bytes = 99}});
	assert_int_equal(stage_job(&s, "a")->rules->limits->memory_bytes, 1 << 30);
	assert_true(stage_job(&s, "a")->rules->limits->cpu_s == 9); /* not given */
	assert_true(stage_job(&s, "a")->rules->limits->stall_s == 0);
	assert_int_equal(stage_job(&s, "a")->rules->limits->n_processes, 0);
	assert_int_equal(stage_job(&s, "a")->rules->max_log_bytes, 99);
	assert_int_equal(stage_job(&s, "b.2")->rules->limits->memory_bytes, 1 << 30);
	stage_done(&s);
	stage_set(
		&s, text,
		&(struct stage_options){.limits = {.set = FLOW_LIMIT_CPU_TIME | FLOW_LIMIT_STALL}});
	assert_null(stage_job(&s, "a")->rules->limits);
	assert_int_equal(stage_job(&s, "a")->rules->max_log_bytes, 5);
	stage_done(&s);
	stage_set(&s, text, &(struct stage_options){.limits = {.has_retries = true, .retries = 4}});
	assert_true(stage_job(&s, "a")->rules->timeout_s == 60);
	assert_int_equal(stage_job(&s, "a")->rules->retry.max, 4);
	assert_int_equal(stage_job(&s, "a")->rules->retry.on, RETRY_INFRA);
	assert_true(stage_job(&s, "a")->rules->retry.backoff_s == 3);
	assert_int_equal(stage_job(&s, "b.1")->rules->retry.max, 4);
	stage_done(&s);
}

/* A plan with all keys except those that have other tests here. */
static void a_plan_has_all_that_is_said(void **state)
{
	static const char *const excluded[] = {"left.1", NULL};
	struct stage s;

	(void)state;
	stage_set(&s,
		  "{ flow: \"jobs\", name: \"all\", keep_runs: 3, passed_links: true\n"
		  "  vars: { v: \"1 2\", w: 5 }\n"
		  "  resources: { VCS: 4, PORT: \"60000-60002\", LIC: \"7,9\" }\n"
		  "  defaults: { timeout: \"5m\", env: { A: \"{v}\", B: \"b\" }, tags: [\"t\"], "
		  "fake: { outcome: \"pass\" } }\n"
		  "  jobs: [\n"
		  "    { name: \"build\", command: \"make {v} > '{odir}/x'\", target: \"compile\", "
		  "weight: 3, cpus: 2, renew: true,\n"
		  "      max_odirs: 2, dump_env: true, keep: [\"bazel*\"], leak: \"fail\", "
		  "max_log: \"1M\", memory: \"1G\", max_processes: 9, max_cpu_time: \"2m\", "
		  "max_files: 99, stall: \"1m\", grace: \"3s\" }\n"
		  "    { name: \"test.{mode}.{seed}\", argv: [\"./sim\", \"+m={mode}\", \"{v}\", "
		  "3, \"{attempt}\"], needs: [\"build\"],\n"
		  "      sweep: { mode: [\"fast\", \"slow\"], seed: [\"08..10\", 99] }, resources: "
		  "{ VCS: 1, PORT: 2 },\n"
		  "      retries: { max: 3, on: \"infra\", backoff: \"10s\", reuse: true }, env: { "
		  "A: \"{mode}\", C: \"{name}\" },\n"
		  "      pass_patterns: [\"^OK$\"], fail_patterns: [\"^E{2}\", \"x\"], tags: "
		  "[\"{mode}\", \"u\"], fake: { duration: 2 } }\n"
		  "    { name: \"left.{i}\", command: \"echo {i}\", sweep: [{ i: 1 }, { i: 2 }], "
		  "cwd: \"sub\", seed: \"0{i}\" }\n"
		  "    { name: \"zip.{a}{b}\", command: \"echo $A\", sweep: { zip: { a: [1, 2], b: "
		  "[\"x\", \"y\"] } }, needs_any: [\"test.f*\"],\n"
		  "      backend: \"fake\", timeout: 0 }\n"
		  "    { name: \"end\", command: \"true\", finally: true, needs: [] } ] }",
		  &(struct stage_options){.excluded = excluded});
	assert_string_equal(s.messages, "");
	assert_expected("jobs_all", stage_dump(&s));
	stage_done(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_manual_means_what_it_seems_to_mean),
		cmocka_unit_test(jobs_of_a_sweep_share_what_does_not_differ),
		cmocka_unit_test(every_setting_arrives_in_the_rules),
		cmocka_unit_test(what_a_job_asks_of_its_backend_is_json_with_words_replaced),
		cmocka_unit_test(a_request_has_no_settings_of_other_backends),
		cmocka_unit_test(without_settings_the_defaults_hold),
		cmocka_unit_test(limits_have_a_least_value),
		cmocka_unit_test(a_job_wins_over_defaults_and_env_merges),
		cmocka_unit_test(limits_of_resources_reach_the_plan),
		cmocka_unit_test(a_plan_outlives_its_configuration),
		cmocka_unit_test(a_single_command_is_a_plan_of_one_job),
		cmocka_unit_test(limits_of_the_command_line_are_those_of_all_jobs),
		cmocka_unit_test(a_plan_has_all_that_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
