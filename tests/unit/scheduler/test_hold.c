/* SPDX-License-Identifier: Apache-2.0 */
/* Launches that are held for a shortage of the machine. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "bed.h"
#include "cmocka_all.h"

static struct str told;

static void on_held(struct observer *o, const struct sched *s, const char *why)
{
	(void)o, (void)s;
	str_printf(&told, "%s\n", why ? why : "-");
}

static const struct observer_ops ops = {.name = "held", .launches_held = on_held};

/* Four jobs, two at a time; each takes a second. */
static void hold_begin(struct bed *b, struct observer *o, uint32_t max_parallel)
{
	str_clear(&told);
	bed_init(b, 4);
	for (unsigned i = 0; i < 4; i++)
		bed_job(b, "j%u", i);
	b->options.max_parallel = max_parallel;
	assert_int_equal(bed_load(b), 0);
	*o = (struct observer){.ops = &ops};
	sched_subscribe(b->s, o);
	sched_start(b->s);
}

static void hold_until_still(struct bed *b)
{
	while (!sched_is_done(b->s) && bed_step(b))
		;
}

static void nothing_starts_while_all_is_held(void **state)
{
	struct observer o;
	struct bed b;

	(void)state;
	hold_begin(&b, &o, 2);
	while (b.n_running < 2)
		assert_true(bed_step(&b));
	sched_set_hold(b.s, HOLD_ALL, "space");
	hold_until_still(&b);
	assert_string_equal(bed_letters(&b), "PPQQ"); /* what ran has ended */
	assert_string_equal(told.s, "space\n");
	sched_set_hold(b.s, HOLD_NOTHING, NULL);
	bed_run(&b);
	assert_string_equal(bed_letters(&b), "PPPP");
	assert_string_equal(told.s, "space\n-\n");
	bed_done(&b);
}

static void one_job_at_a_time_runs_while_all_but_one_are_held(void **state)
{
	struct observer o;
	struct bed b;

	(void)state;
	hold_begin(&b, &o, 0);
	sched_set_hold(b.s, HOLD_ALL_BUT_ONE, "memory");
	b.n_run_started = 1;
	bed_run(&b);
	assert_int_equal(b.peak, 1);
	assert_string_equal(bed_letters(&b), "PPPP");
	bed_done(&b);
}

static void a_reason_is_reported_once_until_it_changes(void **state)
{
	struct observer o;
	struct bed b;

	(void)state;
	hold_begin(&b, &o, 0);
	for (unsigned i = 0; i < 3; i++) {
		sched_set_hold(b.s, HOLD_ALL, "space");
		hold_until_still(&b);
	}
	sched_set_hold(b.s, HOLD_ALL, "inodes");
	hold_until_still(&b);
	assert_string_equal(told.s, "space\ninodes\n");
	assert_string_equal(bed_letters(&b), "QQQQ");
	sched_set_hold(b.s, HOLD_NOTHING, NULL);
	bed_run(&b);
	bed_done(&b);
}

/* Jobs that start in spite of a stop may free the disk. */
static void a_run_that_is_stopped_holds_nothing(void **state)
{
	struct observer o = {.ops = &ops};
	struct job_spec *last;
	struct bed b;

	(void)state;
	bed_init(&b, 2);
	bed_job(&b, "job");
	last = bed_job(&b, "last");
	bed_rules(last)->is_finally = true;
	assert_int_equal(bed_load(&b), 0);
	sched_subscribe(b.s, &o);
	sched_set_hold(b.s, HOLD_ALL, "space");
	sched_start(b.s);
	hold_until_still(&b);
	assert_string_equal(bed_letters(&b), "QS");
	sched_stop(b.s, STOP_TERM, REASON_USER, 15);
	b.n_run_started = 1;
	bed_run(&b);
	assert_string_equal(bed_letters(&b), "KP");
	bed_done(&b);
}

static int done(void **state)
{
	(void)state;
	str_done(&told);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_starts_while_all_is_held),
		cmocka_unit_test(one_job_at_a_time_runs_while_all_but_one_are_held),
		cmocka_unit_test(a_reason_is_reported_once_until_it_changes),
		cmocka_unit_test(a_run_that_is_stopped_holds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
