/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, decided from samples, without a process. */
#include "exec/tree_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"

#define MIB ((uint64_t)1 << 20)

static struct over_limit take_one(const struct tree_limits *limits, struct tree_sample s)
{
	struct tree_watch w;

	tree_watch_begin(&w, limits, 0);
	s.at_s = 0.1;
	return tree_watch_take(&w, &s);
}

static void each_limit_has_its_reason(void **state)
{
	static const struct {
		struct tree_limits limits;
		struct tree_sample within, over;
		enum job_reason reason;
		double limit, used;
	} cases[] = {
		{{.memory_bytes = 100 * MIB},
		 {.memory_bytes = 100 * MIB, .n_processes = 900, .cpu_s = 1e6},
		 {.memory_bytes = 100 * MIB + 1},
		 REASON_MEMORY_LIMIT,
		 100 * MIB,
		 100 * MIB + 1},
		{{.n_processes = 8},
		 {.n_processes = 8, .memory_bytes = 1000 * MIB, .cpu_s = 1e6},
		 {.n_processes = 9},
		 REASON_PROCESS_LIMIT,
		 8,
		 9},
		{{.cpu_s = 1.5},
		 {.cpu_s = 1.5, .memory_bytes = 1000 * MIB, .n_processes = 900},
		 {.cpu_s = 1.51},
		 REASON_CPU_LIMIT,
		 1.5,
		 1.51},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct over_limit over = take_one(&cases[i].limits, cases[i].within);

		assert_int_equal(over.reason, REASON_NONE);
		over = take_one(&cases[i].limits, cases[i].over);
		assert_int_equal(over.reason, cases[i].reason);
		assert_true(over.limit == cases[i].limit && over.used == cases[i].used);
	}
}

/* They cost at most half a percent of a processor. */
static void for_the_peak_alone_samples_are_late_and_few(void **state)
{
	static const struct tree_limits files = {.n_files = 9}, stall = {.stall_s = 9};
	struct tree_watch w;

	(void)state;
	tree_watch_begin(&w, &stall, 0);
	assert_true(w.pause_s < 0.5);
	tree_watch_begin(&w, &files, 0);
	assert_true(w.pause_s >= 1);
	assert_int_equal(take_one(&files, (struct tree_sample){.memory_bytes = UINT64_MAX}).reason,
			 REASON_NONE);
	for (double cost_s = 0.001; cost_s < 0.2; cost_s *= 2) {
		tree_watch_begin(&w, &files, 0);
		tree_watch_slow_down(&w, cost_s);
		assert_true(w.pause_s >= 1 && w.pause_s >= cost_s * 200);
	}
}

/* A larger sum of what they have may be made of shared pages. */
static void a_new_peak_is_looked_at_twice(void **state)
{
	static const struct tree_limits none, memory = {.memory_bytes = 500 * MIB};
	struct tree_sample s = {.at_s = 1, .memory_bytes = 100 * MIB};
	struct tree_watch w;

	(void)state;
	tree_watch_begin(&w, &none, 0);
	assert_int_equal(tree_watch_asks_twice(&w), 1);
	tree_watch_take(&w, &s);
	assert_int_equal(tree_watch_asks_twice(&w), 100 * MIB + 1);
	tree_watch_begin(&w, &memory, 0);
	tree_watch_take(&w, &s);
	assert_int_equal(tree_watch_asks_twice(&w), 500 * MIB);
}

/* Takes samples of s, each after the requested pause, until one has a result. Returns the time. */
static double run_until_over(struct tree_watch *w, struct tree_sample s, unsigned most)
{
	double at_s = w->last.at_s;

	for (unsigned i = 0; i < most; i++) {
		at_s += w->pause_s;
		s.at_s = at_s;
		if (tree_watch_take(w, &s).reason != REASON_NONE)
			return at_s;
	}
	return 0;
}

static void what_does_nothing_for_so_long_has_stalled(void **state)
{
	static const struct tree_limits limits = {.stall_s = 600};
	struct tree_sample s = {.cpu_s = 0.02, .n_processes = 1, .log_stamp = 7};
	struct over_limit over;
	struct tree_watch w;
	double end_s;

	(void)state;
	tree_watch_begin(&w, &limits, 1000);
	end_s = run_until_over(&w, s, 1000);
	assert_true(end_s > 1600.099 && end_s < 1600.2); /* from the first sample on */
	s.at_s = end_s + 1;
	over = tree_watch_take(&w, &s);
	assert_int_equal(over.reason, REASON_STALL);
	assert_true(over.limit == 600 && over.used >= 600);
}

static void whatever_it_does_it_has_not_stalled(void **state)
{
	static const struct tree_limits limits = {.stall_s = 5};

	(void)state;
	/* 0: CPU time, a little each second; 1: the log; 2: it waits for a processor */
	for (unsigned way = 0; way < 3; way++) {
		struct tree_sample s = {.log_stamp = 7, .is_runnable = way == 2};
		struct tree_watch w;

		tree_watch_begin(&w, &limits, 0);
		for (unsigned i = 1; i < 100; i++) {
			s.at_s = i;
			s.cpu_s = way == 0 ? i * 0.0015 : 1;
			s.log_stamp = way == 1 ? i / 4 : 7;
			assert_int_equal(tree_watch_take(&w, &s).reason, REASON_NONE);
		}
		s.is_runnable = false;
		assert_true(run_until_over(&w, s, 20) > 99);
	}
}

/* Sums of ticks of 10 ms have errors. */
static void less_cpu_time_than_a_tick_is_none(void **state)
{
	static const struct tree_limits limits = {.stall_s = 5};
	struct tree_sample s = {.cpu_s = 1, .log_stamp = 7};
	struct tree_watch w;

	(void)state;
	tree_watch_begin(&w, &limits, 0);
	for (unsigned i = 1; i < 100; i++) {
		s.at_s = i;
		s.cpu_s = 1 + (i % 2 ? 0 : 0.004);
		if (tree_watch_take(&w, &s).reason != REASON_NONE)
			break;
	}
	assert_true(s.at_s < 20);
	s.cpu_s += 0.01;
	s.at_s += 1;
	assert_int_equal(tree_watch_take(&w, &s).reason, REASON_NONE);
}

/* Everything was stopped, the sampler too: the job had no chance to do anything. */
static void time_without_samples_is_no_stall(void **state)
{
	static const struct tree_limits limits = {.stall_s = 60};
	struct tree_sample s = {.log_stamp = 7};
	struct tree_watch w;

	(void)state;
	tree_watch_begin(&w, &limits, 0);
	for (unsigned i = 1; i < 20; i++) {
		s.at_s = i * 3600;
		assert_int_equal(tree_watch_take(&w, &s).reason, REASON_NONE);
	}
	assert_true(w.idle_s > 10);
}

static void samples_become_rare_and_near_a_limit_frequent(void **state)
{
	static const double usual[] = {0.1, 0.2, 0.4, 0.8, 1, 1};
	static const struct tree_limits limits = {.memory_bytes = 1000 * MIB, .cpu_s = 100};
	struct tree_sample s = {.memory_bytes = MIB};
	struct tree_watch w;

	(void)state;
	tree_watch_begin(&w, &limits, 0);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		assert_true(w.pause_s > usual[i] - 1e-9 && w.pause_s < usual[i] + 1e-9);
		s.at_s += w.pause_s;
		tree_watch_take(&w, &s);
	}
	s.at_s += 1; /* 500 MiB a second: 500 are left */
	s.memory_bytes += 499 * MIB;
	tree_watch_take(&w, &s);
	assert_true(w.pause_s > 0.45 && w.pause_s < 0.55);
	s.at_s += 1;
	s.memory_bytes = 1000 * MIB;
	tree_watch_take(&w, &s);
	assert_true(w.pause_s == 0.02);
	tree_watch_slow_down(&w, 0.0001);
	assert_true(w.pause_s == 0.02);
	tree_watch_slow_down(&w, 0.05);
	assert_true(w.pause_s == 1);
	tree_watch_slow_down(&w, 60);
	assert_true(w.pause_s == 5);
	s.at_s += 1; /* 60 processors */
	s.cpu_s = 60;
	s.memory_bytes = MIB;
	tree_watch_take(&w, &s);
	assert_true(w.pause_s > 0.3 && w.pause_s < 0.4);
}

static void the_peak_is_the_largest_of_them(void **state)
{
	static const struct tree_limits limits = {.memory_bytes = 1000 * MIB};
	static const uint64_t sizes[] = {5 * MIB, 900 * MIB, 7 * MIB};
	struct tree_watch w;

	(void)state;
	tree_watch_begin(&w, &limits, 0);
	assert_int_equal(w.peak_bytes, 0);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct tree_sample s = {.at_s = 1.0 + (double)i, .memory_bytes = sizes[i]};

		tree_watch_take(&w, &s);
	}
	assert_int_equal(w.peak_bytes, 900 * MIB);
}

static void what_was_too_fast_for_samples_is_seen_at_the_end(void **state)
{
	static const struct {
		struct tree_limits limits;
		struct job_usage usage;
		enum job_reason reason;
	} cases[] = {
		{{.memory_bytes = 100 * MIB}, {.max_rss_kib = 100 * 1024}, REASON_NONE},
		{{.memory_bytes = 100 * MIB}, {.max_rss_kib = 100 * 1024 + 1}, REASON_MEMORY_LIMIT},
		{{.memory_bytes = MIB}, {.max_rss_kib = 4000}, REASON_NONE}, /* the slot's own */
		{{.cpu_s = 2}, {.user_s = 1.5, .system_s = 0.5, .max_rss_kib = 99999}, REASON_NONE},
		{{.cpu_s = 2}, {.user_s = 1.5, .system_s = 0.51}, REASON_CPU_LIMIT},
		{{.n_processes = 1, .stall_s = 1},
		 {.user_s = 99, .max_rss_kib = 9999},
		 REASON_NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(tree_watch_end(&cases[i].limits, &cases[i].usage, 4000).reason,
				 cases[i].reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_limit_has_its_reason),
		cmocka_unit_test(for_the_peak_alone_samples_are_late_and_few),
		cmocka_unit_test(a_new_peak_is_looked_at_twice),
		cmocka_unit_test(what_does_nothing_for_so_long_has_stalled),
		cmocka_unit_test(whatever_it_does_it_has_not_stalled),
		cmocka_unit_test(less_cpu_time_than_a_tick_is_none),
		cmocka_unit_test(time_without_samples_is_no_stall),
		cmocka_unit_test(samples_become_rare_and_near_a_limit_frequent),
		cmocka_unit_test(the_peak_is_the_largest_of_them),
		cmocka_unit_test(what_was_too_fast_for_samples_is_seen_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
