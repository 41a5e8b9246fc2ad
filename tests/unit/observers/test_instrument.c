/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.json: its content, and measuring on the loop. */
#include "stage.h"

#include <jansson.h>
#include <math.h>

#include "observers/instrument.h"

static const char *const all[] = {"all", NULL}, *const timing[] = {"timing", NULL},
			 *const two[] = {"meta", "compute", NULL};

static struct fake_outcome by_name(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)ctx;
	if (strcmp(job->spec->name, "flaky") == 0 && attempt == 1)
		return (struct fake_outcome){
			.status = JOB_FAILED, .reason = REASON_EXIT, .duration_s = 2};
	if (strcmp(job->spec->name, "bad") == 0)
		return (struct fake_outcome){
			.status = JOB_FAILED, .reason = REASON_SCRIPTED, .duration_s = 3};
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 5};
}

/* good; bad <- after; flaky: fails once. */
static void stage_four(struct stage *g)
{
	struct job_spec *bad, *after;

	stage_init(g, 4);
	bed_backend(&g->bed, NULL, by_name, 4);
	stage_job(g, "good");
	bad = stage_job(g, "bad");
	after = stage_job(g, "after");
	bed_needs(&g->bed, after, bad);
	bed_rules(stage_job(g, "flaky"))->retry.max = 1;
}

static json_t *metrics_of(struct stage *g, const char *const *kinds)
{
	const struct observer_env env = {.instrument = kinds};
	_cleanup_(freep) char *dir = NULL, *path = NULL;
	json_t *json;

	stage_open(g, "instrument", &env);
	assert_int_equal(run_dir_publish(g->run, NULL), 0);
	bed_run(&g->bed);
	dir = instrument_dir(g->bed.plan, g->run);
	path = xasprintf("%s/metrics.json", dir);
	json = json_load_file(path, 0, NULL);
	assert_non_null(json);
	return json;
}

static const json_t *at(const json_t *json, const char *a, const char *b, const char *c)
{
	return json_object_get(json_object_get(json_object_get(json, a), b), c);
}

static double number(const json_t *json, const char *job, const char *key)
{
	const json_t *n = json_object_get(at(json, "jobs", job, "timing"), key);

	assert_true(json_is_number(n));
	return json_number_value(n);
}

static void jobs_have_what_they_were_and_when_they_ran(void **state)
{
	struct stage g;
	json_t *json;
	const json_t *meta;

	(void)state;
	stage_four(&g);
	json = metrics_of(&g, all);
	assert_int_equal(json_object_size(json_object_get(json, "jobs")), 4);
	meta = at(json, "jobs", "after", "meta");
	assert_string_equal(json_string_value(json_object_get(meta, "status")), "Killed");
	assert_string_equal(json_string_value(json_object_get(meta, "target")), "t");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(meta, "dependencies"), 0)), "bad");
	assert_true(fabs(number(json, "good", "duration") - 5) < 1e-6);
	assert_true(fabs(number(json, "bad", "duration") - 3) < 1e-6);
	/* From its first start to its last end. */
	assert_true(number(json, "flaky", "duration") >= 7);
	assert_true(json_is_number(at(json, "scheduler", "timing", "duration")));
	json_decref(json);
	stage_done(&g);
}

static void what_never_ran_has_no_start(void **state)
{
	struct stage g;
	json_t *json;
	const json_t *times;

	(void)state;
	stage_four(&g);
	json = metrics_of(&g, all);
	times = at(json, "jobs", "after", "timing");
	assert_null(json_object_get(times, "start_time"));
	assert_null(json_object_get(times, "duration"));
	assert_non_null(json_object_get(times, "end_time"));
	json_decref(json);
	stage_done(&g);
}

static void only_what_was_asked_for_is_there(void **state)
{
	const json_t *job;
	struct stage g;
	json_t *json;

	(void)state;
	stage_four(&g);
	json = metrics_of(&g, timing);
	job = json_object_get(json_object_get(json, "jobs"), "good");
	assert_int_equal(json_object_size(job), 1);
	assert_non_null(json_object_get(job, "timing"));
	assert_int_equal(json_object_size(json_object_get(json, "scheduler")), 1);
	json_decref(json);
	stage_done(&g);

	stage_four(&g);
	json = metrics_of(&g, two);
	job = json_object_get(json_object_get(json, "jobs"), "good");
	assert_int_equal(json_object_size(job), 2);
	assert_null(json_object_get(job, "timing"));
	assert_true(json_integer_value(at(json, "scheduler", "compute", "sys_max_rss_bytes")) > 0);
	json_decref(json);
	stage_done(&g);
}

static void nobody_asks_and_there_is_no_observer(void **state)
{
	const struct observer_env env = {0};
	struct error err = {0};

	(void)state;
	assert_null(observer_instrument_create(&env, &err));
	assert_false(error_is_set(&err));
}

static bool measure(const struct backend *b, const struct job *job, struct job_load *ret)
{
	(void)b;
	(void)job;
	*ret = (struct job_load){.rss_bytes = 4096, .n_processes = 1};
	return true;
}

/* More jobs than are looked at in one turn of the loop. */
static void running_jobs_are_looked_at_a_few_at_a_time(void **state)
{
	enum { JOBS = 40 };
	struct ev_loop *loop = ev_loop_new(0);
	const struct observer_env env = {.instrument = all, .loop = loop};
	_cleanup_(freep) char *dir = NULL, *path = NULL;
	struct backend_ops measuring;
	struct stage g;
	json_t *json;

	(void)state;
	stage_init(&g, JOBS);
	bed_backend(&g.bed, NULL, NULL, JOBS);
	measuring = *g.bed.backends[0]->ops;
	measuring.measure = measure;
	g.bed.backends[0]->ops = &measuring;
	for (int i = 0; i < JOBS; i++) {
		char name[8];

		snprintf(name, sizeof(name), "j%d", i);
		stage_job(&g, name);
	}
	stage_open(&g, "instrument", &env);
	assert_int_equal(run_dir_publish(g.run, NULL), 0);
	sched_start(g.bed.s);
	g.bed.n_run_started = 1;
	while (sched_tally(g.bed.s)[JOB_RUNNING] < JOBS)
		assert_true(bed_step(&g.bed));
	ev_ref(loop); /* the observer's timers keep no loop alive */
	for (int i = 0; i < 3; i++)
		ev_run(loop, EVRUN_ONCE); /* 16, 16, 8 */
	ev_unref(loop);
	bed_run(&g.bed);
	dir = instrument_dir(g.bed.plan, g.run);
	path = xasprintf("%s/metrics.json", dir);
	json = json_load_file(path, 0, NULL);
	for (int i = 0; i < JOBS; i++) {
		const json_t *compute;
		char name[8];

		snprintf(name, sizeof(name), "j%d", i);
		compute = at(json, "jobs", name, "compute");
		assert_int_equal(json_integer_value(json_object_get(compute, "num_samples")), 1);
		assert_int_equal(json_integer_value(json_object_get(compute, "max_rss_bytes")),
				 4096);
	}
	assert_int_equal(json_integer_value(at(json, "scheduler", "compute", "num_samples")), 2);
	json_decref(json);
	stage_done(&g);
	ev_loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_have_what_they_were_and_when_they_ran),
		cmocka_unit_test(what_never_ran_has_no_start),
		cmocka_unit_test(only_what_was_asked_for_is_there),
		cmocka_unit_test(nobody_asks_and_there_is_no_observer),
		cmocka_unit_test(running_jobs_are_looked_at_a_few_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
