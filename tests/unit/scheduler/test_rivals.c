/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs get scarce resources: jobs that ask for several units, or for several resources. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "bed.h"
#include "cmocka_all.h"
#include "scheduler/state.h"

static const struct resource_limit limits[] = {{.name = "LIC", .count = 4},
					       {.name = "TOOL", .count = 40},
					       {.name = "BOARD", .count = 1},
					       {.name = "PROBE", .count = 1}};

static void begin(struct bed *b, size_t room)
{
	bed_init(b, room);
	b->options.limits = limits;
	b->options.n_limits = ARRAY_LEN(limits);
}

static struct job_spec *add(struct bed *b, const char *id, int weight, const char *resource,
			    uint32_t count)
{
	struct job_spec *spec = bed_job(b, "%s", id);

	bed_rules(spec)->weight = weight;
	if (resource)
		bed_resource(b, spec, resource, count);
	return spec;
}

static void add_stream(struct bed *b, const char *name, unsigned n, int weight,
		       const char *resource)
{
	char id[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%s%u", name, i);
		add(b, id, weight, resource, 1);
	}
}

/* How many began before it did. */
static unsigned place_of(const struct bed *b, const char *id)
{
	unsigned n = 0;
	const char *s = b->started.s;

	for (; *s && !(strncmp(s, id, strlen(id)) == 0 && s[strlen(id)] == ' '); n++)
		s = strchr(s, ' ') + 1;
	assert_true(*s != '\0');
	return n;
}

/* Jobs end one by one, so that enough units for the wide job are never free by chance. */
static struct fake_outcome staggered(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1 + job->n % 7 * 0.1};
}

static struct fake_outcome lasts_a_minute(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)job, (void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 60};
}

static void a_wide_job_waits_only_for_what_runs_already(void **state)
{
	struct bed b;

	(void)state;
	begin(&b, 64);
	add_stream(&b, "early", 4, 9, "LIC");
	add(&b, "wide", 5, "LIC", 4);
	add_stream(&b, "late", 40, 0, "LIC");
	bed_backend(&b, NULL, staggered, 0);
	bed_go(&b);
	assert_int_equal(place_of(&b, "wide"), 4);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], 45);
	bed_done(&b);
}

static void what_asks_for_something_else_does_not_wait(void **state)
{
	struct bed b;

	(void)state;
	begin(&b, 64);
	add_stream(&b, "early", 4, 9, "LIC");
	add(&b, "wide", 5, "LIC", 4);
	add_stream(&b, "tool", 10, 0, "TOOL");
	add_stream(&b, "plain", 10, 0, NULL);
	bed_go(&b);
	assert_int_equal(place_of(&b, "wide"), 24);
	bed_done(&b);
}

static void two_wide_jobs_of_different_things_do_not_wait_for_each_other(void **state)
{
	struct job_spec *both;
	struct bed b;

	(void)state;
	begin(&b, 64);
	add(&b, "lic", 9, "LIC", 1);
	add(&b, "board", 9, "BOARD", 1);
	both = add(&b, "both", 5, "LIC", 4);
	bed_resource(&b, both, "BOARD", 1);
	both = add(&b, "htob", 5, "BOARD", 1);
	bed_resource(&b, both, "LIC", 4);
	add_stream(&b, "late", 20, 0, "LIC");
	add_stream(&b, "later", 20, 0, "BOARD");
	bed_backend(&b, NULL, staggered, 0);
	bed_go(&b);
	assert_true(place_of(&b, "both") == 2 && place_of(&b, "htob") == 3);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], 44);
	bed_done(&b);
}

static void a_job_that_needs_two_busy_things_gets_them(void **state)
{
	struct job_spec *both;
	struct bed b;

	(void)state;
	begin(&b, 64);
	add_stream(&b, "board", 2, 9, "BOARD");
	add_stream(&b, "probe", 2, 9, "PROBE");
	both = add(&b, "both", 5, "BOARD", 1);
	bed_resource(&b, both, "PROBE", 1);
	add_stream(&b, "b", 20, 0, "BOARD");
	add_stream(&b, "p", 20, 0, "PROBE");
	bed_backend(&b, NULL, staggered, 0);
	bed_go(&b);
	assert_int_equal(place_of(&b, "both"), 4);
	bed_done(&b);
}

/* Without the first one, each of them would be the next: only the first one reserves a tool. */
static void those_behind_in_a_line_keep_nothing(void **state)
{
	struct bed b;

	(void)state;
	begin(&b, 128);
	add(&b, "holder", 9, "BOARD", 1);
	for (uint32_t i = 0; i < 30; i++) {
		struct job_spec *spec = bed_job(&b, "line%u", i);

		bed_rules(spec)->weight = 5;
		bed_resource(&b, spec, "BOARD", 1);
		bed_resource(&b, spec, "TOOL", 1 + i % 3);
		bed_rules(spec)->cpus = 1 + i; /* a class of its own */
	}
	add_stream(&b, "tool", 60, 0, "TOOL");
	assert_int_equal(bed_load(&b), 0);
	sched_start(b.s);
	while (b.is_woken)
		bed_step(&b);
	assert_int_equal(b.n_running, 1 + 39);
	bed_run(&b);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], 91);
	bed_done(&b);
}

static void a_job_that_asks_for_more_than_is_left_holds_back_nobody(void **state)
{
	struct bed b;

	(void)state;
	begin(&b, 64);
	add(&b, "first", 9, "LIC", 1);
	add(&b, "wide", 5, "LIC", 4);
	add_stream(&b, "late", 8, 0, "LIC");
	assert_int_equal(bed_load(&b), 0);
	sched_set_resource(b.s, "LIC", 2);
	sched_start(b.s);
	while (b.clock.now_s < 4 || b.is_woken)
		bed_step(&b);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], 8);
	sched_set_resource(b.s, "LIC", 4);
	bed_run(&b);
	assert_int_equal(sched_tally(b.s)[JOB_PASSED], 10);
	bed_done(&b);
}

/* It needs licences and CPUs, which two streams on two backends use up. */
static void licences_are_kept_for_a_job_that_waits_for_cpus(void **state)
{
	struct job_spec *wide;
	struct bed b;

	(void)state;
	begin(&b, 128);
	add_stream(&b, "cpu", 4, 9, NULL);
	wide = add(&b, "wide", 5, "LIC", 4);
	bed_rules(wide)->cpus = 4;
	add_stream(&b, "c", 40, 0, NULL);
	add_stream(&b, "far", 40, 0, "LIC");
	for (unsigned i = 0; i < 40; i++)
		b.plan->jobs[45 + i].backend_no = 2;
	bed_backend(&b, "local", staggered, 4);
	bed_backend(&b, "farm", staggered, 0);
	bed_go(&b);
	assert_true(place_of(&b, "wide") < 16);
	bed_done(&b);
}

/* ---- messages ---- */

static struct str waits;

static void on_waits(struct observer *o, const struct job *job, const char *what)
{
	const struct sched *s = job->sched;

	(void)o;
	str_printf(&waits, "%g %s: %s\n", clock_now(sched_clock(s)) - sched_started_s(s),
		   job->spec->id, what);
}

static const char *said_of_a_run(double after_s)
{
	static const struct observer_ops ops = {.name = "waits", .job_waits = on_waits};
	struct observer o = {.ops = &ops};
	struct bed b;

	str_clear(&waits);
	begin(&b, 64);
	b.options.waits_after_s = after_s;
	add_stream(&b, "early", 4, 9, "LIC");
	add(&b, "wide", 5, "LIC", 2);
	add_stream(&b, "late", 8, 0, "LIC");
	bed_backend(&b, NULL, lasts_a_minute, 0);
	assert_int_equal(bed_load(&b), 0);
	sched_subscribe(b.s, &o);
	bed_run(&b);
	bed_done(&b);
	return waits.s ? waits.s : "";
}

static void what_waits_for_long_is_said_once_and_those_behind_it_later(void **state)
{
	(void)state;
	assert_string_equal(said_of_a_run(10),
			    "10 wide: LIC: it asks for 2, and 4 of 4 are in use\n"
			    "70 late2: LIC: it asks for 1, and 4 of 4 are in use "
			    "(and 5 more)\n");
	assert_string_equal(said_of_a_run(0), "0 wide: LIC: it asks for 2, and 4 of 4 are in use\n"
					      "60 late2: LIC: it asks for 1, and 4 of 4 are in use "
					      "(and 5 more)\n");
	assert_string_equal(said_of_a_run(60.5), "");
	assert_string_equal(said_of_a_run(INFINITY), "");
	str_done(&waits);
}

/* Two of three resources are lacking: a sentence for each of the two. */
static void what_waits_is_said_of_what_is_lacking_only(void **state)
{
	static const struct observer_ops ops = {.name = "waits", .job_waits = on_waits};
	struct observer o = {.ops = &ops};
	struct job_spec *wide;
	struct bed b;

	(void)state;
	str_clear(&waits);
	begin(&b, 64);
	b.options.waits_after_s = 10;
	add(&b, "first", 9, "BOARD", 1);
	add(&b, "second", 9, "LIC", 3);
	wide = add(&b, "wide", 5, "BOARD", 1);
	bed_resource(&b, wide, "TOOL", 2);
	bed_resource(&b, wide, "LIC", 2);
	bed_backend(&b, NULL, lasts_a_minute, 0);
	assert_int_equal(bed_load(&b), 0);
	sched_subscribe(b.s, &o);
	bed_run(&b);
	assert_string_equal(waits.s, "10 wide: BOARD: it asks for 1, and 1 of 1 is in use; "
				     "LIC: it asks for 2, and 3 of 4 are in use\n");
	bed_done(&b);
	str_done(&waits);
}

/* ---- cost ---- */

static unsigned long n_compared;

static bool counted(const struct job *a, const struct job *b, void *ctx)
{
	n_compared++;
	return sched_priority_default(a, b, ctx);
}

/* Ten jobs in sequence on a licence, beside classes that wait for boards that are not free.
 */
static unsigned long comparisons(unsigned n_classes)
{
	struct job_spec *before = NULL;
	struct bed b;

	begin(&b, n_classes + 10);
	for (unsigned i = 0; i < 10; i++) {
		struct job_spec *spec = bed_job(&b, "step%u", i);

		bed_resource(&b, spec, "LIC", 1);
		if (before)
			bed_needs(&b, spec, before);
		before = spec;
	}
	for (unsigned i = 0; i < n_classes; i++) {
		struct job_spec *spec = bed_job(&b, "class%u", i);

		bed_rules(spec)->cpus = 1 + i;
		bed_resource(&b, spec, "BOARD", 1);
	}
	b.options.priority = counted;
	assert_int_equal(bed_load(&b), 0);
	sched_set_resource(b.s, "BOARD", 0);
	sched_start(b.s);
	while (b.n_turns < 1)
		bed_step(&b);
	n_compared = 0;
	while (bed_status(&b, "step9") != JOB_PASSED)
		bed_step(&b);
	sched_stop(b.s, STOP_KILL, REASON_USER, 0);
	bed_run(&b);
	bed_done(&b);
	return n_compared;
}

static void classes_that_wait_cost_no_comparison(void **state)
{
	(void)state;
	assert_int_equal(comparisons(2), comparisons(2000));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wide_job_waits_only_for_what_runs_already),
		cmocka_unit_test(what_asks_for_something_else_does_not_wait),
		cmocka_unit_test(two_wide_jobs_of_different_things_do_not_wait_for_each_other),
		cmocka_unit_test(a_job_that_needs_two_busy_things_gets_them),
		cmocka_unit_test(those_behind_in_a_line_keep_nothing),
		cmocka_unit_test(a_job_that_asks_for_more_than_is_left_holds_back_nobody),
		cmocka_unit_test(licences_are_kept_for_a_job_that_waits_for_cpus),
		cmocka_unit_test(what_waits_for_long_is_said_once_and_those_behind_it_later),
		cmocka_unit_test(what_waits_is_said_of_what_is_lacking_only),
		cmocka_unit_test(classes_that_wait_cost_no_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
