/* SPDX-License-Identifier: Apache-2.0 */
/* What DVSim's own tests assert about its scheduler, case by case: see README.md here. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"
#include "cmocka_all.h"
#include "dvsim_tests.h"

static void an_empty_plan_ends_at_once(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 0);
	bed_go(&b);
	assert_int_equal(sched_n_jobs(b.s), 0);
	assert_int_equal(b.n_run_started, 1);
	assert_int_equal(b.n_run_ended, 1);
	bed_done(&b);
}

static void jobs_run_and_pass(void **state)
{
	static const unsigned ns[] = {1, 5};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ns); i++) {
		struct bed b;

		bed_init(&b, ns[i]);
		add_jobs(&b, ns[i]);
		bed_go(&b);
		assert_int_equal(sched_n_jobs(b.s), ns[i]);
		assert_all_passed(&b);
		bed_done(&b);
	}
}

static void all_that_is_ready_runs_at_once(void **state)
{
	static const unsigned ns[] = {2, 3, 5, 10, 20, 100};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ns); i++) {
		struct bed b;

		bed_init(&b, ns[i]);
		add_jobs(&b, ns[i]);
		bed_go(&b);
		assert_all_passed(&b);
		assert_int_equal(b.peak, ns[i]);
		bed_done(&b);
	}
}

static void a_limit_is_reached_and_never_exceeded(void **state)
{
	static const unsigned ns[] = {5, 10, 20}, limits[] = {1, 5, 15, 25};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(ns) * ARRAY_LEN(limits) * 2; k++) {
		unsigned n = ns[k / 2 % ARRAY_LEN(ns)];
		unsigned limit = limits[k / 2 / ARRAY_LEN(ns)];
		bool is_backends = k % 2;
		struct bed b;

		bed_init(&b, n);
		add_jobs(&b, n);
		b.options.max_parallel = is_backends ? 0 : limit;
		bed_backend(&b, NULL, NULL, is_backends ? limit : 0);
		bed_go(&b);
		assert_all_passed(&b);
		assert_int_equal(b.peak, n < limit ? n : limit);
		bed_done(&b);
	}
}

static uint32_t most(const struct bed *b, const char *resource)
{
	const uint32_t *n = map_get(&b->peaks, resource);

	return n ? n[1] : 0;
}

static void a_blocked_resource_does_not_block_another(void **state)
{
	static const unsigned as[] = {5, 10, 20}, bs[] = {7, 13, 26}, limits[] = {2, 20, 35};

	(void)state;
	for (unsigned k = 0; k < 27; k++) {
		unsigned n_a = as[k % 3], n_b = bs[k / 3 % 3], limit = limits[k / 9];
		struct resource_limit lines[] = {{.name = "A", .count = limit},
						 {.name = "B", .count = limit}};
		struct bed b;

		bed_init(&b, n_a + n_b);
		for (unsigned i = 0; i < n_a + n_b; i++)
			bed_resource(&b, bed_job(&b, "job_%u", i), i < n_a ? "A" : "B", 1);
		b.options.limits = lines;
		b.options.n_limits = 2;
		bed_go(&b);
		assert_all_passed(&b);
		assert_int_equal(most(&b, "A"), n_a < limit ? n_a : limit);
		assert_int_equal(most(&b, "B"), n_b < limit ? n_b : limit);
		assert_int_equal(b.peak, most(&b, "A") + most(&b, "B"));
		bed_done(&b);
	}
}

static void jobs_hold_as_much_as_they_ask_for(void **state)
{
	static const unsigned counts[] = {1, 2, 5}, limits[] = {5, 16, 33, RESOURCE_UNLIMITED};

	(void)state;
	for (unsigned k = 0; k < 12; k++) {
		unsigned count = counts[k % 3], limit = limits[k / 3];
		unsigned n = limit == RESOURCE_UNLIMITED ? 2 * count : 2 * limit;
		struct resource_limit line = {.name = "TEST", .count = limit};
		struct bed b;

		bed_init(&b, n);
		for (unsigned i = 0; i < n; i++)
			bed_resource(&b, bed_job(&b, "job_%u", i), "TEST", count);
		b.options.limits = &line;
		b.options.n_limits = 1;
		bed_go(&b);
		assert_all_passed(&b);
		assert_int_equal(b.peak, limit == RESOURCE_UNLIMITED ? n : limit / count);
		bed_done(&b);
	}
}

static void a_job_ends_when_and_as_its_backend_says(void **state)
{
	static const double times[] = {5, 10, 50};
	static const enum job_status statuses[] = {JOB_PASSED, JOB_FAILED, JOB_KILLED};

	(void)state;
	for (unsigned k = 0; k < 9; k++) {
		struct ending e = {statuses[k / 3], times[k % 3]};
		struct bed b;

		bed_init(&b, 1);
		add_jobs(&b, 1);
		b.ctx = &e;
		bed_backend(&b, NULL, as_scripted, 0);
		bed_go(&b);
		assert_int_equal(bed_status(&b, "job_0"), e.status);
		assert_true(fabs(b.clock.now_s - e.duration_s) < 1e-9);
		assert_int_equal(b.peak, 1);
		bed_done(&b);
	}
}

/* Every tenth second one ends; nothing happens between and nothing after. */
static struct fake_outcome tenfold(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 10.0 * (job->n + 1)};
}

static void only_events_cost_turns(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 10);
	add_jobs(&b, 10);
	bed_backend(&b, NULL, tenfold, 0);
	bed_go(&b);
	assert_all_passed(&b);
	assert_true(b.n_turns <= 2 + 10); /* start, the starts reported, ten ends */
	bed_done(&b);
}

static struct fake_outcome no_launch(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)job, (void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_KILLED, .reason = REASON_LAUNCH};
}

static void a_job_that_cannot_be_launched_is_killed(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	add_jobs(&b, 1);
	bed_backend(&b, NULL, no_launch, 0);
	bed_go(&b);
	assert_int_equal(bed_status(&b, "job_0"), JOB_KILLED);
	assert_int_equal(bed_reason(&b, "job_0"), REASON_LAUNCH);
	assert_string_equal(b.started.s, "");
	bed_done(&b);
}

struct busy {
	unsigned n_left, n_asked;
};

static struct fake_outcome busy_at_first(const struct job *job, uint32_t attempt, void *ctx)
{
	struct busy *busy = ((struct bed *)ctx)->ctx;

	(void)job;
	assert_int_equal(attempt, 1); /* an attempt that was not accepted does not count */
	busy->n_asked++;
	if (busy->n_left) {
		busy->n_left--;
		return (struct fake_outcome){.submit = SUBMIT_BUSY};
	}
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

static void a_busy_backend_is_asked_again(void **state)
{
	static const unsigned ns[] = {1, 2, 5, 10};
	struct resource_limit line = {.name = "LIC", .count = 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ns); i++) {
		struct busy busy = {.n_left = ns[i]};
		struct bed b;

		bed_init(&b, 1);
		bed_resource(&b, bed_job(&b, "job_0"), "LIC", 1); /* given back in between */
		b.options.limits = &line;
		b.options.n_limits = 1;
		b.ctx = &busy;
		bed_backend(&b, NULL, busy_at_first, 0);
		bed_go(&b);
		assert_all_passed(&b);
		assert_int_equal(busy.n_asked, ns[i] + 1);
		bed_done(&b);
	}
}

static void heavier_jobs_go_first(void **state)
{
	struct job_spec *start;
	struct bed b;

	(void)state;
	bed_init(&b, 7);
	start = bed_job(&b, "start");
	for (int w = 1; w <= 6; w++) {
		struct job_spec *spec = bed_job(&b, "w%d", w);

		bed_rules(spec)->weight = w;
		bed_rules(spec)->target = spec->id;
		bed_needs(&b, spec, start);
	}
	bed_backend(&b, NULL, NULL, 1);
	bed_go(&b);
	assert_string_equal(b.started.s, "start w6 w5 w4 w3 w2 w1 ");
	bed_done(&b);
}

static void jobs_without_weight_run(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 5);
	add_jobs(&b, 5);
	for (unsigned i = 0; i < 5; i++)
		bed_rules(&b.plan->jobs[i])->weight = 0;
	bed_go(&b);
	assert_all_passed(&b);
	bed_done(&b);
}

static struct fake_outcome long_is_long(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED,
				     .duration_s = strcmp(job->spec->id, "long") == 0 ? 5 : 1};
}

static void a_heavy_job_that_is_not_ready_holds_nobody_back(void **state)
{
	struct job_spec *start, *brief, *lengthy, *high;
	struct bed b;

	(void)state;
	bed_init(&b, 9);
	start = bed_job(&b, "start");
	brief = bed_job(&b, "short");
	lengthy = bed_job(&b, "long");
	high = bed_job(&b, "high");
	bed_rules(high)->weight = 1000000;
	bed_needs(&b, brief, start);
	bed_needs(&b, lengthy, start);
	bed_needs(&b, high, lengthy);
	for (unsigned i = 0; i < 5; i++)
		bed_needs(&b, bed_job(&b, "low_%u", i), brief);
	bed_backend(&b, NULL, long_is_long, 0);
	bed_go(&b);
	assert_all_passed(&b);
	assert_true(str_starts(b.started.s, "start "));
	assert_true(str_ends(b.started.s, " high "));
	bed_done(&b);
}

static bool lower_name_first(const struct job *a, const struct job *b, void *ctx)
{
	(void)ctx;
	return atoi(a->spec->id) < atoi(b->spec->id);
}

static void a_priority_function_replaces_weight(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 5);
	for (int i = 0; i < 5; i++)
		bed_rules(bed_job(&b, "%d", i))->weight = i + 1;
	b.options.priority = lower_name_first;
	bed_backend(&b, NULL, NULL, 1);
	bed_go(&b);
	assert_string_equal(b.started.s, "0 1 2 3 4 ");
	bed_done(&b);
}

static struct fake_outcome forever(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)job, (void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1e9, .kill_delay_s = 100};
}

static void a_signal_ends_the_run_and_a_second_does_not_wait(void **state)
{
	static const struct {
		int signum;
		bool is_twice;
	} cases[] = {{SIGTERM, false}, {SIGINT, false}, {SIGINT, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bed b;

		bed_init(&b, 3);
		add_jobs(&b, 3);
		bed_backend(&b, NULL, forever, 2);
		assert_int_equal(bed_load(&b), 0);
		sched_start(b.s);
		while (b.n_running < 2)
			bed_step(&b);
		sched_stop(b.s, STOP_TERM, REASON_USER, cases[i].signum);
		while (bed_status(&b, "job_2") != JOB_KILLED)
			bed_step(&b);
		if (cases[i].is_twice)
			sched_stop(b.s, STOP_KILL, REASON_USER, cases[i].signum);
		bed_run(&b);
		assert_string_equal(bed_letters(&b), "KKK");
		assert_int_equal(b.n_kill_signals, cases[i].is_twice ? 2 : 1);
		assert_int_equal(b.signum, cases[i].signum);
		assert_int_equal((int)b.clock.now_s, cases[i].is_twice ? 0 : 100);
		bed_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_plan_ends_at_once),
		cmocka_unit_test(jobs_run_and_pass),
		cmocka_unit_test(all_that_is_ready_runs_at_once),
		cmocka_unit_test(a_limit_is_reached_and_never_exceeded),
		cmocka_unit_test(a_blocked_resource_does_not_block_another),
		cmocka_unit_test(jobs_hold_as_much_as_they_ask_for),
		cmocka_unit_test(a_job_ends_when_and_as_its_backend_says),
		cmocka_unit_test(only_events_cost_turns),
		cmocka_unit_test(a_job_that_cannot_be_launched_is_killed),
		cmocka_unit_test(a_busy_backend_is_asked_again),
		cmocka_unit_test(heavier_jobs_go_first),
		cmocka_unit_test(jobs_without_weight_run),
		cmocka_unit_test(a_heavy_job_that_is_not_ready_holds_nobody_back),
		cmocka_unit_test(a_priority_function_replaces_weight),
		cmocka_unit_test(a_signal_ends_the_run_and_a_second_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
