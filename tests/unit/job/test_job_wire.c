/* SPDX-License-Identifier: Apache-2.0 */
/* Written values are read back, and damaged data is refused. */
#include "job/job_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

enum { RULES_FRAME = 9 };

static const struct pattern passes[] = {{.text = "PASSED"}},
			    fails[] = {{.text = "^UVM_ERROR"}, {.text = "panic"}};
static const char *const env[] = {"A=1", "B=", NULL}, *const keep[] = {"bazel*", NULL};
static const char *const terminal_env[] = {"TALKS=1", NULL};
static const struct tree_limits limits = {.memory_bytes = UINT64_C(1) << 42,
					  .cpu_s = 1.5,
					  .stall_s = 600,
					  .n_processes = 7,
					  .n_files = 64};
static const struct job_rules a_rule = {
	.cwd = "/somewhere",
	.tool = "vcs",
	.log_reader = "log",
	.env = env,
	.terminal_env = terminal_env,
	.keep = keep,
	.pass_patterns = {passes, 1},
	.fail_patterns = {fails, 2},
	.timeout_s = 60,
	.timeout_text = "1.0 minutes",
	.grace_s = -1,
	.max_log_bytes = UINT64_C(1) << 40,
	.limits = &limits,
	.max_odirs = 3,
	.leak = LEAK_FAIL,
	.renew_odir = true,
	.is_command = true,
};

static const struct job_coverage pairs[] = {{"LINE", "90 %"}, {"TOGGLE", "80 %"}};
static const struct job_measures measures = {
	.has_sim_time = true, .sim_time_us = 2.5, .coverage = pairs, .n_coverage = 2};
static const struct job_result a_result = {
	.status = JOB_FAILED,
	.reason = REASON_EXIT,
	.message = "it failed",
	.context = "line\nline",
	.line = 12,
	.exit_status = 3,
	.pid = 77,
	.marks = MARK_LEAKY,
	.duration_s = 1.5,
	.usage = {.user_s = 0.25, .max_rss_kib = 4096},
	.peak_memory_kib = UINT64_C(1) << 33,
	.cgroup_peak_kib = UINT64_C(1) << 34,
	.measures = &measures,
};

static struct wire frame_of(const struct str *bytes, size_t at, size_t *ret_size)
{
	struct wire w;
	uint8_t type;

	assert_int_equal(wire_next(bytes->s + at, bytes->len - at, &type, &w, ret_size), 1);
	assert_int_equal(type, RULES_FRAME);
	return w;
}

static void rules_are_taken_as_they_were_put(void **state)
{
	_cleanup_(str_done) struct str bytes = {0};
	struct job_rules r;
	uint32_t place;
	struct wire w;
	size_t size;

	(void)state;
	job_wire_put_rules(&bytes, RULES_FRAME, 5, &a_rule);
	w = frame_of(&bytes, 0, &size);
	assert_true(job_wire_take_rules(&w, &place, &r));
	assert_int_equal(place, 5);
	assert_string_equal(r.cwd, a_rule.cwd);
	assert_string_equal(r.tool, a_rule.tool);
	assert_string_equal(r.log_reader, a_rule.log_reader);
	assert_string_equal(r.env[1], "B=");
	assert_null(r.env[2]);
	assert_string_equal(r.terminal_env[0], "TALKS=1");
	assert_string_equal(r.keep[0], "bazel*");
	assert_int_equal(r.pass_patterns.n, 1);
	assert_int_equal(r.fail_patterns.n, 2);
	assert_string_equal(r.fail_patterns.at[1].text, "panic");
	assert_true(r.timeout_s == 60 && r.grace_s == -1);
	assert_string_equal(r.timeout_text, "1.0 minutes");
	assert_true(r.max_log_bytes == a_rule.max_log_bytes);
	assert_true(r.limits->memory_bytes == limits.memory_bytes);
	assert_true(r.limits->cpu_s == 1.5 && r.limits->stall_s == 600);
	assert_int_equal(r.limits->n_processes, 7);
	assert_int_equal(r.limits->n_files, 64);
	assert_int_equal(r.max_odirs, 3);
	assert_int_equal(r.leak, LEAK_FAIL);
	assert_true(r.renew_odir && r.is_command);
	assert_false(r.is_dry_run || r.is_interactive || r.is_shown || r.dump_env);
	job_wire_rules_done(&r);
}

/* Many kinds share places of the cache: the process then gets the rules again. */
static void rules_go_once_until_their_place_is_taken(void **state)
{
	struct job_rules *many = xcalloc(4 * JOB_WIRE_PLACES, sizeof(*many));
	struct job_wire_places places = {0};
	_cleanup_(str_done) struct str bytes = {0};
	const struct job_rules *there[JOB_WIRE_PLACES] = {0};
	size_t n_again = 0;

	(void)state;
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 4 * (size_t)JOB_WIRE_PLACES; i++) {
			size_t before = bytes.len;
			uint32_t place = job_wire_place_rules(&places, &bytes, RULES_FRAME,
							      &many[i]);

			assert_true(place < JOB_WIRE_PLACES);
			assert_int_equal(bytes.len > before, there[place] != &many[i]);
			n_again += round && bytes.len > before;
			there[place] = &many[i];
			before = bytes.len;
			assert_int_equal(
				job_wire_place_rules(&places, &bytes, RULES_FRAME, &many[i]),
				place);
			assert_int_equal(bytes.len, before);
		}
	}
	assert_true(n_again > 0);
	free(many);
}

static void a_result_is_taken_as_it_was_put(void **state)
{
	_cleanup_(str_done) struct str bytes = {0};
	struct job_outcome o = {0};
	struct wire w;

	(void)state;
	job_wire_put_result(&bytes, &a_result);
	w = (struct wire){bytes.s, bytes.s + bytes.len, true};
	assert_true(job_wire_take_result(&w, &o));
	assert_ptr_equal(w.at, w.end);
	assert_int_equal(o.result.status, JOB_FAILED);
	assert_int_equal(o.result.reason, REASON_EXIT);
	assert_string_equal(o.result.message, a_result.message);
	assert_string_equal(o.result.context, a_result.context);
	assert_int_equal(o.result.exit_status, 3);
	assert_int_equal(o.result.pid, 77);
	assert_int_equal(o.result.marks, MARK_LEAKY);
	assert_true(o.result.usage.user_s == 0.25);
	assert_ptr_equal(o.result.measures, &o.measures);
	assert_true(o.measures.has_sim_time && o.measures.sim_time_us == 2.5);
	assert_int_equal(o.measures.n_coverage, 2);
	assert_string_equal(o.measures.coverage[1].name, "TOGGLE");
	job_outcome_done(&o);
}

static void a_result_that_is_none_is_refused(void **state)
{
	static const struct job_coverage nameless = {NULL, "90 %"};
	static const struct job_measures bad_measures = {.coverage = &nameless, .n_coverage = 1};
	static const struct job_result bad[] = {
		{.status = JOB_RUNNING},
		{.status = JOB_STATUS_COUNT},
		{.status = JOB_PASSED, .reason = REASON_COUNT},
		{.status = JOB_PASSED, .measures = &bad_measures},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_(str_done) struct str bytes = {0};
		struct job_outcome o = {0};
		struct wire w;

		job_wire_put_result(&bytes, &bad[i]);
		w = (struct wire){bytes.s, bytes.s + bytes.len, true};
		assert_false(job_wire_take_result(&w, &o));
		job_outcome_done(&o);
	}
}

/* Cut and damaged frames are rejected, or have a valid content. ASan detects a read beyond the end.
 */
static void any_frame_is_refused_or_whole(void **state)
{
	_cleanup_(str_done) struct str rules = {0}, result = {0};
	unsigned seed = 4711;

	(void)state;
	job_wire_put_rules(&rules, RULES_FRAME, 5, &a_rule);
	job_wire_put_result(&result, &a_result);
	for (unsigned round = 0; round < 20000; round++) {
		bool is_rules = round % 2;
		const struct str *from = is_rules ? &rules : &result;
		size_t skip = is_rules ? 5 : 0, n = from->len - skip;
		char *copy = memcpy(xmalloc(n), from->s + skip, n);
		struct wire w;

		seed = seed * 1664525u + 1013904223u;
		copy[(seed >> 8) % n] = (char)(seed >> 4);
		if (round % 3 == 0)
			n = (seed >> 16) % n;
		w = (struct wire){copy, copy + n, true};
		if (is_rules) {
			struct job_rules r = {0};
			uint32_t place;

			if (job_wire_take_rules(&w, &place, &r))
				assert_true(place < JOB_WIRE_PLACES);
			job_wire_rules_done(&r);
		} else {
			struct job_outcome o = {0};

			if (job_wire_take_result(&w, &o))
				assert_true(job_status_is_final(o.result.status));
			job_outcome_done(&o);
		}
		free(copy);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_taken_as_they_were_put),
		cmocka_unit_test(rules_go_once_until_their_place_is_taken),
		cmocka_unit_test(a_result_is_taken_as_it_was_put),
		cmocka_unit_test(a_result_that_is_none_is_refused),
		cmocka_unit_test(any_frame_is_refused_or_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
