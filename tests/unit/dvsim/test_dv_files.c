/* SPDX-License-Identifier: Apache-2.0 */
/* The dump of all jobs as DVSim writes it. */
#include "unit/run/fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <jansson.h>
#include <sys/stat.h>

#include "base/str.h"
#include "dvsim/dv_block.h"
#include "dvsim/dv_files.h"
#include "unit/heap.h"

static const struct dv_block sim = {
	.name = "uart",
	.variant = "small",
	.kind = DV_SIM,
	.tool = "vcs",
	.revision = {.commit = "0123456789abcdef",
		     .commit_short = "0123456",
		     .branch = "main",
		     .revision = "r1",
		     .is_dirty = true},
};
static const struct dv_block lint = {
	.name = "lint", .kind = DV_LINT, .tool = "ascent", .revision = {.branch = "side"}};
static const struct dv_block top = {.name = "top", .kind = DV_SIM, .revision = {.branch = "up"}};
static const struct dv_block *const blocks[] = {&sim, &lint};

static struct dv_plan dv = {
	.proj_root = "/project", .blocks = blocks, .n_blocks = 2, .timestamp = 1763704197};

static struct job_rules *dv_rules(struct plan *p, const char *target)
{
	static const struct pattern pass[] = {{"^PASS$", {0}}},
				    fail[] = {{"^F1", {0}}, {"F2", {0}}};
	static const struct resource_need need[] = {{"VCS", 2, {0}}};
	struct job_rules *r = add_rules(p, target);

	r->backend = "local";
	r->env = words(p, "A=1", "B=x=y", "C");
	r->pass_patterns = (struct pattern_list){pass, 1};
	r->fail_patterns = (struct pattern_list){fail, 2};
	r->resources = need;
	r->n_resources = 1;
	r->weight = 7;
	r->timeout_s = 90;
	r->renew_odir = true;
	r->is_dry_run = true;
	return r;
}

/* z: a build; y, x: runs that need it; w: of another flow, without anything. */
static struct plan *make_dv_plan(void)
{
	static const char *const ids[] = {"z", "y", "x", "w"};
	struct plan *p = make_plan(4);
	struct job_block *sims = arena_memdup(p->mem, p->jobs[0].block, sizeof(*sims));
	struct job_block *lints = arena_memdup(p->mem, sims, sizeof(*lints));
	struct job_rules *runs = dv_rules(p, "run"), *bare = add_rules(p, "lint");

	p->dv = &dv;
	sims->dv = &sim;
	lints->dv = &lint;
	bare->env = words(p, NULL, NULL, NULL);
	for (size_t i = 0; i < 4; i++) {
		p->jobs[i].id = ids[i];
		p->jobs[i].subject = "smoke";
		p->jobs[i].block = i == 3 ? lints : sims;
		p->jobs[i].rules = i == 0 ? dv_rules(p, "build") : i == 3 ? bare : runs;
	}
	((struct job_rules *)p->jobs[0].rules)->timeout_s = 3600;
	p->jobs[1].seed = "7";
	p->jobs[2].n_needs = 0;
	p->jobs[2].n_any = 1;
	p->jobs[3].n_needs = 0;
	return p;
}

static json_t *deploy(const struct plan *p, const char *name)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", scratch, name);
	struct error err = {0};
	json_error_t where;
	json_t *json;

	if (dv_files_write(p, true, &err) < 0)
		fail_msg("%s", err.msg);
	json = json_load_file(path, 0, &where);
	if (!json)
		fail_msg("%s:%d: %s", path, where.line, where.text);
	unlink(path);
	return json;
}

/* The members of a job besides those that name its directories, as one line. */
static void is_job(const json_t *list, size_t i, const char *expect)
{
	json_t *job = json_copy(json_array_get(list, i));
	_cleanup_(freep) char *text = NULL;

	json_object_del(job, "workspace_cfg");
	json_object_del(job, "odir");
	json_object_del(job, "log_path");
	text = json_dumps(job, JSON_COMPACT | JSON_REAL_PRECISION(6));
	assert_string_equal(text, expect);
	json_decref(job);
}

#define SIM_BLOCK                                                                             \
	"\"block\":{\"name\":\"uart\",\"variant\":\"small\",\"commit\":\"0123456789abcdef\"," \
	"\"commit_short\":\"0123456\",\"dirty\":false,\"branch\":\"main\",\"url\":\"\","      \
	"\"revision_info\":\"r1\"},\"tool\":{\"name\":\"vcs\",\"version\":\"\"},"
#define SIM_REST                                                               \
	"\"cmd\":\"true\",\"exports\":{\"A\":\"1\",\"B\":\"x=y\",\"C\":\"\"}," \
	"\"dry_run\":true,\"interactive\":false,"
#define SIM_PATTERNS "\"pass_patterns\":[\"^PASS$\"],\"fail_patterns\":[\"^F1\",\"F2\"]}"

static void jobs_are_written_by_name_with_all_their_members(void **state)
{
	struct plan *p = make_dv_plan();
	json_t *list = deploy(p, "deploy_main_20251121_054957.json");

	(void)state;
	assert_int_equal(json_array_size(list), 4);
	is_job(list, 0,
	       "{\"name\":\"smoke\",\"job_type\":\"CompileOneShot\",\"target\":\"lint\","
	       "\"backend\":null,\"resources\":{},\"seed\":null,\"full_name\":\"w\","
	       "\"qual_name\":\"job3\",\"block\":{\"name\":\"lint\",\"variant\":null,"
	       "\"commit\":null,\"commit_short\":null,\"dirty\":false,\"branch\":\"side\","
	       "\"url\":\"\",\"revision_info\":\"\"},"
	       "\"tool\":{\"name\":\"ascent\",\"version\":\"\"},\"dependencies\":[],"
	       "\"needs_all_dependencies_passing\":true,\"weight\":0,\"timeout_mins\":null,"
	       "\"cmd\":\"true\",\"exports\":{},\"dry_run\":false,\"interactive\":false,"
	       "\"renew_odir\":false,\"pass_patterns\":[],\"fail_patterns\":[]}");
	is_job(list, 1,
	       "{\"name\":\"smoke\",\"job_type\":\"RunTest\",\"target\":\"run\","
	       "\"backend\":\"local\",\"resources\":{\"VCS\":2},\"seed\":null,"
	       "\"full_name\":\"x\",\"qual_name\":\"job2\"," SIM_BLOCK
	       "\"dependencies\":[\"y\"],\"needs_all_dependencies_passing\":false,"
	       "\"weight\":7,\"timeout_mins\":1.5," SIM_REST "\"renew_odir\":true," SIM_PATTERNS);
	is_job(list, 2,
	       "{\"name\":\"smoke\",\"job_type\":\"RunTest\",\"target\":\"run\","
	       "\"backend\":\"local\",\"resources\":{\"VCS\":2},\"seed\":7,"
	       "\"full_name\":\"y\",\"qual_name\":\"job1\"," SIM_BLOCK
	       "\"dependencies\":[\"z\"],\"needs_all_dependencies_passing\":true,"
	       "\"weight\":7,\"timeout_mins\":1.5," SIM_REST "\"renew_odir\":true," SIM_PATTERNS);
	is_job(list, 3,
	       "{\"name\":\"smoke\",\"job_type\":\"CompileSim\",\"target\":\"build\","
	       "\"backend\":\"local\",\"resources\":{\"VCS\":2},\"seed\":null,"
	       "\"full_name\":\"z\",\"qual_name\":\"job0\"," SIM_BLOCK
	       "\"dependencies\":[],\"needs_all_dependencies_passing\":true,"
	       "\"weight\":7,\"timeout_mins\":60.0," SIM_REST "\"renew_odir\":false," SIM_PATTERNS);
	json_decref(list);
	plan_free(p);
}

static void a_job_says_where_its_files_are(void **state)
{
	struct plan *p = make_dv_plan();
	json_t *list = deploy(p, "deploy_main_20251121_054957.json");
	const json_t *job = json_array_get(list, 3);
	const json_t *place = json_object_get(job, "workspace_cfg");
	_cleanup_(freep) char *expect = xasprintf("%s/b/job0/log", scratch);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(job, "log_path")), expect);
	expect[strlen(expect) - strlen("/log")] = '\0';
	assert_string_equal(json_string_value(json_object_get(job, "odir")), expect);
	expect[strlen(expect) - strlen("/job0")] = '\0';
	assert_string_equal(json_string_value(json_object_get(place, "scratch_path")), expect);
	assert_string_equal(json_string_value(json_object_get(place, "scratch_root")), scratch);
	assert_string_equal(json_string_value(json_object_get(place, "project_root")), "/project");
	assert_string_equal(json_string_value(json_object_get(place, "timestamp")),
			    "20251121_054957");
	json_decref(list);
	plan_free(p);
}

static void the_file_is_named_after_the_primary_configuration(void **state)
{
	struct plan *p = make_dv_plan();
	struct dv_plan with_top = dv;

	(void)state;
	with_top.top = &top;
	p->dv = &with_top;
	json_decref(deploy(p, "deploy_up_20251121_054957.json"));
	plan_free(p);
}

static void other_plans_have_no_files_of_dvsim(void **state)
{
	struct plan *p = make_dv_plan();
	struct dv_plan empty = {.proj_root = "/project"};
	_cleanup_(freep) char *ignore = xasprintf("%s/FUSESOC_IGNORE", scratch);
	_cleanup_(freep) char *dump = xasprintf("%s/deploy_main_20251121_054957.json", scratch);
	struct error err = {0};

	(void)state;
	unlink(ignore);
	p->dv = NULL;
	assert_int_equal(dv_files_write(p, true, &err), 0);
	assert_false(fs_exists(ignore));
	p->dv = &empty;
	assert_int_equal(dv_files_write(p, true, &err), 0);
	assert_true(fs_exists(ignore));
	unlink(ignore);
	p->dv = &dv;
	assert_int_equal(mkdir(dump, 0700), 0); /* an attempt to write a dump would fail */
	assert_int_equal(dv_files_write(p, false, &err), 0);
	assert_true(fs_exists(ignore));
	assert_int_equal(rmdir(dump), 0);
	plan_free(p);
}

static void a_file_that_cannot_be_written_is_an_error(void **state)
{
	struct plan *p = make_dv_plan();
	_cleanup_(freep) char *path = xasprintf("%s/deploy_main_20251121_054957.json", scratch);
	struct error err = {0};

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(dv_files_write(p, true, &err), -1);
	assert_non_null(strstr(err.msg, path));
	assert_non_null(strstr(err.msg, "Is a directory"));
	error_done(&err);
	assert_int_equal(rmdir(path), 0);
	plan_free(p);
}

static void a_dump_that_is_cut_by_a_full_disk_leaves_no_file(void **state)
{
	struct plan *p = make_dv_plan();
	struct rlimit limit = {10, RLIM_INFINITY};
	_cleanup_(freep) char *ignore = NULL;
	struct error err = {0};

	(void)state;
	p->scratch_root = xasprintf("%s/full", scratch);
	assert_int_equal(mkdir(p->scratch_root, 0700), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(dv_files_write(p, true, &err), -1);
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(strstr(err.msg, "deploy_main_20251121_054957.json: File too large"));
	error_done(&err);
	ignore = xasprintf("%s/FUSESOC_IGNORE", p->scratch_root);
	assert_int_equal(unlink(ignore), 0);
	assert_int_equal(rmdir(p->scratch_root), 0); /* nothing else is there */
	free((char *)p->scratch_root);
	plan_free(p);
}

static void deploy_once(void *ctx)
{
	struct error err = {0};

	assert_int_equal(dv_files_write(ctx, true, &err), 0);
}

static void the_memory_of_a_dump_is_given_back(void **state)
{
	struct plan *p = make_dv_plan();

	(void)state;
	assert_keeps_no_memory(deploy_once, p);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_are_written_by_name_with_all_their_members),
		cmocka_unit_test(a_job_says_where_its_files_are),
		cmocka_unit_test(the_file_is_named_after_the_primary_configuration),
		cmocka_unit_test(other_plans_have_no_files_of_dvsim),
		cmocka_unit_test(a_file_that_cannot_be_written_is_an_error),
		cmocka_unit_test(a_dump_that_is_cut_by_a_full_disk_leaves_no_file),
		cmocka_unit_test(the_memory_of_a_dump_is_given_back),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
