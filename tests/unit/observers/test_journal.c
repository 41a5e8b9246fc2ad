/* SPDX-License-Identifier: Apache-2.0 */
#include "clerk_stub.h"
#include "stage.h"

#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "observers/rows.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/results.h"

static const char *const argv[] = {"dvsched", "run", "x.hjson", NULL};
static const struct observer_env plain = {.argv = argv};

/* ---- written records ---- */

struct told {
	struct str text; /* "run", "a RUNNING 1", "a FAILED 1 result", …; a newline after each */
	json_t *run;
};

static bool tell(void *ctx, const struct journal_record *record)
{
	struct told *t = ctx;
	struct job_record r;
	struct job_result result;

	if (strcmp(record->ev, "run") == 0)
		t->run = json_incref(record->json);
	if (strcmp(record->ev, JOB_RECORD_EV) != 0) {
		str_printf(&t->text, "%s\n", record->ev);
		return true;
	}
	assert_true(job_record_read(record->json, &r, &result));
	str_printf(&t->text, "%s %s", r.id, job_status_name(r.status));
	if (r.attempt)
		str_printf(&t->text, " %u", r.attempt);
	if (r.result)
		str_printf(&t->text, " %s", job_status_name(r.result->status));
	if (r.cause != JOB_RECORD_NO_CAUSE)
		str_printf(&t->text, " cause %u", r.cause);
	str_addc(&t->text, '\n');
	return true;
}

static void read_told(const struct stage *g, struct told *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_dir_path(g->run), JOURNAL_NAME);
	struct error err = {0};
	bool is_torn;

	*ret = (struct told){0};
	if (journal_read(path, tell, ret, &is_torn, &err) < 0)
		fail_msg("%s", err.msg);
	assert_false(is_torn);
}

static void told_done(struct told *t)
{
	str_done(&t->text);
	json_decref(t->run);
}

static struct fake_outcome by_name(const struct job *job, uint32_t attempt, void *ctx)
{
	const char *name = job->spec->name;

	(void)ctx;
	if (strstr(name, "flaky") && attempt == 1)
		return (struct fake_outcome){
			.status = JOB_FAILED, .reason = REASON_EXIT, .duration_s = 1};
	if (strstr(name, "bad") && !(job->spec->stage && strcmp(job->spec->stage, "pin") == 0))
		return (struct fake_outcome){
			.status = JOB_FAILED, .reason = REASON_SCRIPTED, .duration_s = 1};
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

static void one_record_per_start_and_one_per_end(void **state)
{
	struct stage g;
	struct told told;
	struct job_spec *bad, *after;

	(void)state;
	stage_init(&g, 4);
	bed_backend(&g.bed, NULL, by_name, 1);
	stage_job(&g, "good");
	bed_rules(stage_job(&g, "flaky"))->retry.max = 1;
	bad = stage_job(&g, "bad");
	after = stage_job(&g, "zz");
	bed_needs(&g.bed, after, bad);
	stage_open(&g, "journal", &plain);
	bed_run(&g.bed);
	read_told(&g, &told);
	assert_string_equal(told.text.s, "run\n"
					 "bad RUNNING 1\n"
					 "bad FAILED 1 FAILED\n"
					 "zz KILLED cause 2\n"
					 "good RUNNING 1\n"
					 "good PASSED 1 PASSED\n"
					 "flaky RUNNING 1\n"
					 "flaky QUEUED 1 FAILED\n"
					 "flaky RUNNING 2\n"
					 "flaky PASSED 2 PASSED\n"
					 "end\n");
	assert_string_equal(json_string_value(json_object_get(told.run, "run")), run_dir_id(g.run));
	assert_int_equal(json_integer_value(json_object_get(told.run, "pid")), getpid());
	assert_int_equal(json_integer_value(json_object_get(told.run, "n_jobs")), 4);
	assert_string_equal(json_string_value(json_array_get(json_object_get(told.run, "argv"), 2)),
			    "x.hjson");
	told_done(&told);
	stage_done(&g);
}

static void the_run_has_its_name_once_its_first_record_is_there(void **state)
{
	struct stage g;
	struct told told;

	(void)state;
	stage_init(&g, 1);
	stage_job(&g, "a");
	stage_open(&g, "journal", &plain);
	assert_int_equal(*path_base(run_dir_path(g.run)), '.');
	sched_start(g.bed.s);
	assert_string_equal(path_base(run_dir_path(g.run)), run_dir_id(g.run));
	read_told(&g, &told);
	assert_string_equal(told.text.s, "run\n");
	told_done(&told);
	stage_done(&g);
}

/* As on a file system that refuses to rename; the owner of the run directory tries again. */
static void a_run_that_cannot_be_published_at_once_keeps_its_journal(void **state)
{
	struct stage g;
	struct told told;
	struct error err = {0};
	_cleanup_(freep) char *taken = NULL, *inside = NULL;

	(void)state;
	stage_init(&g, 1);
	stage_job(&g, "a");
	stage_open(&g, "journal", &plain);
	taken = xasprintf("%.*s%s", (int)(path_base(run_dir_path(g.run)) - run_dir_path(g.run)),
			  run_dir_path(g.run), run_dir_id(g.run));
	inside = xasprintf("%s/x", taken);
	assert_int_equal(mkdir(taken, 0700), 0);
	assert_int_equal(mkdir(inside, 0700), 0);
	sched_start(g.bed.s);
	assert_false(g.observer->is_broken);
	assert_int_equal(*path_base(run_dir_path(g.run)), '.');
	assert_int_equal(rmdir(inside), 0);
	assert_int_equal(run_dir_publish(g.run, &err), 0);
	g.bed.n_run_started = 1;
	bed_run(&g.bed);
	assert_false(g.observer->is_broken);
	read_told(&g, &told);
	assert_non_null(strstr(told.text.s, "end\n"));
	told_done(&told);
	stage_done(&g);
}

static void a_signal_is_kept(void **state)
{
	struct stage g;
	struct told told;

	(void)state;
	stage_init(&g, 1);
	stage_job(&g, "a");
	stage_open(&g, "journal", &plain);
	sched_start(g.bed.s);
	g.bed.n_run_started = 1;
	sched_stop(g.bed.s, STOP_TERM, REASON_USER, SIGINT);
	bed_run(&g.bed);
	read_told(&g, &told);
	assert_non_null(strstr(told.text.s, "signal\n"));
	assert_non_null(strstr(told.text.s, "a KILLED"));
	told_done(&told);
	stage_done(&g);
}

/* ---- results from the scheduler and from the journal ---- */

static json_t *take_results(const struct stage *g)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_dir_path(g->run), RESULTS_NAME);
	json_t *json = json_load_file(path, 0, NULL);

	assert_non_null(json);
	unlink(path);
	return json;
}

/* A fallback that helps, or one that does not. */
static void add_fallback(struct stage *g, struct job_spec *spec, bool helps)
{
	struct job_spec *stage = arena_zalloc(g->bed.plan->mem, sizeof(*stage));

	job_stage_init(stage, spec);
	stage->stage = helps ? "pin" : "other";
	stage->rules = spec->rules;
	stage->argv = spec->argv;
	stage->command = spec->command;
	spec->fallback = stage;
	spec->n_fallback = 1;
}

static void results_rebuilt_from_the_journal_are_those_of_the_scheduler(void **state)
{
	const struct results_head head = {.start_wall_s = 1e9, .outcome = "failed", .exit_code = 1};
	struct stage g;
	struct rows rows;
	struct error err = {0};
	json_t *direct, *rebuilt;

	(void)state;
	stage_init(&g, 60);
	bed_backend(&g.bed, NULL, by_name, 3);
	for (int i = 0; i < 60; i++) {
		static const char *const kinds[] = {"good", "flaky", "bad", "good", "good"};
		struct job_spec *spec = stage_job(
			&g, arena_printf(g.bed.plan->mem, "%s%d", kinds[i * 7 % 5], i));

		bed_rules(spec)->retry.max = (uint32_t)i % 3;
		if (i > 10)
			bed_needs(&g.bed, spec, &g.bed.plan->jobs[i * 13 % 10]);
		if (i % 3)
			add_fallback(&g, spec, i % 3 == 1);
	}
	stage_open(&g, "journal", &plain);
	bed_run(&g.bed);
	rows = (struct rows){.sched = g.bed.s};
	assert_int_equal(results_write(g.run, g.bed.plan, &head, rows_next, &rows, &err), 0);
	direct = take_results(&g);
	assert_int_equal(results_recover(run_dir_path(g.run), REASON_LOST, 1, &err), 0);
	rebuilt = take_results(&g);
	assert_true(
		json_equal(json_object_get(direct, "counts"), json_object_get(rebuilt, "counts")));
	assert_true(json_integer_value(
			    json_object_get(json_object_get(direct, "counts"), "flaky")) > 0);
	assert_true(json_integer_value(
			    json_object_get(json_object_get(direct, "counts"), "fallback")) > 0);
	assert_true(json_equal(json_object_get(direct, "targets"),
			       json_object_get(rebuilt, "targets")));
	for (size_t i = 0; i < 60; i++) {
		json_t *a = json_array_get(json_object_get(direct, "jobs"), i);
		json_t *b = json_array_get(json_object_get(rebuilt, "jobs"), i);

		/* A job that never ran has no backend in the journal. */
		if (json_array_size(json_object_get(a, "attempts")) == 0)
			json_object_set_new(a, "backend", json_null());
		if (!json_equal(a, b))
			fail_msg("%s\n%s", json_dumps(a, 0), json_dumps(b, 0));
	}
	json_decref(direct);
	json_decref(rebuilt);
	rows_done(&rows);
	stage_done(&g);
}

/* ---- errors ---- */

static void a_full_disk_breaks_the_journal_and_not_the_run(void **state)
{
	struct rlimit limit = {2000, RLIM_INFINITY};
	struct stage g;
	struct told told;

	(void)state;
	stage_init(&g, 100);
	for (int i = 0; i < 100; i++)
		stage_job(&g, arena_printf(g.bed.plan->mem, "job%d", i));
	stage_open(&g, "journal", &plain);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	bed_run(&g.bed);
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(sched_tally(g.bed.s)[JOB_PASSED], 100);
	assert_true(g.observer->is_broken);
	assert_non_null(strstr(g.observer->broken_why, "File too large"));
	assert_non_null(strstr(g.observer->broken_why, run_dir_path(g.run)));
	read_told(&g, &told); /* whole records only */
	assert_true(str_starts(told.text.s, "run\n"));
	assert_null(strstr(told.text.s, "end\n"));
	told_done(&told);
	stage_done(&g);
}

static void every_row_of_the_registry_is_whole(void **state)
{
	(void)state;
	assert_string_equal(observer_types[0]->name, "journal");
	for (const struct observer_type *const *t = observer_types; *t; t++) {
		assert_ptr_equal(stage_find_type((*t)->name), *t);
		assert_non_null((*t)->create);
		assert_true(strlen((*t)->help) > 0);
	}
}

/* ---- reaching the disk ---- */

/* The stub does not use it. */
static const struct observer_env with_clerk = {.clerk = (struct clerk *)&with_clerk};

/* If there is a clerk, it syncs the journal. */
static void the_journal_asks_the_clerk_to_sync(void **state)
{
	struct stage g;
	struct str asked = {0};
	_cleanup_(freep) char *expect = NULL;

	(void)state;
	clerk_stub_to(&asked);
	stage_init(&g, 5);
	for (int i = 0; i < 5; i++)
		stage_job(&g, arena_printf(g.bed.plan->mem, "job%d", i));
	stage_open(&g, "journal", &with_clerk);
	bed_run(&g.bed);
	expect = xasprintf("sync %s/%s\n", run_dir_path(g.run), JOURNAL_NAME);
	assert_string_equal(asked.s, expect); /* no loop, so only at the end */
	str_done(&asked);
	stage_done(&g);
}

static void the_journal_asks_for_a_sync_a_little_after_a_record(void **state)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	struct observer_env env = with_clerk;
	struct stage g;
	struct str asked = {0};

	(void)state;
	clerk_stub_to(&asked);
	env.loop = loop;
	stage_init(&g, 1);
	stage_job(&g, "a");
	stage_open(&g, "journal", &env);
	sched_start(g.bed.s);
	g.bed.n_run_started = 1;
	ev_run(loop, 0); /* its timer alone keeps no loop going */
	assert_null(asked.s);
	ev_ref(loop);
	while (!asked.s)
		ev_run(loop, EVRUN_ONCE);
	ev_unref(loop);
	assert_true(str_starts(asked.s, "sync /"));
	bed_run(&g.bed);
	stage_done(&g);
	ev_loop_destroy(loop);
	str_done(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_record_per_start_and_one_per_end),
		cmocka_unit_test(the_run_has_its_name_once_its_first_record_is_there),
		cmocka_unit_test(a_run_that_cannot_be_published_at_once_keeps_its_journal),
		cmocka_unit_test(a_signal_is_kept),
		cmocka_unit_test(results_rebuilt_from_the_journal_are_those_of_the_scheduler),
		cmocka_unit_test(a_full_disk_breaks_the_journal_and_not_the_run),
		cmocka_unit_test(the_journal_asks_the_clerk_to_sync),
		cmocka_unit_test(the_journal_asks_for_a_sync_a_little_after_a_record),
		cmocka_unit_test(every_row_of_the_registry_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
