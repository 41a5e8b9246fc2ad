/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of a plan that are reported before anything runs. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "bed.h"
#include "cmocka_all.h"

static const struct diag_note *note(const struct diag *e, unsigned i)
{
	const struct diag_note *n = e->notes;

	while (n && i-- > 0)
		n = n->next;
	return n;
}

static void refused_with(struct bed *b, const char *message)
{
	assert_int_equal(bed_load(b), -1);
	assert_string_equal(bed_message(b), message);
}

static void a_cycle_is_a_path_with_a_place_per_edge(void **state)
{
	struct job_spec *a, *x, *c;
	struct bed b;

	(void)state;
	bed_init(&b, 4);
	bed_job(&b, "apart");
	a = bed_job(&b, "a");
	x = bed_job(&b, "b");
	c = bed_job(&b, "c");
	bed_needs(&b, c, a);
	bed_needs(&b, a, x);
	bed_needs_any(&b, x, c);
	refused_with(&b, "jobs depend on each other in a cycle: a -> b -> c -> a");
	assert_int_equal(b.diags.n_errors, 1);
	assert_int_equal(b.diags.first->pos.line, 2);
	assert_string_equal(note(b.diags.first, 0)->text, "'a' needs 'b'");
	assert_int_equal(note(b.diags.first, 1)->pos.line, 3);
	assert_string_equal(note(b.diags.first, 2)->text, "'c' needs 'a'");
	assert_null(note(b.diags.first, 3));
	bed_done(&b);
}

static void a_short_cycle_is_shown_where_there_is_a_long_one(void **state)
{
	struct job_spec *jobs[30];
	struct bed b;

	(void)state;
	bed_init(&b, 30);
	for (unsigned i = 0; i < 30; i++)
		jobs[i] = bed_job(&b, "j%u", i);
	for (unsigned i = 0; i < 30; i++)
		bed_needs(&b, jobs[i], jobs[(i + 1) % 30]);
	bed_needs(&b, jobs[1], jobs[0]);
	refused_with(&b, "jobs depend on each other in a cycle: j0 -> j1 -> j0");
	bed_done(&b);
}

static void a_long_cycle_is_cut(void **state)
{
	struct job_spec *jobs[100];
	struct bed b;

	(void)state;
	bed_init(&b, 100);
	for (unsigned i = 0; i < 100; i++)
		jobs[i] = bed_job(&b, "j%u", i);
	for (unsigned i = 0; i < 100; i++)
		bed_needs(&b, jobs[i], jobs[(i + 1) % 100]);
	assert_int_equal(bed_load(&b), -1);
	assert_non_null(strstr(bed_message(&b), "j19 -> … 80 more … -> j0"));
	assert_null(note(b.diags.first, 20));
	bed_done(&b);
}

/* Two cycles, the second depends on the first, and a job that depends on both and is in none. */
static void cycles_that_share_no_job_are_reported_at_once(void **state)
{
	struct job_spec *a, *x, *c, *d, *e;
	struct bed b;

	(void)state;
	bed_init(&b, 5);
	a = bed_job(&b, "a");
	x = bed_job(&b, "b");
	c = bed_job(&b, "c");
	d = bed_job(&b, "d");
	e = bed_job(&b, "e");
	bed_needs(&b, a, x);
	bed_needs(&b, x, a);
	bed_needs(&b, c, d);
	bed_needs(&b, c, a);
	bed_needs_any(&b, d, c);
	bed_needs(&b, e, c);
	bed_needs(&b, e, a);
	refused_with(&b, "jobs depend on each other in a cycle: a -> b -> a");
	assert_int_equal(b.diags.n_errors, 2);
	assert_string_equal(b.diags.first->next->msg,
			    "jobs depend on each other in a cycle: c -> d -> c");
	bed_done(&b);
}

static void many_cycles_are_reported_in_part(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 100);
	for (unsigned i = 0; i < 100; i++) {
		struct job_spec *job = bed_job(&b, "j%u", i);

		bed_needs(&b, job, job);
	}
	assert_int_equal(bed_load(&b), -1);
	assert_int_equal(b.diags.n_errors, 20);
	bed_done(&b);
}

static void a_job_that_needs_itself_is_a_cycle(void **state)
{
	struct job_spec *a;
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	a = bed_job(&b, "a");
	bed_needs(&b, a, a);
	refused_with(&b, "jobs depend on each other in a cycle: a -> a");
	bed_done(&b);
}

static void twins_are_reported_with_both_places(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 4);
	bed_job(&b, "a");
	bed_job(&b, "b");
	bed_job(&b, "a");
	bed_job(&b, "b");
	refused_with(&b, "job 'a' is defined more than once");
	assert_int_equal(b.diags.n_errors, 2);
	assert_int_equal(b.diags.first->pos.line, 3);
	assert_int_equal(note(b.diags.first, 0)->pos.line, 1);
	bed_done(&b);
}

static void a_dependency_that_is_not_there_is_an_error(void **state)
{
	struct job_spec *a;
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	a = bed_job(&b, "a");
	bed_needs(&b, a, a + 7);
	refused_with(&b, "'a' depends on job number 7 of 1");
	bed_done(&b);
}

static void an_ordinary_job_cannot_wait_for_a_finally_job(void **state)
{
	struct job_spec *clean, *a;
	struct bed b;

	(void)state;
	bed_init(&b, 2);
	clean = bed_job(&b, "clean");
	a = bed_job(&b, "a");
	bed_rules(clean)->is_finally = true;
	bed_needs_any(&b, a, clean);
	refused_with(&b,
		     "'a' depends on 'clean', which runs after all jobs that are not 'finally'");
	bed_done(&b);
}

static void a_job_runs_on_the_backend_with_its_number(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 4);
	bed_job(&b, "any");
	bed_job(&b, "far")->backend_no = 7;
	bed_job(&b, "near")->backend_no = 2;
	bed_job(&b, "first")->backend_no = 3;
	bed_backend(&b, "local", NULL, 0);
	bed_backend(&b, "farm", NULL, 0);
	bed_backend(&b, "rack", NULL, 0);
	b.s = sched_new(&b.options, &b.host);
	sched_add_backend(b.s, b.backends[0], 3);
	sched_add_backend(b.s, b.backends[1], 7);
	sched_add_backend(b.s, b.backends[2], 2);
	assert_int_equal(sched_load(b.s, b.plan, &b.diags), 0);
	assert_ptr_equal(bed_find(&b, "any")->backend, b.backends[0]); /* the first one */
	assert_ptr_equal(bed_find(&b, "first")->backend, b.backends[0]);
	assert_ptr_equal(bed_find(&b, "far")->backend, b.backends[1]);
	assert_ptr_equal(bed_find(&b, "near")->backend, b.backends[2]);
	sched_subscribe(b.s, &b.observer);
	bed_run(&b);
	assert_string_equal(bed_letters(&b), "PPPP");
	bed_done(&b);
}

static void more_of_a_resource_than_there_is_is_refused_where_it_is_asked(void **state)
{
	struct resource_limit limit = {.name = "LIC", .count = 3};
	struct job_spec *two, *four;
	struct bed b;

	(void)state;
	bed_init(&b, 3);
	bed_resource(&b, bed_job(&b, "three"), "LIC", 3);
	two = bed_job(&b, "two");
	bed_resource(&b, two, "LIC", 2);
	four = bed_job(&b, "four");
	bed_resource(&b, four, "LIC", 4);
	b.options.limits = &limit;
	b.options.n_limits = 1;
	refused_with(&b, "job 'four' asks for 4 of LIC, of which this run has 3");
	assert_int_equal(b.diags.first->pos.line, 3);
	assert_int_equal(b.diags.first->pos.col, 40);
	assert_int_equal(b.diags.n_errors, 1);
	bed_done(&b);
}

static void an_unlimited_request_fits_an_unlimited_resource_only(void **state)
{
	static const uint32_t limits[] = {RESOURCE_UNLIMITED, 1000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct resource_limit limit = {.name = "LIC", .count = limits[i]};
		struct bed b;

		bed_init(&b, 1);
		bed_resource(&b, bed_job(&b, "greedy"), "LIC", RESOURCE_UNLIMITED);
		b.options.limits = &limit;
		b.options.n_limits = 1;
		if (i == 0)
			bed_go(&b);
		else
			refused_with(&b, "job 'greedy' asks for LIC without limit, of which this "
					 "run has 1000");
		bed_done(&b);
	}
}

static void lines_about_one_resource_add_up(void **state)
{
	struct resource_limit limit = {.name = "LIC", .count = 3};
	struct bed b;

	(void)state;
	bed_init(&b, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct job_spec *spec = bed_job(&b, "j%u", i);

		bed_resource(&b, spec, "LIC", 1);
		bed_resource(&b, spec, "LIC", 1);
	}
	b.options.limits = &limit;
	b.options.n_limits = 1;
	bed_go(&b);
	assert_int_equal(b.peak, 1);
	bed_done(&b);
}

static void a_resource_without_limit_is_what_the_policy_says(void **state)
{
	static const struct {
		enum missing_resource policy;
		unsigned n_errors, n_warnings;
		const char *message;
	} cases[] = {
		{MISSING_IGNORE, 0, 0, ""},
		{MISSING_WARN, 0, 2,
		 "the resource VCS has no limit, so any number of units may be used"},
		{MISSING_ERROR, 0, 2,
		 "the resource VCS has no limit, so any number of units may be used"},
		{MISSING_FATAL, 1, 0, "resources without a limit: VCS, BOARD"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct resource_limit limit = {.name = "LIC", .count = 1};
		struct bed b;

		bed_init(&b, 4);
		bed_resource(&b, bed_job(&b, "a"), "VCS", 1);
		bed_resource(&b, bed_job(&b, "b"), "BOARD", 1);
		bed_resource(&b, bed_job(&b, "c"), "VCS", 1);
		bed_resource(&b, bed_job(&b, "d"), "LIC", 1);
		b.options.limits = &limit;
		b.options.n_limits = 1;
		b.options.on_missing = cases[i].policy;
		assert_int_equal(bed_load(&b), cases[i].n_errors ? -1 : 0);
		assert_string_equal(bed_message(&b), cases[i].message);
		assert_int_equal(b.diags.n_errors, cases[i].n_errors);
		assert_int_equal(b.diags.n_warnings, cases[i].n_warnings);
		bed_done(&b);
	}
}

static void a_plan_can_be_checked_without_a_run(void **state)
{
	static const struct resource_limit limits[] = {{.name = "LIC", .count = 1}};
	struct sched_options options = {.limits = limits, .n_limits = 1};
	struct job_spec *a;
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	a = bed_job(&b, "a");
	bed_resource(&b, a, "LIC", 1);
	assert_int_equal(sched_check(b.plan, &b.diags), 0);
	assert_int_equal(sched_check_resources(b.plan, &options, &b.diags), 0);
	bed_resource(&b, a, "LIC", 1);
	assert_int_equal(sched_check(b.plan, &b.diags), 0);
	assert_int_equal(sched_check_resources(b.plan, &options, &b.diags), -1);
	assert_true(b.diags.n_errors > 0);
	bed_needs(&b, a, a);
	assert_int_equal(sched_check(b.plan, &b.diags), -1);
	bed_done(&b);
}

static void a_backend_outlives_its_scheduler(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	bed_job(&b, "a");
	bed_go(&b);
	assert_non_null(b.backends[0]->lane);
	sched_free(b.s);
	assert_null(b.backends[0]->lane); /* another scheduler may have it */
	b.s = NULL;
	sched_free(b.s);
	bed_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cycle_is_a_path_with_a_place_per_edge),
		cmocka_unit_test(a_short_cycle_is_shown_where_there_is_a_long_one),
		cmocka_unit_test(a_long_cycle_is_cut),
		cmocka_unit_test(cycles_that_share_no_job_are_reported_at_once),
		cmocka_unit_test(many_cycles_are_reported_in_part),
		cmocka_unit_test(a_job_that_needs_itself_is_a_cycle),
		cmocka_unit_test(twins_are_reported_with_both_places),
		cmocka_unit_test(a_dependency_that_is_not_there_is_an_error),
		cmocka_unit_test(an_ordinary_job_cannot_wait_for_a_finally_job),
		cmocka_unit_test(a_job_runs_on_the_backend_with_its_number),
		cmocka_unit_test(more_of_a_resource_than_there_is_is_refused_where_it_is_asked),
		cmocka_unit_test(an_unlimited_request_fits_an_unlimited_resource_only),
		cmocka_unit_test(lines_about_one_resource_add_up),
		cmocka_unit_test(a_resource_without_limit_is_what_the_policy_says),
		cmocka_unit_test(a_plan_can_be_checked_without_a_run),
		cmocka_unit_test(a_backend_outlives_its_scheduler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
