/* SPDX-License-Identifier: Apache-2.0 */
/* Capacity: limits, busy backends, wide jobs, and the cost of many waiting jobs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "bed.h"
#include "cmocka_all.h"
#include "scheduler/state.h"

/* ---- backends that do not accept a job ---- */

static struct fake_outcome refuses_x(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)attempt, (void)ctx;
	if (job->spec->id[0] == 'x')
		return (struct fake_outcome){.submit = SUBMIT_REFUSED};
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

static void a_refused_job_is_killed_with_the_backends_words(void **state)
{
	struct job_spec *x, *y;
	struct bed b;

	(void)state;
	bed_init(&b, 3);
	x = bed_job(&b, "x");
	y = bed_job(&b, "y");
	bed_needs(&b, y, x);
	bed_job(&b, "z");
	bed_rules(x)->retry.max = 3; /* 0 stays 0 */
	bed_backend(&b, NULL, refuses_x, 1);
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "KKP");
	assert_int_equal(bed_reason(&b, "x"), REASON_REFUSED);
	assert_string_equal(bed_find(&b, "x")->message, "refused by backend 'fake': as scripted");
	assert_null(bed_find(&b, "x")->attempts);
	assert_int_equal(b.s->lanes.at[0]->in_use, 0);
	bed_done(&b);
}

struct times {
	unsigned n, n_busy;
	double at_s[16];
};

static struct fake_outcome busy_and_noted(const struct job *job, uint32_t attempt, void *ctx)
{
	struct bed *b = ctx;
	struct times *t = b->ctx;

	(void)job, (void)attempt;
	t->at_s[t->n++] = b->clock.now_s;
	if (t->n <= t->n_busy)
		return (struct fake_outcome){.submit = SUBMIT_BUSY};
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

struct busy_calls {
	unsigned n;
	bool is_busy[8];
	double at_s[8];
};

static struct fake_outcome busy_when_said(const struct job *job, uint32_t attempt, void *ctx)
{
	struct bed *b = ctx;
	struct busy_calls *calls = b->ctx;

	(void)job, (void)attempt;
	assert_true(calls->n < ARRAY_LEN(calls->at_s));
	calls->at_s[calls->n] = b->clock.now_s;
	if (calls->is_busy[calls->n++])
		return (struct fake_outcome){.submit = SUBMIT_BUSY};
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

static void a_busy_backend_has_pauses_that_double(void **state)
{
	static const double pauses[] = {0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5};
	struct times t = {.n_busy = ARRAY_LEN(pauses)};
	struct bed b;

	(void)state;
	bed_init(&b, 2);
	bed_job(&b, "a");
	bed_job(&b, "b"); /* meanwhile not submitted either */
	b.ctx = &t;
	bed_backend(&b, NULL, busy_and_noted, 0);
	bed_go(&b);
	assert_int_equal(t.n, t.n_busy + 2);
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++)
		assert_true(fabs(t.at_s[i + 1] - t.at_s[i] - pauses[i]) < 1e-9);
	bed_done(&b);
}

/* It rejects a twice, then accepts a, and is busy when b is submitted. */
static void a_job_that_is_taken_ends_the_doubling(void **state)
{
	static const double pauses[] = {0.05, 0.1, 0, 0.05};
	struct busy_calls calls = {.is_busy = {true, true, false, true}};
	struct bed b;

	(void)state;
	bed_init(&b, 2);
	bed_job(&b, "a");
	bed_job(&b, "b");
	b.ctx = &calls;
	bed_backend(&b, NULL, busy_when_said, 0);
	bed_go(&b);
	assert_int_equal(calls.n, ARRAY_LEN(pauses) + 1);
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++)
		assert_true(fabs(calls.at_s[i + 1] - calls.at_s[i] - pauses[i]) < 1e-9);
	bed_done(&b);
}

static void capacity_ends_a_pause_at_once(void **state)
{
	struct times t = {.n_busy = 3};
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	bed_job(&b, "a");
	b.ctx = &t;
	bed_backend(&b, NULL, busy_and_noted, 0);
	assert_int_equal(bed_load(&b), 0);
	sched_start(b.s);
	while (t.n < 4) {
		while (b.is_woken)
			bed_step(&b);
		sched_backend_capacity(b.backends[0]);
	}
	bed_run(&b);
	assert_true(t.at_s[3] < 1e-9);
	bed_done(&b);
}

static void a_paused_backend_goes_on_when_asked(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	bed_job(&b, "a");
	bed_backend(&b, NULL, NULL, 0);
	assert_int_equal(bed_load(&b), 0);
	b.backends[0]->ops->pause(b.backends[0], true);
	sched_start(b.s);
	while (b.clock.now_s < 20)
		bed_step(&b);
	assert_int_equal(bed_status(&b, "a"), JOB_QUEUED);
	b.backends[0]->ops->pause(b.backends[0], false);
	bed_run(&b);
	assert_int_equal(bed_status(&b, "a"), JOB_PASSED);
	bed_done(&b);
}

/* ---- capacity ---- */

static void a_wide_job_is_not_kept_out_by_narrow_ones(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 16);
	for (unsigned i = 0; i < 8; i++)
		bed_rules(bed_job(&b, "a%u", i))->weight = i < 4 ? 3 : 1;
	bed_rules(bed_job(&b, "wide"))->cpus = 4;
	bed_rules(&b.plan->jobs[8])->weight = 2;
	bed_backend(&b, NULL, NULL, 4);
	bed_go(&b);
	assert_string_equal(b.started.s, "a0 a1 a2 a3 wide a4 a5 a6 a7 ");
	bed_done(&b);
}

static void a_job_wider_than_its_backend_gets_all_of_it(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 4);
	bed_job(&b, "a");
	bed_rules(bed_job(&b, "b"))->cpus = 100;
	bed_job(&b, "c");
	bed_backend(&b, NULL, NULL, 2);
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "PPP");
	assert_true(bed_find(&b, "b")->started_s > bed_find(&b, "a")->started_s);
	assert_true(bed_find(&b, "c")->started_s > bed_find(&b, "b")->started_s);
	bed_done(&b);
}

static void a_full_backend_does_not_hold_back_another(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 8);
	for (unsigned i = 0; i < 4; i++)
		bed_rules(bed_job(&b, "a%u", i))->weight = 9;
	for (unsigned i = 0; i < 4; i++)
		bed_job(&b, "b%u", i)->backend_no = 2;
	bed_backend(&b, "local", NULL, 1);
	bed_backend(&b, "farm", NULL, 0);
	bed_go(&b);
	assert_int_equal(b.peak, 5);
	assert_true(fabs(b.clock.now_s - 4) < 1e-9);
	bed_done(&b);
}

static void limits_can_be_changed_while_it_runs(void **state)
{
	struct resource_limit limit = {.name = "LIC", .count = 1};
	struct bed b;

	(void)state;
	bed_init(&b, 12);
	for (unsigned i = 0; i < 12; i++)
		bed_resource(&b, bed_job(&b, "j%02u", i), "LIC", 1);
	b.options.limits = &limit;
	b.options.n_limits = 1;
	b.options.max_parallel = 3;
	bed_backend(&b, NULL, NULL, 0);
	assert_int_equal(bed_load(&b), 0);
	sched_start(b.s);
	while (b.clock.now_s < 2 || b.is_woken)
		bed_step(&b);
	assert_int_equal(b.peak, 1);
	sched_set_resource(b.s, "LIC", 6);
	while (b.clock.now_s < 3 || b.is_woken)
		bed_step(&b);
	assert_int_equal(b.peak, 3);
	sched_set_max_parallel(b.s, 4);
	while (b.clock.now_s < 4 || b.is_woken)
		bed_step(&b);
	assert_int_equal(b.peak, 4);
	assert_true(b.n_running > 1);
	b.backends[0]->ops->set_parallel(b.backends[0], 1); /* lowering a limit kills no job */
	bed_run(&b);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], 12);
	bed_done(&b);
}

/* ---- cost ---- */

static unsigned long n_compared;

static bool counted(const struct job *a, const struct job *b, void *ctx)
{
	n_compared++;
	return sched_priority_default(a, b, ctx);
}

/* A chain of ten jobs, beside many jobs that wait for a licence that is not free. */
static unsigned long comparisons(unsigned n_crowd)
{
	struct resource_limit limit = {.name = "LIC", .count = 1};
	struct job_spec *before = NULL;
	unsigned long n;
	struct bed b;

	bed_init(&b, n_crowd + 10);
	for (unsigned i = 0; i < 10; i++) {
		struct job_spec *spec = bed_job(&b, "step%u", i);

		if (before)
			bed_needs(&b, spec, before);
		before = spec;
	}
	for (unsigned i = 0; i < n_crowd; i++)
		bed_resource(&b, bed_job(&b, "crowd%u", i), "LIC", 1);
	b.options.limits = &limit;
	b.options.n_limits = 1;
	b.options.priority = counted;
	assert_int_equal(bed_load(&b), 0);
	sched_set_resource(b.s, "LIC", 0);
	sched_start(b.s);
	while (b.n_turns < 1)
		bed_step(&b);
	n_compared = 0;
	while (bed_status(&b, "step9") != JOB_PASSED)
		bed_step(&b);
	n = n_compared;
	sched_set_resource(b.s, "LIC", RESOURCE_UNLIMITED);
	bed_run(&b);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], n_crowd + 10);
	bed_done(&b);
	return n;
}

static void many_waiting_jobs_take_no_time(void **state)
{
	(void)state;
	assert_int_equal(comparisons(10), comparisons(20000));
}

static void a_fan_in_costs_one_count_per_end(void **state)
{
	enum { N = 100000 };
	struct job_spec *last;
	struct bed b;

	(void)state;
	bed_init(&b, N + 1);
	for (unsigned i = 0; i < N; i++)
		bed_job(&b, "j%u", i);
	last = bed_job(&b, "last");
	for (unsigned i = 0; i < N; i++)
		bed_needs(&b, last, &b.plan->jobs[i]);
	assert_int_equal(bed_load(&b), 0);
	sched_start(b.s);
	while (sched_tally(b.s)[JOB_PASSED] < N)
		bed_step(&b);
	/* The last of them has released it: a scan would be 10^10 steps. */
	assert_int_equal(bed_find(&b, "last")->n_waiting, 0);
	bed_run(&b);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], N + 1);
	bed_done(&b);
}

/* ---- order ---- */

static struct fake_outcome by_hash(const struct job *job, uint32_t attempt, void *ctx)
{
	uint32_t h = (job->n * 2654435761u + attempt * 40503u) >> 7;

	(void)ctx;
	return (struct fake_outcome){.status = h % 5 ? JOB_PASSED : JOB_FAILED,
				     .reason = REASON_EXIT,
				     .duration_s = 1 + h % 3};
}

static char *trace_of_a_run(void)
{
	struct resource_limit limit = {.name = "LIC", .count = 2};
	struct bed b;
	char *trace;

	bed_init(&b, 300);
	for (unsigned i = 0; i < 300; i++) {
		struct job_spec *spec = bed_job(&b, "j%u", i);

		bed_rules(spec)->weight = (int32_t)(i % 3);
		bed_rules(spec)->retry.max = i % 2;
		if (i % 4 == 0)
			bed_resource(&b, spec, "LIC", 1 + i % 2);
		for (unsigned k = 1; k < 4 && k * k * 7 < i; k++)
			bed_needs_any(&b, spec, &b.plan->jobs[i - k * k * 7]);
	}
	b.options.limits = &limit;
	b.options.n_limits = 1;
	bed_backend(&b, NULL, by_hash, 7);
	bed_go(&b);
	trace = str_take(&b.trace);
	str_add(&b.trace, "");
	bed_done(&b);
	return trace;
}

static void two_runs_are_alike(void **state)
{
	char *first = trace_of_a_run(), *second = trace_of_a_run();

	(void)state;
	assert_string_equal(first, second);
	assert_true(strlen(first) > 300 * 20);
	free(first);
	free(second);
}

static void equal_jobs_go_in_the_order_of_the_plan(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 8);
	bed_job(&b, "zebra");
	for (unsigned i = 8; i <= 12; i++)
		bed_job(&b, "run.%u", i);
	bed_job(&b, "ant");
	bed_backend(&b, NULL, NULL, 1);
	bed_go(&b);
	assert_string_equal(b.started.s, "zebra run.8 run.9 run.10 run.11 run.12 ant ");
	bed_done(&b);
}

static void equal_jobs_go_by_id_as_text_where_the_plan_says_so(void **state)
{
	/* The eight bytes that are compared first are the same for some, and end early for others.
	 */
	static const char *const ids[] = {"uart:1.smoke.10",	    "uart:1.smoke.2",
					  "uart:1.smoke.1",	    "uart:1.smoke.100000000x",
					  "uart:1.smoke.100000000", "uart:1.",
					  "uart:1.smoke.0"};
	struct bed b;

	(void)state;
	bed_init(&b, ARRAY_LEN(ids));
	b.plan->is_by_id = true;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		bed_job(&b, "%s", ids[i]);
	bed_backend(&b, NULL, NULL, 1);
	bed_go(&b);
	assert_string_equal(b.started.s,
			    "uart:1. uart:1.smoke.0 uart:1.smoke.1 uart:1.smoke.10 "
			    "uart:1.smoke.100000000 uart:1.smoke.100000000x uart:1.smoke.2 ");
	bed_done(&b);
}

static void weight_then_timeout_then_dependents_decide(void **state)
{
	struct job_spec *deps, *late;
	struct bed b;

	(void)state;
	bed_init(&b, 8);
	bed_rules(bed_job(&b, "short"))->timeout_s = 10;
	bed_rules(bed_job(&b, "long"))->timeout_s = 20;
	bed_job(&b, "endless");
	deps = bed_job(&b, "wanted");
	bed_rules(bed_job(&b, "heavy"))->weight = 7;
	bed_rules(&b.plan->jobs[4])->timeout_s = 1;
	bed_rules(bed_job(&b, "light"))->weight = -1;
	late = bed_job(&b, "zlate");
	bed_needs(&b, late, deps);
	bed_backend(&b, NULL, NULL, 1);
	bed_go(&b);
	assert_string_equal(b.started.s, "heavy wanted endless zlate long short light ");
	bed_done(&b);
}

static void a_job_takes_less_than_it_may(void **state)
{
	enum { N = 20000 };
	size_t spec_and_deps = sizeof(struct job_spec) + 2 * sizeof(uint32_t);
	struct bed b;

	(void)state;
	bed_init(&b, N);
	for (unsigned i = 0; i < N; i++) {
		struct job_spec *spec = bed_job(&b, "j%u", i);

		if (i > 100) {
			bed_needs(&b, spec, &b.plan->jobs[i - 100]);
			bed_needs(&b, spec, &b.plan->jobs[i - 99]);
		}
	}
	bed_go(&b);
	assert_true(sched_memory(b.s) / N > sizeof(struct job)); /* it counts something */
	assert_true(sched_memory(b.s) / N + spec_and_deps <= 400);
	bed_done(&b);
}

static size_t queue_memory(const struct bed *b)
{
	return b->s->upcalls.size * sizeof(*b->s->upcalls.at);
}

/* Jobs that each have a class of their own. */
static void memory_is_the_sum_of_all_its_parts(void **state)
{
	enum { N = 500 };
	size_t before, arena, queue, classes;
	struct bed b;

	(void)state;
	bed_init(&b, N);
	for (unsigned i = 0; i < N; i++)
		bed_rules(bed_job(&b, "j%u", i))->cpus = i + 1;
	assert_int_equal(bed_load(&b), 0);
	before = sched_memory(b.s);
	arena = arena_size(b.s->mem);
	queue = queue_memory(&b);
	classes = ready_memory(b.s);
	assert_true(classes >= N * sizeof(struct ready_class));
	assert_true(before >= N * sizeof(struct job) + arena + queue + classes);
	bed_run(&b);
	assert_true(queue_memory(&b) > queue);
	assert_int_equal(sched_memory(b.s) - before, arena_size(b.s->mem) - arena +
							     queue_memory(&b) - queue +
							     ready_memory(b.s) - classes);
	bed_done(&b);
}

static void many_starts_at_once_are_heard_in_portions(void **state)
{
	enum { N = 20000 };
	struct bed b;

	(void)state;
	bed_init(&b, N);
	for (unsigned i = 0; i < N; i++)
		bed_job(&b, "j%u", i);
	bed_go(&b);
	assert_int_equal(b.peak, N); /* all at one time */
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], N);
	assert_true(sched_memory(b.s) / N <= 220);
	bed_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_job_is_killed_with_the_backends_words),
		cmocka_unit_test(a_busy_backend_has_pauses_that_double),
		cmocka_unit_test(a_job_that_is_taken_ends_the_doubling),
		cmocka_unit_test(capacity_ends_a_pause_at_once),
		cmocka_unit_test(a_paused_backend_goes_on_when_asked),
		cmocka_unit_test(a_wide_job_is_not_kept_out_by_narrow_ones),
		cmocka_unit_test(a_job_wider_than_its_backend_gets_all_of_it),
		cmocka_unit_test(a_full_backend_does_not_hold_back_another),
		cmocka_unit_test(limits_can_be_changed_while_it_runs),
		cmocka_unit_test(many_waiting_jobs_take_no_time),
		cmocka_unit_test(memory_is_the_sum_of_all_its_parts),
		cmocka_unit_test(many_starts_at_once_are_heard_in_portions),
		cmocka_unit_test(a_fan_in_costs_one_count_per_end),
		cmocka_unit_test(two_runs_are_alike),
		cmocka_unit_test(equal_jobs_go_in_the_order_of_the_plan),
		cmocka_unit_test(equal_jobs_go_by_id_as_text_where_the_plan_says_so),
		cmocka_unit_test(weight_then_timeout_then_dependents_decide),
		cmocka_unit_test(a_job_takes_less_than_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
