/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs that wait for memory: what they are expected to need must fit beside the running ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"
#include "cmocka_all.h"

/* "big.4000" is expected to need 4000 MiB. */
static uint32_t by_name(const struct job_spec *spec, void *ctx)
{
	const char *dot = strchr(spec->id, '.');

	(void)ctx;
	return dot ? (uint32_t)strtoul(dot + 1, NULL, 10) : 0;
}

static void begin(struct bed *b, const char *const *ids, bool is_local)
{
	bed_init(b, 8);
	b->options.expected_memory = by_name;
	b->options.waits_after_s = 0.5;
	for (; *ids; ids++)
		bed_job(b, "%s", *ids);
	bed_backend(b, NULL, NULL, 0)->caps.is_local = is_local;
	assert_int_equal(bed_load(b), 0);
}

static void jobs_run_together_while_their_memory_fits(void **state)
{
	static const struct {
		const char *ids[6];
		uint32_t mib, peak;
		const char *started;
	} cases[] = {
		{{"a.400", "b.400", "c.400"}, 1200, 3, "a.400 b.400 c.400 "},
		{{"a.400", "b.400", "c.400"}, 1199, 2, "a.400 b.400 c.400 "},
		/* A job that does not fit stays next: no later job takes its memory. */
		{{"a.400", "b.900", "c.400", "d.200"}, 1000, 2, "a.400 b.900 c.400 d.200 "},
		/* More than there is: alone. */
		{{"a.4000", "b.100", "c.5000"}, 1000, 1, "a.4000 b.100 c.5000 "},
		{{"a.100", "b.100"}, 0, 1, "a.100 b.100 "},
		/* Some jobs have no expected amount. */
		{{"a.1000", "b", "c", "d.1000"}, 1000, 3, "a.1000 b c d.1000 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bed b;

		begin(&b, cases[i].ids, true);
		sched_set_memory(b.s, cases[i].mib);
		bed_run(&b);
		if (b.peak != cases[i].peak)
			fail_msg("case %zu: %u at a time", i, b.peak);
		assert_string_equal(b.started.s, cases[i].started);
		bed_done(&b);
	}
}

static void memory_of_another_machine_does_not_count(void **state)
{
	static const char *const ids[] = {"a.400", "b.400", NULL};
	struct sched_memory_state m;
	struct bed b;

	(void)state;
	begin(&b, ids, false);
	sched_set_memory(b.s, 400);
	assert_false(sched_memory_state(b.s, &m));
	bed_run(&b);
	assert_int_equal(b.peak, 2);
	bed_done(&b);
}

static char said[256];

static void on_waits(struct observer *o, const struct job *job, const char *what)
{
	(void)o;
	snprintf(said, sizeof(said), "%s: %s", job->spec->id, what);
}

static void a_job_starts_when_there_is_more_memory(void **state)
{
	static const struct observer_ops ops = {.name = "waits", .job_waits = on_waits};
	static const char *const ids[] = {"a.400", "b.400", NULL};
	struct observer o = {.ops = &ops};
	struct sched_memory_state m;
	struct bed b;

	(void)state;
	begin(&b, ids, true);
	sched_subscribe(b.s, &o);
	sched_set_memory(b.s, 500);
	sched_start(b.s);
	b.n_run_started = 1;
	while (!said[0])
		assert_true(bed_step(&b));
	assert_string_equal(said, "b.400: memory: it is expected to need 400 MiB, and running jobs "
				  "400 MiB of 500 MiB");
	assert_true(sched_memory_state(b.s, &m));
	assert_int_equal(m.expected_mib, 400);
	assert_true(m.is_lacking);
	assert_int_equal(sched_memory_taken(b.s), 0); /* these jobs cannot be measured */
	sched_set_memory(b.s, 800);
	while (b.n_running < 2)
		assert_true(bed_step(&b));
	assert_true(sched_memory_state(b.s, &m));
	assert_int_equal(m.expected_mib, 800);
	assert_false(m.is_lacking);
	bed_run(&b);
	assert_int_equal(b.peak, 2);
	bed_done(&b);
}

static bool measure_700(const struct backend *b, const struct job *job, struct job_load *ret)
{
	(void)b, (void)job;
	*ret = (struct job_load){.rss_bytes = 700 << 20, .n_processes = 1};
	return true;
}

/* A job may take more than expected: no other job may use the rest. */
static void taken_is_at_most_what_was_expected(void **state)
{
	static const char *const ids[] = {"a.400", "b.900", "c", NULL};
	struct backend_ops ops;
	struct bed b;

	(void)state;
	begin(&b, ids, true);
	ops = *b.backends[0]->ops;
	ops.measure = measure_700;
	b.backends[0]->ops = &ops;
	sched_start(b.s);
	b.n_run_started = 1;
	while (b.n_running < 3)
		assert_true(bed_step(&b));
	assert_int_equal(sched_memory_taken(b.s), 400 + 700);
	bed_run(&b);
	bed_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_run_together_while_their_memory_fits),
		cmocka_unit_test(memory_of_another_machine_does_not_count),
		cmocka_unit_test(a_job_starts_when_there_is_more_memory),
		cmocka_unit_test(taken_is_at_most_what_was_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
