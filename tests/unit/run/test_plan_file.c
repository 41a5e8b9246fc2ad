/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>

#include "base/str.h"
#include "job/job_paths.h"
#include "run/plan_file.h"

/* 2^256-1: no JSON library keeps it as a number. */
#define BIG_SEED "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static char *plan_path(void)
{
	return xasprintf("%s/plan.json", scratch);
}

static void write_plan(const struct plan *p)
{
	_cleanup_(freep) char *path = plan_path();
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(plan_write(fd, p, "20260101T000000Z-000000"), 0);
	close(fd);
}

static struct plan *write_and_read(const struct plan *p)
{
	_cleanup_(freep) char *path = plan_path();
	struct error err = {0};
	struct plan *back;

	write_plan(p);
	back = plan_read(path, &err);
	if (!back)
		fail_msg("%s", err.msg);
	return back;
}

static void assert_text(const char *a, const char *b)
{
	if (!str_eq(a, b))
		fail_msg("'%s' is not '%s'", a ? a : "NULL", b ? b : "NULL");
}

static void assert_words(const char *const *a, const char *const *b)
{
	assert_int_equal(!a, !b);
	for (; a && (*a || *b); a++, b++)
		assert_text(*a, *b);
}

static void assert_pos(struct src_pos a, struct src_pos b)
{
	assert_text(a.file, b.file);
	assert_int_equal(a.line, b.line);
	assert_int_equal(a.col, b.col);
}

static void assert_patterns(const struct pattern_list *a, const struct pattern_list *b)
{
	assert_int_equal(a->n, b->n);
	for (uint32_t i = 0; i < a->n; i++) {
		assert_text(a->at[i].text, b->at[i].text);
		assert_pos(a->at[i].pos, b->at[i].pos);
	}
}

static void assert_rules(const struct job_rules *a, const struct job_rules *b)
{
	assert_text(a->target, b->target);
	assert_text(a->backend, b->backend);
	assert_text(a->cwd, b->cwd);
	assert_words(a->env, b->env);
	assert_patterns(&a->pass_patterns, &b->pass_patterns);
	assert_patterns(&a->fail_patterns, &b->fail_patterns);
	assert_int_equal(a->n_resources, b->n_resources);
	for (uint32_t i = 0; i < a->n_resources; i++) {
		assert_text(a->resources[i].name, b->resources[i].name);
		assert_int_equal(a->resources[i].count, b->resources[i].count);
		assert_pos(a->resources[i].pos, b->resources[i].pos);
	}
	assert_int_equal(a->n_backend_keys, b->n_backend_keys);
	for (uint32_t i = 0; i < a->n_backend_keys; i++) {
		assert_text(a->backend_keys[i].backend, b->backend_keys[i].backend);
		assert_text(a->backend_keys[i].key, b->backend_keys[i].key);
		assert_text(a->backend_keys[i].value, b->backend_keys[i].value);
		assert_text(a->backend_keys[i].json, b->backend_keys[i].json);
		assert_pos(a->backend_keys[i].pos, b->backend_keys[i].pos);
	}
	assert_words(a->tags, b->tags);
	assert_words(a->keep, b->keep);
	assert_int_equal(a->retry.max, b->retry.max);
	assert_int_equal(a->retry.on, b->retry.on);
	assert_true(a->retry.backoff_s == b->retry.backoff_s);
	assert_int_equal(a->retry.reuse, b->retry.reuse);
	assert_true(a->timeout_s == b->timeout_s);
	assert_text(a->timeout_text, b->timeout_text);
	assert_true(a->grace_s == b->grace_s);
	assert_int_equal(a->max_log_bytes, b->max_log_bytes);
	assert_int_equal(a->limits != NULL, b->limits != NULL);
	if (a->limits) {
		assert_int_equal(a->limits->memory_bytes, b->limits->memory_bytes);
		assert_true(a->limits->cpu_s == b->limits->cpu_s);
		assert_true(a->limits->stall_s == b->limits->stall_s);
		assert_int_equal(a->limits->n_processes, b->limits->n_processes);
		assert_int_equal(a->limits->n_files, b->limits->n_files);
	}
	assert_int_equal(a->weight, b->weight);
	assert_int_equal(a->cpus, b->cpus);
	assert_int_equal(a->leak, b->leak);
	assert_int_equal(a->max_odirs, b->max_odirs);
	assert_int_equal(a->is_finally, b->is_finally);
	assert_int_equal(a->renew_odir, b->renew_odir);
	assert_int_equal(a->plain_stamps, b->plain_stamps);
	assert_text(a->tool, b->tool);
	assert_int_equal(a->is_command, b->is_command);
	assert_text(a->log_reader, b->log_reader);
	assert_int_equal(a->dump_env, b->dump_env);
	assert_int_equal(a->is_interactive, b->is_interactive);
	assert_words(a->terminal_env, b->terminal_env);
	assert_int_equal(a->is_dry_run, b->is_dry_run);
}

static void assert_steps(const struct job_steps *a, const struct job_steps *b)
{
	assert_int_equal(a != NULL, b != NULL);
	if (!a)
		return;
	assert_text(a->remove_before, b->remove_before);
	assert_text(a->write_path, b->write_path);
	assert_text(a->write_text, b->write_text);
	assert_text(a->remove_unless_passed, b->remove_unless_passed);
	assert_text(a->reader, b->reader);
	assert_text(a->read_path, b->read_path);
}

static void assert_job(const struct job_spec *a, const struct job_spec *b)
{
	_cleanup_(str_done) struct str room_a = {0}, room_b = {0};
	_cleanup_(arena_freep) struct arena *mem = arena_new();

	assert_text(a->id, b->id);
	assert_text(a->name, b->name);
	assert_steps(a->steps, b->steps);
	assert_text(a->block->name, b->block->name);
	assert_text(a->block->scratch_path, b->block->scratch_path);
	assert_rules(a->rules, b->rules);
	assert_words(job_argv(a, mem), job_argv(b, mem));
	assert_text(a->command, b->command);
	assert_text(job_odir(a, &room_a), job_odir(b, &room_b));
	assert_text(job_log_path(a, &room_a), job_log_path(b, &room_b));
	assert_text(a->seed, b->seed);
	assert_text(a->request, b->request);
	assert_int_equal(a->n_needs, b->n_needs);
	assert_int_equal(a->n_any, b->n_any);
	assert_int_equal(a->n_held, b->n_held);
	for (uint32_t i = 0; i < job_n_deps(a); i++)
		assert_int_equal(a->deps[i], b->deps[i]);
	assert_int_equal(a->n_fallback, b->n_fallback);
	assert_text(a->stage, b->stage);
	for (uint32_t i = 0; i < a->n_fallback; i++)
		assert_job(&a->fallback[i], &b->fallback[i]);
	assert_int_equal(a->has_attempt, b->has_attempt);
	assert_int_equal(a->is_request, b->is_request);
	assert_pos(a->pos, b->pos);
}

static void assert_plan(const struct plan *a, const struct plan *b)
{
	assert_text(a->name, b->name);
	assert_text(a->flow, b->flow);
	assert_text(a->cfg_path, b->cfg_path);
	assert_text(a->scratch_root, b->scratch_root);
	assert_text(a->parent, b->parent);
	assert_int_equal(a->is_nested, b->is_nested);
	assert_int_equal(a->is_rehearsal, b->is_rehearsal);
	assert_int_equal(a->n_jobs, b->n_jobs);
	for (size_t i = 0; i < a->n_jobs; i++)
		assert_job(&a->jobs[i], &b->jobs[i]);
}

static const struct src_pos somewhere = {"/cfg/a.hjson", 12, 3}, elsewhere = {"/cfg/b.hjson", 7, 1};

/* Every member of every struct is something else than its default. */
static void fill_rules(struct plan *p, struct job_rules *r)
{
	static const struct pattern pass[] = {{"^PASS$", {"/cfg/a.hjson", 1, 2}}};
	static const struct pattern fail[] = {{"^UVM_ERROR", {"/cfg/b.hjson", 3, 4}},
					      {"\"x\\\\", {0}}};
	static const struct resource_need need[] = {{"VCS", 2, {"/cfg/a.hjson", 5, 6}}};
	static const struct backend_key key[] = {
		{"fake", "outcome", "fail", "\"fail\"", {"/cfg/a.hjson", 8, 9}}};

	static const struct tree_limits limits = {UINT64_C(5000000001), 3600.5, 0.25, 77, 1024};

	*r = (struct job_rules){
		.target = "build",
		.backend = "fake",
		.cwd = "/work dir",
		.env = words(p, "A=1", "LONG_VARIABLE_NAME=some value", NULL),
		.terminal_env = words(p, "TALKS=1", NULL, NULL),
		.pass_patterns = {pass, 1},
		.fail_patterns = {fail, 2},
		.resources = need,
		.n_resources = 1,
		.tags = words(p, "smoke", "nightly", NULL),
		.keep = words(p, "bazel*", NULL, NULL),
		.backend_keys = key,
		.n_backend_keys = 1,
		.retry = {3, RETRY_INFRA, 1.5, true},
		.timeout_s = 90.25,
		.timeout_text = "1.5 minutes",
		.grace_s = 2,
		.max_log_bytes = UINT64_C(5000000000),
		.limits = &limits,
		.weight = -7,
		.cpus = 4,
		.leak = LEAK_FAIL,
		.is_finally = true,
		.renew_odir = true,
		.max_odirs = 5,
		.plain_stamps = true,
		.tool = "vcs",
		.is_command = true,
		.log_reader = "simulation log",
		.dump_env = true,
		.is_interactive = true,
		.is_dry_run = true,
	};
}

static const struct job_steps steps = {
	.remove_before = "/elsewhere/coverage",
	.write_path = "/elsewhere/options.f",
	.write_text = "-a\n-b\n",
	.remove_unless_passed = "/quite/elsewhere",
	.reader = "summary",
	.read_path = "/elsewhere/dashboard.txt",
};

static void a_plan_comes_back_as_it_was(void **state)
{
	struct plan *p = make_plan(4), *back;
	struct job_rules *rules = add_rules(p, NULL);
	uint32_t *deps = arena_array(p->mem, 4, sizeof(*deps));
	struct job_block *block = arena_zalloc(p->mem, sizeof(*block));
	struct job_spec *stages = arena_array(p->mem, 2, sizeof(*stages));

	(void)state;
	fill_rules(p, rules);
	*block = (struct job_block){"other", "/elsewhere/other", NULL};
	deps[0] = 2;
	deps[1] = 0;
	deps[2] = 1;
	deps[3] = 0;
	p->cfg_path = "/cfg/a.hjson";
	p->jobs[3] = (struct job_spec){
		.id = "same",
		.name = "same",
		.block = block,
		.rules = rules,
		.argv = words(p, "/bin/sh", "-c", "make \"all\"\n\001attempt\001"),
		.command = "make \"all\"\n\001attempt\001",
		.dir = "/elsewhere/other/same",
		.log = "/quite/elsewhere.log",
		.seed = BIG_SEED,
		.request = "{\"devices\":2,\"args\":[\"\\u0001\"]}",
		.steps = &steps,
		.deps = deps,
		.n_needs = 1,
		.n_any = 2,
		.n_held = 1,
		.fallback = stages,
		.n_fallback = 2,
		.is_request = true,
		.has_attempt = true,
		.pos = elsewhere,
	};
	for (int i = 0; i < 2; i++) {
		job_stage_init(&stages[i], &p->jobs[3]);
		stages[i].stage = i ? "pin" : "pin: compile";
		stages[i].rules = i ? rules : add_rules(p, NULL);
		stages[i].argv = words(p, "/bin/sh", "-c", i ? "run\n" : "make");
		stages[i].command = i ? "run\n" : "make";
		stages[i].request = i ? "{}" : NULL;
		stages[i].steps = i ? NULL : &steps;
	}
	p->jobs[2].pos = somewhere;
	back = write_and_read(p);
	assert_plan(p, back);
	plan_free(back);
	plan_free(p);
}

static void words_that_many_jobs_use_stand_once(void **state)
{
	struct plan *p = make_plan(100), *back;
	_cleanup_(freep) char *path = plan_path();
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	const char *first;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		p->jobs[i].argv = words(p, "+a_long_plusarg_that_all_have=1",
					arena_printf(p->mem, "+seed_of_my_own=%zu", i), NULL);
	back = write_and_read(p);
	assert_plan(p, back);
	assert_ptr_equal(back->jobs[0].argv[0], back->jobs[99].argv[0]);
	assert_ptr_equal(back->jobs[0].rules, back->jobs[99].rules);
	assert_int_equal(fs_read_file(path, 1 << 20, &text, &err), 0);
	first = strstr(text.s, "a_long_plusarg");
	assert_non_null(first);
	assert_null(strstr(first + 1, "a_long_plusarg"));
	plan_free(back);
	plan_free(p);
}

static void bytes_that_are_not_utf8_survive(void **state)
{
	struct plan *p = make_plan(1), *back;

	(void)state;
	p->jobs[0].argv = words(p, "echo", "caf\xe9 \xff\x80", NULL);
	p->jobs[0].command = "echo caf\xe9";
	back = write_and_read(p);
	assert_plan(p, back);
	plan_free(back);
	plan_free(p);
}

/* Commands of DVSim's flows say all that argv does: only they are written. */
static void argv_comes_back_out_of_a_command(void **state)
{
	struct plan *p = make_plan(1), *back;
	_cleanup_(freep) char *path = plan_path();
	_cleanup_(str_done) struct str text = {0};
	const char *const *expected = words(p, "make", "opts=a b 'c' \\ \"d\" $e", "seed="),
			  *const * argv;
	struct error err = {0};

	(void)state;
	p->jobs[0].argv = NULL;
	p->jobs[0].command = "make opts='a b '\"'\"'c'\"'\"' \\ \"d\" $e' seed=''";
	p->jobs[0].is_split = true;
	back = write_and_read(p);
	assert_plan(p, back);
	argv = job_argv(&back->jobs[0], back->mem);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(argv[i], expected[i]);
	assert_null(argv[3]);
	assert_int_equal(fs_read_file(path, 1 << 20, &text, &err), 0);
	assert_null(strstr(text.s, "argv"));
	plan_free(back);
	plan_free(p);
}

/* Common parts of the runs of a test, or of the jobs of a sweep, are written once. */
static void jobs_that_differ_in_numbers_share_all_else(void **state)
{
	enum { MANY = 2000 };
	struct plan *p = make_plan(MANY), *back;
	_cleanup_(freep) char *path = plan_path();
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	uint32_t *deps = arena_array(p->mem, MANY, sizeof(*deps));
	const char *command =
		"make -f /a/makefile/with/a/long/name run seed=%zu run_opts='+define+A -64bit "
		"+seed=%zu -cm line+cond' dir=/scratch/b/%zu.test/latest";

	(void)state;
	for (size_t i = 0; i + 1 < MANY; i++) {
		struct job_spec *j = &p->jobs[i];

		j->command = arena_printf(p->mem, command, 7 * i, 7 * i, i);
		j->argv = words(p, "/bin/sh", "-c", j->command);
		j->seed = arena_printf(p->mem, "%zu", 7 * i);
		deps[i] = (uint32_t)(i < 100 ? 99 - i : i);
	}
	p->jobs[MANY - 1].deps = deps;
	p->jobs[MANY - 1].n_needs = 1000;
	p->jobs[MANY - 1].n_any = MANY - 1 - 1000;
	back = write_and_read(p);
	assert_plan(p, back);
	assert_int_equal(fs_read_file(path, 1 << 24, &text, &err), 0);
	assert_true(text.len < MANY * 40);
	plan_free(back);
	plan_free(p);
}

/* One that was written before there were templates. */
static void a_plan_of_the_first_version_is_read(void **state)
{
	_cleanup_(str_done) struct str room = {0};
	struct error err = {0};
	struct plan *p = plan_read(SOURCE_ROOT "/tests/unit/run/data/plan-1.json", &err);
	const struct job_spec *job;

	(void)state;
	if (!p)
		fail_msg("%s", err.msg);
	assert_int_equal(p->n_jobs, 6);
	assert_string_equal(p->cfg_path, "/project/demo.hjson");
	assert_string_equal(p->jobs[0].argv[2],
			    "echo 'built é' > /project/scratch/demo/build/a.out");
	assert_string_equal(p->jobs[0].rules->env[0], "LONG_VARIABLE=a value of some length");
	job = &p->jobs[4];
	assert_string_equal(job->id, "test.slow.2");
	assert_string_equal(job->argv[3], "+a_long_plusarg_that_all_have=1");
	assert_string_equal(job_log_path(job, &room), "/project/scratch/demo/test.slow.2/log");
	assert_string_equal(job->seed, "2");
	assert_string_equal(job->rules->pass_patterns.at[0].text, "^PASSED");
	assert_int_equal(job->rules->pass_patterns.at[0].pos.line, 9);
	assert_int_equal(job->n_needs, 1);
	/* The place of its logs: between attempts only renewed directories were moved aside. */
	assert_true(p->jobs[0].rules->retry.reuse);
	assert_false(job->rules->retry.reuse);
	assert_int_equal(p->jobs[5].n_any, 4);
	assert_int_equal(p->jobs[5].deps[3], 4);
	assert_true(p->jobs[5].has_attempt);
	plan_free(p);
}

static void an_empty_plan_comes_back(void **state)
{
	struct plan *p = make_plan(0), *back = write_and_read(p);

	(void)state;
	assert_plan(p, back);
	plan_free(back);
	plan_free(p);
}

static void a_wrong_file_is_an_error_that_names_the_place(void **state)
{
	static const struct {
		const char *text, *expect;
	} cases[] = {
		{"", "plan.json: 1:"},
		{"[]", "not a plan of dvsched"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":99}}", "version is 99"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":1}}", "strings is missing"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":1},\"strings\":[],\"files\":[]"
		 ","
		 "\"blocks\":[{}],\"rules\":[{}],\"jobs\":[{\"id\":\"a\",\"block\":0,\"rules\":1}]"
		 "}",
		 "jobs[0].rules"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":1},\"strings\":[],\"files\":[]"
		 ","
		 "\"blocks\":[{}],\"rules\":[{}],\"jobs\":[{\"id\":\"a\",\"block\":0,\"rules\":0,"
		 "\"needs\":[1]}]}",
		 "jobs[0].needs"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":1},\"strings\":[],\"files\":[]"
		 ","
		 "\"blocks\":[{}],\"rules\":[{}],\"jobs\":[{\"id\":\"a\",\"block\":0,\"rules\":0,"
		 "\"argv\":[0]}]}",
		 "jobs[0].argv"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":2},\"strings\":[],\"files\":[]"
		 ","
		 "\"blocks\":[{}],\"templates\":[{\"text\":[\"{}\"]},{}],\"rules\":[],\"jobs\":[]}",
		 "templates[1].text"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":2},\"strings\":[],\"files\":[]"
		 ","
		 "\"blocks\":[{}],\"templates\":[{\"text\":[\"{}\"]}],\"rules\":[0,1],\"jobs\":[]}",
		 "rules[1].template"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":2},\"strings\":[],\"files\":[]"
		 ","
		 "\"blocks\":[{}],\"rules\":[{}],\"jobs\":[{\"id\":\"a\",\"block\":0,\"rules\":0,"
		 "\"needs\":[\"0-1\"]}]}",
		 "jobs[0].needs"},
		{"{\"schema\":{\"name\":\"dvsched-plan\",\"version\":1},\"strings\":[],\"files\":[]"
		 ","
		 "\"blocks\":[{}],\"rules\":[{\"env\":[null]}],\"jobs\":[]}",
		 "rules[0].env"},
	};
	_cleanup_(freep) char *path = plan_path();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = {0};

		assert_int_equal(fs_write_atomic(path, cases[i].text, strlen(cases[i].text), &err),
				 0);
		assert_null(plan_read(path, &err));
		if (!strstr(err.msg, cases[i].expect))
			fail_msg("case %zu: '%s' lacks '%s'", i, err.msg, cases[i].expect);
		error_done(&err);
	}
}

static void damage(const char *path, struct str *text, size_t i)
{
	char was = text->s[i];
	FILE *f = fopen(path, "we");
	struct error err = {0};
	struct plan *back;

	text->s[i] = (char)(was ^ 1 << i % 8);
	assert_int_equal(fwrite(text->s, 1, text->len, f), text->len);
	fclose(f);
	text->s[i] = was;
	back = plan_read(path, &err);
	assert_int_equal(back == NULL, error_is_set(&err));
	plan_free(back);
	error_done(&err);
}

/* Any bytes give a plan or an error, and no crash. */
static void damage_to_a_plan_never_crashes_the_reader(void **state)
{
	static const size_t sizes[] = {3, 250};
	_cleanup_(freep) char *path = plan_path();

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		struct plan *p = make_plan(sizes[k]);
		_cleanup_(str_done) struct str text = {0};
		struct error err = {0};
		size_t step;

		fill_rules(p, (struct job_rules *)p->jobs[0].rules);
		write_plan(p);
		assert_int_equal(fs_read_file(path, 1 << 20, &text, &err), 0);
		step = 1 + text.len / 4000;
		for (size_t i = 0; i < text.len; i += step)
			damage(path, &text, i);
		plan_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_comes_back_as_it_was),
		cmocka_unit_test(words_that_many_jobs_use_stand_once),
		cmocka_unit_test(bytes_that_are_not_utf8_survive),
		cmocka_unit_test(argv_comes_back_out_of_a_command),
		cmocka_unit_test(jobs_that_differ_in_numbers_share_all_else),
		cmocka_unit_test(a_plan_of_the_first_version_is_read),
		cmocka_unit_test(an_empty_plan_comes_back),
		cmocka_unit_test(a_wrong_file_is_an_error_that_names_the_place),
		cmocka_unit_test(damage_to_a_plan_never_crashes_the_reader),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
