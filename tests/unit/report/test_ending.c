/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "report/ending/ending.h"

/* A run of one block, rows as a test sets them; "b:job<i>" unless said otherwise. */
struct story {
	struct plan *plan;
	struct result_row *rows;
	struct attempt_row *attempts; /* one per job */
	struct results_head head;
	struct ending_options options;
	struct str text;
};

static void story_init(struct story *s, size_t n)
{
	struct plan *p = plan_new();
	struct job_block *block = arena_zalloc(p->mem, sizeof(*block));
	struct job_rules *rules = arena_zalloc(p->mem, sizeof(*rules));

	*s = (struct story){.plan = p};
	*block = (struct job_block){"b", "/scratch/b", NULL};
	p->scratch_root = "/scratch";
	p->n_jobs = n;
	p->jobs = arena_array(p->mem, n, sizeof(*p->jobs));
	s->rows = arena_array(p->mem, n, sizeof(*s->rows));
	s->attempts = arena_array(p->mem, n, sizeof(*s->attempts));
	for (size_t i = 0; i < n; i++) {
		struct job_spec *spec = &p->jobs[i];

		spec->name = arena_printf(p->mem, "job%zu", i);
		spec->id = arena_printf(p->mem, "b:job%zu", i);
		spec->block = block;
		spec->rules = rules;
		spec->log = arena_printf(p->mem, "/scratch/b/job%zu/log", i);
		s->attempts[i].number = 1;
		s->rows[i] = (struct result_row){.spec = spec,
						 .status = JOB_PASSED,
						 .attempts = &s->attempts[i],
						 .n_attempts = 1};
	}
	s->head.duration_s = 62;
	s->options = (struct ending_options){
		.width = 80,
		.run_path = "/scratch/.dvsched/runs/R",
		.results_path = "/scratch/.dvsched/runs/R/results.json",
		.rerun_command = "dvsched run x.hjson --rerun R"};
}

static void story_done(struct story *s)
{
	plan_free(s->plan);
	str_done(&s->text);
}

static void set(struct story *s, size_t n, enum job_status status, enum job_reason reason,
		const char *message)
{
	s->rows[n].status = status;
	s->rows[n].reason = reason;
	s->rows[n].message = message;
}

static void fail_job(struct story *s, size_t n, const char *message)
{
	set(s, n, JOB_FAILED, REASON_FAIL_PATTERN, message);
}

/* It never ran, because of another. */
static void cancel(struct story *s, size_t n, size_t cause)
{
	set(s, n, JOB_KILLED, REASON_DEPENDENCY, "Job cancelled");
	s->rows[n].cause = s->plan->jobs[cause].id;
	s->rows[n].n_attempts = 0;
}

static void give_row(void *ctx, size_t n, struct result_row *row)
{
	const struct story *s = ctx;

	*row = s->rows[n];
}

static const char *tell(struct story *s)
{
	str_clear(&s->text);
	ending_write(&s->text, s->plan, &s->head, give_row, s, &s->options);
	return s->text.s;
}

static unsigned n_lines(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

static void a_run_that_passed_is_four_lines(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 2000);
	assert_string_equal(tell(&s), "2000 jobs: 2000 passed in 1m02s\n"
				      "logs     /scratch/b\n"
				      "run      /scratch/.dvsched/runs/R\n"
				      "results  /scratch/.dvsched/runs/R/results.json\n");
	story_done(&s);
}

static void an_empty_run_is_reported_too(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 0);
	assert_has(tell(&s), "0 jobs: 0 passed in 1m02s\n");
	story_done(&s);
}

static void failures_are_reported_by_cause_and_then_the_counts(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 1010);
	fail_job(&s, 1, "mismatch exp 0xdead act 0x1234 at idx 77");
	fail_job(&s, 2, "mismatch exp 0xbeef act 0x4321 at idx 5");
	fail_job(&s, 3, "mismatch exp 0x1 act 0x2 at idx 6");
	s.attempts[1].number = 2;
	s.rows[1].n_attempts = 1;
	s.attempts[1].result.line = 17;
	s.attempts[1].result.context = "mismatch exp 0xdead\nafter\tit";
	set(&s, 4, JOB_FAILED, REASON_EXIT, "Job returned a non-zero exit code: 2");
	s.attempts[4].result.context = "cc: not found\nmake: *** [all] Error 127\n";
	for (size_t i = 5; i < 1005; i++)
		cancel(&s, i, 4);
	set(&s, 1005, JOB_KILLED, REASON_TIMEOUT, "Job timed out after 1.0 minutes");
	s.rows[1006].marks = MARK_FLAKY;
	s.rows[1007].marks = MARK_LEAKY;
	assert_string_equal(
		tell(&s),
		"1 job failed (exit): Job returned a non-zero exit code: *\n"
		"  b:job4\n"
		"    Job returned a non-zero exit code: 2\n"
		"    /scratch/b/job4/log\n"
		"      | cc: not found\n"
		"      | make: *** [all] Error 127\n"
		"  1000 jobs cancelled because of it\n"
		"\n"
		"3 jobs failed (fail_pattern): mismatch exp * act * at idx *\n"
		"  b:job1\n"
		"    mismatch exp 0xdead act 0x1234 at idx 77\n"
		"    /scratch/b/job1/log:17\n"
		"      | mismatch exp 0xdead\n"
		"      | after    it\n"
		"  b:job2\n"
		"    mismatch exp 0xbeef act 0x4321 at idx 5\n"
		"    /scratch/b/job2/log\n"
		"  … and 1 more\n"
		"\n"
		"1 job killed (timeout): Job timed out after * minutes\n"
		"  b:job1005\n"
		"    Job timed out after 1.0 minutes\n"
		"    /scratch/b/job1005/log\n"
		"\n"
		"(--show-failures all shows every failed job)\n"
		"\n"
		"1 flaky: b:job1006\n"
		"1 left processes behind (killed): b:job1007\n"
		"1010 jobs: 5 passed (1 flaky), 4 failed, 1 killed, 1000 cancelled in 1m02s\n"
		"logs     /scratch/b\n"
		"run      /scratch/.dvsched/runs/R\n"
		"results  /scratch/.dvsched/runs/R/results.json\n"
		"rerun    dvsched run x.hjson --rerun R\n");
	story_done(&s);
}

static void the_attempt_is_reported_where_there_was_more_than_one(void **state)
{
	struct attempt_row attempts[] = {{.number = 1}, {.number = 2, .result = {.line = 3}}};
	struct story s;

	(void)state;
	story_init(&s, 1);
	fail_job(&s, 0, "x");
	s.rows[0].attempts = attempts;
	s.rows[0].n_attempts = 2;
	assert_has(tell(&s), "  b:job0  (attempt 2)\n    /scratch/b/job0/log:3\n");
	story_done(&s);
}

static void what_was_just_said_is_not_said_again(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 2);
	fail_job(&s, 0, "plain words");
	fail_job(&s, 1, "plain words");
	assert_has(tell(&s), "2 jobs failed (fail_pattern): plain words\n"
			     "  b:job0\n"
			     "    /scratch/b/job0/log\n"
			     "  b:job1\n"
			     "    /scratch/b/job1/log\n"
			     "\n");
	story_done(&s);
}

static void what_the_user_stopped_is_counted_and_no_failure(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 10);
	for (size_t i = 0; i < 3; i++)
		set(&s, i, JOB_KILLED, REASON_USER, "Job killed");
	for (size_t i = 3; i < 8; i++)
		cancel(&s, i, 0);
	set(&s, 8, JOB_KILLED, REASON_RUN_DEADLINE, "Job killed");
	set(&s, 9, JOB_KILLED, REASON_MAX_FAILURES, "Job killed");
	assert_string_equal(
		tell(&s), "3 jobs stopped because the run was ended, 5 cancelled because of that\n"
			  "1 job stopped: --max-failures was reached\n"
			  "1 job stopped at the run deadline\n"
			  "\n"
			  "10 jobs: 0 passed, 5 cancelled, 5 stopped in 1m02s\n"
			  "logs     /scratch/b\n"
			  "run      /scratch/.dvsched/runs/R\n"
			  "results  /scratch/.dvsched/runs/R/results.json\n"
			  "rerun    dvsched run x.hjson --rerun R\n");
	story_done(&s);
}

static void a_cause_may_stand_behind_what_it_cancelled(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 3);
	cancel(&s, 0, 2);
	fail_job(&s, 2, "x");
	assert_has(tell(&s), "1 job cancelled because of it\n");
	story_done(&s);
}

static void who_cancelled_most_is_shown_first_in_its_bucket(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 520);
	for (size_t i = 0; i < 10; i++)
		set(&s, i, JOB_FAILED, REASON_EXIT, "exit 1");
	s.attempts[0].result.context = "a test that went wrong";
	s.attempts[7].result.context = "make: *** [all] Error 1";
	cancel(&s, 10, 3);
	for (size_t i = 11; i < 511; i++)
		cancel(&s, i, 7);
	assert_has(tell(&s), "10 jobs failed (exit): exit *\n"
			     "  b:job7  (cancelled 500)\n"
			     "    exit 1\n"
			     "    /scratch/b/job7/log\n"
			     "      | make: *** [all] Error 1\n"
			     "  b:job3  (cancelled 1)\n"
			     "    /scratch/b/job3/log\n"
			     "  … and 8 more; 501 jobs cancelled because of them\n");
	s.options.show_failures = UINT_MAX;
	assert_has(tell(&s), "(cancelled 1)\n    /scratch/b/job3/log\n  b:job0\n");
	assert_has(s.text.s,
		   "  b:job9\n    /scratch/b/job9/log\n  501 jobs cancelled because of them");
	story_done(&s);
}

static void messages_that_differ_in_their_reason_are_two_buckets(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 2);
	fail_job(&s, 0, "x");
	set(&s, 1, JOB_FAILED, REASON_EXIT, "x");
	assert_has(tell(&s), "1 job failed (fail_pattern): x\n");
	assert_has(tell(&s), "1 job failed (exit): x\n");
	story_done(&s);
}

static void jobs_left_out_of_a_bucket_name_the_option_that_shows_them(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 3);
	for (size_t i = 0; i < 3; i++)
		fail_job(&s, i, "x");
	assert_has(tell(&s), "  … and 1 more\n");
	assert_has(s.text.s, "(--show-failures all shows every failed job)\n");
	story_done(&s);
}

/* Many kinds of failure, all with a long context and dependents. */
static void make_many(struct story *s, size_t n_kinds, size_t n_each)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < n_kinds * n_each; i++) {
		size_t kind = i % n_kinds;

		fail_job(s, i,
			 arena_printf(s->plan->mem, "bad %c%c at 0x%zx", letters[kind % 26],
				      letters[kind / 26], i));
		s->attempts[i].result.context = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12";
		s->attempts[i].result.line = 4;
	}
}

static void what_a_full_disk_refuses_is_one_kind_of_failure(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 9);
	for (size_t i = 0; i < 9; i++) {
		struct job_spec *spec = &s.plan->jobs[i];

		spec->dir = arena_printf(s.plan->mem, "/scratch/b/%c", 'a' + (int)i);
		spec->log = arena_printf(s.plan->mem, "%s/log", spec->dir);
		set(&s, i, JOB_FAILED, REASON_LAUNCH,
		    arena_printf(s.plan->mem,
				 i < 4 ? "cannot make the directory %s: No space left on device"
				       : "cannot open the log %s: No space left on device",
				 i < 4 ? spec->dir : spec->log));
	}
	tell(&s);
	assert_has(s.text.s, "5 jobs failed (launch): cannot open the log *: No space left on");
	assert_has(s.text.s, "4 jobs failed (launch): cannot make the directory *: No space left");
	/* The message of each job has its path. */
	assert_has(s.text.s,
		   "    cannot make the directory /scratch/b/a: No space left on device\n");
	/* There are no logs to look at. */
	assert_null(strstr(s.text.s, "    /scratch/b/a/log\n"));
	assert_null(strstr(s.text.s, "    /scratch/b/e/log\n"));
	story_done(&s);
}

static void a_cause_that_is_cut_in_its_line_is_whole_below(void **state)
{
	struct story s;
	const char *dir = "/scratch/a_directory_with_a_long_name/and_another_one_below_it/and/more";

	(void)state;
	story_init(&s, 1);
	s.plan->jobs[0].dir = "/elsewhere";
	s.plan->jobs[0].log = "/elsewhere/log";
	set(&s, 0, JOB_FAILED, REASON_LAUNCH,
	    arena_printf(s.plan->mem, "cannot make the directory %s: No space left on device",
			 dir));
	tell(&s);
	assert_has(s.text.s, "and/more: No space left on device\n");
	story_done(&s);
}

static void jobs_that_break_devices_do_so_in_one_way(void **state)
{
	static const char *const lists[] = {"0-1", "0,2-3", "7"};
	struct story s;

	(void)state;
	story_init(&s, 3);
	for (size_t i = 0; i < 3; i++)
		set(&s, i, JOB_FAILED, REASON_BREAKS_DEVICES,
		    arena_printf(s.plan->mem,
				 "the job breaks devices (%s): device %zu: fault: wedge", lists[i],
				 i));
	tell(&s);
	assert_has(s.text.s,
		   "3 jobs failed (breaks_devices): the job breaks devices (*): device *: fault");
	assert_has(s.text.s, "    the job breaks devices (0-1): device 0: fault: wedge\n");
	story_done(&s);
}

static void ten_thousand_failures_fit_into_60_lines(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 20000);
	make_many(&s, 100, 100);
	for (size_t i = 10000; i < 19000; i++)
		cancel(&s, i, i % 10000);
	set(&s, 19000, JOB_KILLED, REASON_USER, "Job killed");
	set(&s, 19001, JOB_KILLED, REASON_RUN_DEADLINE, "Job killed");
	s.rows[19002].marks = MARK_FLAKY;
	s.rows[19003].marks = MARK_LEAKY;
	tell(&s);
	assert_true(n_lines(s.text.s) <= 60);
	assert_has(s.text.s, "… and 95 more kinds of failure: 9500 jobs, 8550 cancelled");
	assert_has(s.text.s, "  … and 98 more; 90 jobs cancelled because of them\n");
	assert_has(s.text.s, "(--show-failures all shows every failed job)\n");
	assert_has(s.text.s, "10000 failed");
	story_done(&s);
}

static void the_room_that_is_left_goes_to_the_logs(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 100);
	make_many(&s, 1, 1);
	assert_has(tell(&s), "      | 10\n"); /* ten lines … */
	assert_lacks(s.text.s, "      | 11\n");
	story_done(&s);
	story_init(&s, 100);
	make_many(&s, 5, 1);
	assert_lacks(tell(&s), "--show-failures"); /* nothing is left out */
	assert_true(n_lines(s.text.s) <= 60);
	assert_has(s.text.s, "      | 3\n"); /* … or as many as fit */
	assert_lacks(s.text.s, "      | 10\n");
	story_done(&s);
}

static void without_a_deciding_line_the_last_lines_are_shown(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 1);
	make_many(&s, 1, 1);
	s.attempts[0].result.line = 0;
	assert_has(tell(&s), "      | 12\n");
	assert_lacks(s.text.s, "      | 2\n");
	story_done(&s);
}

static void more_is_shown_to_those_who_ask(void **state)
{
	struct story s;
	unsigned n = 0;

	(void)state;
	story_init(&s, 100);
	make_many(&s, 10, 10);
	s.options.show_failures = UINT_MAX;
	for (const char *at = tell(&s); (at = strstr(at, "/log:4\n")) != NULL; at++)
		n++;
	assert_int_equal(n, 100);
	assert_lacks(s.text.s, "more");
	s.options.show_failures = 30;
	n = 0;
	for (const char *at = tell(&s); (at = strstr(at, "/log:4\n")) != NULL; at++)
		n++;
	assert_int_equal(n, 30);
	story_done(&s);
}

/* Nothing but a path is wider than it may be; nothing is cut within a character. */
static void lines_keep_to_the_width(void **state)
{
	struct story s;
	char *line, *rest;

	(void)state;
	story_init(&s, 1);
	fail_job(&s, 0,
		 "äöü wörds thät äre löng änd gö on änd on until the end of the line is past "
		 "by quite a bit and then a bit more than that, and once more, to be sure, "
		 "until even the second line is full and there is no more room");
	s.attempts[0].result.context = "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"
				       "ééééééééééééééééééééééééééééééé\033[31mred";
	s.attempts[0].result.line = 1;
	tell(&s);
	assert_int_equal(utf8_first_bad(s.text.s, s.text.len), s.text.len);
	assert_lacks(s.text.s, "\033");
	assert_has(s.text.s, "…");
	for (rest = s.text.s; (line = strsep(&rest, "\n")) != NULL;) {
		unsigned columns = 0;

		for (const char *c = line; *c; c++)
			columns += ((unsigned char)*c & 0xc0) != 0x80;
		assert_true(columns <= (str_starts(line, "    ä") ? 160 : 80));
	}
	story_done(&s);
}

static void colours_are_there_only_when_wanted(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 2);
	fail_job(&s, 0, "x");
	assert_lacks(tell(&s), "\033");
	s.options.color = true;
	assert_has(tell(&s), "\033[31m1 job failed (fail_pattern): x\033[0m\n");
	assert_has(s.text.s, "\033[1m\033[31m2 jobs: 1 passed, 1 failed in 1m02s\033[0m\n");
	story_done(&s);
}

static void logs_of_many_blocks_are_below_the_scratch_root(void **state)
{
	struct job_block other = {"c", "/scratch/c", NULL};
	struct story s;

	(void)state;
	story_init(&s, 2);
	s.plan->jobs[1].block = &other;
	assert_has(tell(&s), "logs     /scratch\n");
	story_done(&s);
}

static void a_pass_on_a_fallback_is_reported_with_its_stage(void **state)
{
	struct story s;

	(void)state;
	story_init(&s, 3);
	for (size_t i = 0; i < 2; i++) {
		s.rows[i].marks = MARK_FALLBACK;
		s.attempts[i].stage = "pin";
	}
	s.rows[2].marks = MARK_FLAKY;
	assert_non_null(strstr(tell(&s),
			       "2 passed on a fallback only: b:job0 (pin), b:job1 (pin)\n"
			       "1 flaky: b:job2\n"
			       "3 jobs: 3 passed (2 on a fallback only, 1 flaky) in 1m02s\n"));
	story_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_passed_is_four_lines),
		cmocka_unit_test(a_pass_on_a_fallback_is_reported_with_its_stage),
		cmocka_unit_test(an_empty_run_is_reported_too),
		cmocka_unit_test(failures_are_reported_by_cause_and_then_the_counts),
		cmocka_unit_test(the_attempt_is_reported_where_there_was_more_than_one),
		cmocka_unit_test(what_was_just_said_is_not_said_again),
		cmocka_unit_test(what_the_user_stopped_is_counted_and_no_failure),
		cmocka_unit_test(a_cause_may_stand_behind_what_it_cancelled),
		cmocka_unit_test(who_cancelled_most_is_shown_first_in_its_bucket),
		cmocka_unit_test(messages_that_differ_in_their_reason_are_two_buckets),
		cmocka_unit_test(what_a_full_disk_refuses_is_one_kind_of_failure),
		cmocka_unit_test(a_cause_that_is_cut_in_its_line_is_whole_below),
		cmocka_unit_test(jobs_that_break_devices_do_so_in_one_way),
		cmocka_unit_test(ten_thousand_failures_fit_into_60_lines),
		cmocka_unit_test(jobs_left_out_of_a_bucket_name_the_option_that_shows_them),
		cmocka_unit_test(the_room_that_is_left_goes_to_the_logs),
		cmocka_unit_test(without_a_deciding_line_the_last_lines_are_shown),
		cmocka_unit_test(more_is_shown_to_those_who_ask),
		cmocka_unit_test(lines_keep_to_the_width),
		cmocka_unit_test(colours_are_there_only_when_wanted),
		cmocka_unit_test(logs_of_many_blocks_are_below_the_scratch_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
