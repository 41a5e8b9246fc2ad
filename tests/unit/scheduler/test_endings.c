/* SPDX-License-Identifier: Apache-2.0 */
/* Status changes of a job, the effect of its end on others, retries, and ending a run early. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "bed.h"
#include "cmocka_all.h"
#include "scheduler/state.h"

static void every_pair_of_statuses_is_decided(void **state)
{
	/* rows: from; columns: to, in the order S Q R P F K */
	static const char *const may[] = {
		".x.xxx", "..x.xx", ".x.xxx", "......", "......", "......",
	};

	(void)state;
	for (int was = 0; was < JOB_STATUS_COUNT; was++)
		for (int next = 0; next < JOB_STATUS_COUNT; next++)
			assert_int_equal(job_may_go((enum job_status)was, (enum job_status)next),
					 may[was][next] == 'x');
}

/*
 * The end of an attempt goes by a letter of the id: "build:f" fails; t: timeout, k: killed, l:
 * lost, n: cannot be launched, r: refused, L: takes long, 2: fails once, 3: fails twice, 8: fails
 * always.
 */
static struct fake_outcome by_letter(const struct job *job, uint32_t attempt, void *ctx)
{
	const char *colon = strchr(job->spec->id, ':');
	struct fake_outcome o = {.status = JOB_PASSED, .duration_s = 1};
	struct fake_outcome fails = {.status = JOB_FAILED, .reason = REASON_EXIT, .duration_s = 1};

	(void)ctx;
	switch (colon ? colon[1] : ' ') {
	case 'f':
		return fails;
	case 't':
		return (struct fake_outcome){.status = JOB_KILLED, .reason = REASON_TIMEOUT};
	case 'k':
		return (struct fake_outcome){.status = JOB_KILLED, .reason = REASON_SCRIPTED};
	case 'l':
		return (struct fake_outcome){.status = JOB_KILLED, .reason = REASON_LOST};
	case 'n':
		return (struct fake_outcome){.status = JOB_KILLED, .reason = REASON_LAUNCH};
	case 'b':
		return (struct fake_outcome){.status = JOB_FAILED, .reason = REASON_BREAKS_DEVICES};
	case 'v':
		return (struct fake_outcome){.status = JOB_KILLED, .reason = REASON_NO_DEVICE};
	case 'r':
		return (struct fake_outcome){.submit = SUBMIT_REFUSED};
	case 'L':
		o.duration_s = 100;
		o.kill_delay_s = 5;
		return o;
	case 'u': /* not caused by the job, twice; then it fails once */
		fails.is_uncounted = attempt <= 2;
		return attempt <= 3 ? fails : o;
	case 'w': /* the same without that failure */
		fails.is_uncounted = true;
		return attempt <= 2 ? fails : o;
	case 'U':
		fails.is_uncounted = true;
		return fails;
	case '2':
	case '3':
	case '8':
		return attempt < (uint32_t)(colon[1] - '0') ? fails : o;
	default:
		return o;
	}
}

/* "a b<a c<a,b d<?a,b!" : needs after '<', needs any after '?', '!' makes it finally. */
static void add_graph(struct bed *b, const char *text)
{
	char word[64], *dep, *rest;
	int used;

	while (sscanf(text, "%63s%n", word, &used) == 1) {
		struct job_spec *spec;
		bool is_finally = str_ends(word, "!"), is_any = false;

		text += used;
		word[strcspn(word, "!")] = '\0';
		rest = strchr(word, '<');
		if (rest)
			*rest++ = '\0';
		spec = bed_job(b, "%s", word);
		bed_rules(spec)->is_finally = is_finally;
		while (rest && (dep = strsep(&rest, ",")) != NULL) {
			is_any |= *dep == '?';
			dep += *dep == '?';
			for (size_t i = 0; i < b->plan->n_jobs; i++)
				if (strcmp(b->plan->jobs[i].id, dep) == 0)
					(is_any ? bed_needs_any : bed_needs)(b, spec,
									     &b->plan->jobs[i]);
		}
	}
}

static void init(struct bed *b, const char *graph)
{
	bed_init(b, 64);
	add_graph(b, graph);
	bed_backend(b, NULL, by_letter, 0);
}

static const char *message_of(const struct bed *b, const char *id)
{
	const char *m = bed_find(b, id)->message;

	return m ? m : "";
}

static const char *root_of(const struct bed *b, const char *id)
{
	const struct job *root = sched_root_cause(b->s, bed_find(b, id));

	return root ? root->spec->id : "";
}

/* ---- failures ---- */

static void a_failure_kills_at_once_and_all_the_way(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "a:f slow:L b<a:f,slow:L c<b d<c,slow:L");
	bed_go(&b);
	assert_string_equal(b.ended.s, "a:f b c d slow:L ");
	assert_string_equal(bed_letters(&b), "FPKKK");
	assert_int_equal(bed_reason(&b, "d"), REASON_DEPENDENCY);
	assert_string_equal(message_of(&b, "b"), "needs 'a:f', which failed");
	assert_string_equal(message_of(&b, "d"), "needs 'c', which was killed");
	assert_string_equal(root_of(&b, "d"), "a:f");
	assert_string_equal(root_of(&b, "a:f"), "");
	bed_done(&b);
}

/* Its result has no start time: the attempt began when the start was reported. */
static void a_lost_job_began_when_it_was_started(void **state)
{
	struct job_spec *first, *lost;
	double began_s;
	struct bed b;

	(void)state;
	bed_init(&b, 2);
	first = bed_job(&b, "first");
	lost = bed_job(&b, "x:l");
	bed_needs(&b, lost, first);
	bed_backend(&b, NULL, by_letter, 0);
	began_s = clock_wall(&b.clock.clock) + 1;
	bed_go(&b);
	assert_int_equal(bed_reason(&b, "x:l"), REASON_LOST);
	assert_true(fabs(bed_find(&b, "x:l")->attempts->start_wall_s - began_s) < 1e-6);
	bed_done(&b);
}

static void needs_and_needs_any_go_together(void **state)
{
	static const struct {
		const char *graph, *letters;
		enum job_reason reason; /* of x */
	} cases[] = {
		{"a b:f c x<a,?b:f,c", "PFPP", REASON_NONE},
		{"a b:f c:f x<a,?b:f,c:f", "PFFK", REASON_ALL_DEPENDENCIES},
		{"a:f b c x<a:f,?b,c", "FPPK", REASON_DEPENDENCY},
		{"a:f b:f x<a:f,?b:f", "FFK", REASON_DEPENDENCY},
		{"a:f b x<?a:f,b", "FPP", REASON_NONE},
		{"a x<?a,a", "PP", REASON_NONE},
		{"a:f x<a:f,a:f", "FK", REASON_DEPENDENCY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bed b;

		init(&b, cases[i].graph);
		bed_go(&b);
		assert_string_equal(bed_letters(&b), cases[i].letters);
		assert_int_equal(bed_reason(&b, "x"), cases[i].reason);
		bed_done(&b);
	}
}

static void needs_any_waits_until_all_have_ended(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "a slow:L x<?a,slow:L");
	bed_go(&b);
	assert_true(bed_find(&b, "x")->started_s >= 100);
	bed_done(&b);
}

static void the_cause_of_none_passed_is_the_first_of_them(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "root:f a<root:f b:f x<?a,b:f y<?a");
	bed_go(&b);
	assert_string_equal(root_of(&b, "x"), "root:f");
	assert_string_equal(message_of(&b, "x"), "needs any of 2 jobs, and none passed");
	assert_string_equal(message_of(&b, "y"), "needs 'a', which did not pass");
	bed_done(&b);
}

static void a_chain_may_be_as_long_as_the_plan(void **state)
{
	enum { N = 200000 };
	struct job_spec *before = NULL;
	struct bed b;

	(void)state;
	bed_init(&b, N);
	for (unsigned i = 0; i < N; i++) {
		struct job_spec *spec = bed_job(&b, i ? "j%u" : "j%u:f", i);

		if (before)
			bed_needs(&b, spec, before);
		before = spec;
	}
	bed_backend(&b, NULL, by_letter, 0);
	bed_go(&b);
	assert_int_equal(sched_tally(b.s)[JOB_KILLED], N - 1);
	assert_string_equal(root_of(&b, "j199999"), "j0:f");
	bed_done(&b);
}

/* ---- finally ---- */

static void finally_jobs_run_last_whatever_happened(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "clean! a:f b<a:f slow:L report<?slow:L! after<a:f! last<clean!");
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "PFKPPKP");
	assert_string_equal(b.started.s, "a:f slow:L clean report last ");
	bed_done(&b);
}

static void finally_jobs_alone_run(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "x! y<x!");
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "PP");
	bed_done(&b);
}

/* ---- retries ---- */

static void set_retries(struct bed *b, uint32_t max, enum retry_on on, double backoff_s)
{
	for (size_t i = 0; i < b->plan->n_jobs; i++)
		bed_rules(&b->plan->jobs[i])->retry = (struct retry_rules){
			.max = max, .on = on, .backoff_s = backoff_s};
}

static void attempts_that_do_not_count_make_no_pass_flaky(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "a:w b:u");
	set_retries(&b, 1, RETRY_ANY, 0);
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "PP");
	assert_int_equal(bed_find(&b, "a:w")->n_attempts, 3);
	assert_int_equal(bed_find(&b, "a:w")->marks, 0);
	assert_int_equal(bed_find(&b, "b:u")->n_attempts, 4);
	assert_int_equal(bed_find(&b, "b:u")->marks, MARK_FLAKY);
	assert_int_equal(sched_n_flaky(b.s), 1);
	bed_done(&b);
}

static void a_pass_after_a_failure_is_flaky(void **state)
{
	const struct job *job;
	struct bed b;

	(void)state;
	init(&b, "a:2 b c<a:2");
	set_retries(&b, 1, RETRY_ANY, 0);
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "PPP");
	assert_int_equal(sched_n_flaky(b.s), 1);
	job = bed_find(&b, "a:2");
	assert_int_equal(job->marks, MARK_FLAKY);
	assert_int_equal(bed_find(&b, "b")->marks, 0);
	assert_int_equal(job->n_attempts, 2);
	assert_int_equal(job->attempts->number, 2);
	assert_int_equal(job->attempts->status, JOB_PASSED);
	assert_string_equal(job->attempts->where, "fake");
	assert_int_equal(job->attempts->before->status, JOB_FAILED);
	assert_int_equal(job->attempts->before->reason, REASON_EXIT);
	assert_null(job->attempts->before->before);
	assert_null(job->message);
	assert_non_null(strstr(b.trace.s, "a:2 RUNNING>QUEUED exit\n"));
	bed_done(&b);
}

static void retries_go_by_the_kind_of_end(void **state)
{
	static const struct {
		const char *id;
		uint32_t n_any, n_infra, n_job, n_timeout; /* attempts with two retries */
	} cases[] = {
		{"x:f", 3, 1, 3, 1}, {"x:t", 3, 1, 3, 3}, {"x:l", 3, 3, 1, 1}, {"x:n", 3, 3, 1, 1},
		{"x:r", 0, 0, 0, 0}, {"x:3", 3, 1, 3, 1}, {"x:v", 1, 1, 1, 1}, {"x:b", 1, 1, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases) * 4; i++) {
		static const enum retry_on ons[] = {RETRY_ANY, RETRY_INFRA, RETRY_JOB,
						    RETRY_TIMEOUT};
		const uint32_t want[] = {cases[i / 4].n_any, cases[i / 4].n_infra,
					 cases[i / 4].n_job, cases[i / 4].n_timeout};
		struct bed b;

		init(&b, cases[i / 4].id);
		set_retries(&b, 2, ons[i % 4], 0);
		bed_go(&b);
		assert_int_equal(bed_find(&b, cases[i / 4].id)->n_attempts, want[i % 4]);
		bed_done(&b);
	}
}

static void what_is_not_the_jobs_doing_costs_it_no_retry(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 2);
	bed_backend(&b, "fake", by_letter, 0);
	add_graph(&b, "a:u b:u");
	set_retries(&b, 1, RETRY_ANY, 0);
	bed_rules(&b.plan->jobs[1])->retry.max = 0;
	bed_go(&b);
	assert_int_equal(bed_status(&b, "a:u"), JOB_PASSED);
	assert_int_equal(bed_find(&b, "a:u")->n_attempts, 4);
	assert_int_equal(bed_status(&b, "b:u"), JOB_FAILED);
	assert_int_equal(bed_find(&b, "b:u")->n_attempts, 3);
	bed_done(&b);
}

static void but_not_for_ever(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	bed_backend(&b, "fake", by_letter, 0);
	add_graph(&b, "a:U");
	bed_go(&b);
	assert_int_equal(bed_status(&b, "a:U"), JOB_FAILED);
	assert_int_equal(bed_find(&b, "a:U")->n_attempts, 17);
	bed_done(&b);
}

static void the_pause_before_a_retry_doubles_up_to_ten_minutes(void **state)
{
	/* 1 s each attempt; 200, 400, 600, 600 s between */
	struct bed b;

	(void)state;
	init(&b, "a:8");
	set_retries(&b, 4, RETRY_ANY, 200);
	bed_go(&b);
	assert_int_equal(bed_find(&b, "a:8")->n_attempts, 5);
	assert_true(fabs(b.clock.now_s - (5 + 200 + 400 + 600 + 600)) < 1e-6);
	bed_done(&b);
}

static void what_a_job_holds_is_given_back_between_attempts(void **state)
{
	struct resource_limit limit = {.name = "LIC", .count = 1};
	struct bed b;

	(void)state;
	init(&b, "a:2 b");
	bed_resource(&b, &b.plan->jobs[0], "LIC", 1);
	bed_resource(&b, &b.plan->jobs[1], "LIC", 1);
	set_retries(&b, 1, RETRY_ANY, 10);
	b.options.limits = &limit;
	b.options.n_limits = 1;
	bed_go(&b);
	assert_string_equal(b.ended.s, "b a:2 ");
	bed_done(&b);
}

/* ---- stopping ---- */

static void run_until(struct bed *b, double at_s)
{
	if (b->n_run_started == 0)
		sched_start(b->s);
	while (b->clock.now_s < at_s || b->is_woken)
		assert_true(bed_step(b));
}

static void each_stop_lets_run_what_it_may(void **state)
{
	static const char graph[] =
		"a slow:L b<slow:L any<?a,slow:L pub<any both<any,slow:L cut<any,b clean! tidy<b!";
	static const struct {
		enum sched_stop how;
		const char *letters;
		double ends_s;
	} cases[] = {
		{STOP_LAUNCHING, "PPKPPPKPK", 103},
		{STOP_DEADLINE, "PKKPPKKPK", 10},
		{STOP_TERM, "PKKKKKKPK", 8},
		{STOP_KILL, "PKKKKKKKK", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum job_reason reason = cases[i].how == STOP_DEADLINE ? REASON_RUN_DEADLINE
								       : REASON_USER;
		struct bed b;

		init(&b, graph);
		/* a ends at 1, slow:L at 100, or 5 s after it is asked to; the stop comes at 2. */
		bed_job(&b, "mark");
		bed_backend(&b, "mark", NULL, 0);
		assert_int_equal(bed_load(&b), 0);
		run_until(&b, 1);
		b.clock.now_s = 2;
		sched_stop(b.s, cases[i].how, reason, cases[i].how >= STOP_TERM ? SIGTERM : 0);
		bed_run(&b);
		assert_memory_equal(bed_letters(&b), cases[i].letters, 9);
		assert_int_equal(bed_reason(&b, "b"), reason);
		assert_int_equal(bed_reason(&b, "tidy"),
				 cases[i].how == STOP_KILL ? REASON_USER : REASON_DEPENDENCY);
		assert_int_equal(b.n_kill_signals, cases[i].how > STOP_LAUNCHING);
		if (cases[i].how > STOP_LAUNCHING)
			assert_int_equal(bed_reason(&b, "slow:L"), reason);
		assert_true(fabs(b.clock.now_s - cases[i].ends_s) < 1.001);
		bed_done(&b);
	}
}

static void only_a_sterner_stop_counts(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "slow:L x<slow:L");
	assert_int_equal(bed_load(&b), 0);
	run_until(&b, 0);
	sched_stop(b.s, STOP_TERM, REASON_USER, SIGINT);
	bed_step(&b);
	assert_int_equal(b.n_kill_signals, 1);
	sched_stop(b.s, STOP_TERM, REASON_RUN_DEADLINE, SIGTERM);
	sched_stop(b.s, STOP_DEADLINE, REASON_RUN_DEADLINE, 0);
	bed_run(&b);
	assert_int_equal(b.n_kill_signals, 1);
	assert_int_equal(bed_reason(&b, "x"), REASON_USER);
	assert_true(fabs(b.clock.now_s - 5) < 1e-9);
	bed_done(&b);
}

static void a_stop_before_the_start_lets_nothing_begin(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "a b<a clean!");
	assert_int_equal(bed_load(&b), 0);
	sched_stop(b.s, STOP_TERM, REASON_USER, SIGINT);
	bed_run(&b);
	assert_string_equal(bed_letters(&b), "KKP");
	assert_string_equal(message_of(&b, "a"), "not started: the run was stopped");
	bed_done(&b);
}

static void no_retry_comes_after_a_stop(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "waits:8 runs:f slow:L");
	set_retries(&b, 5, RETRY_ANY, 50);
	assert_int_equal(bed_load(&b), 0);
	sched_start(b.s);
	while (bed_status(&b, "runs:f") != JOB_QUEUED || b.clock.now_s < 1)
		bed_step(&b);
	sched_stop(b.s, STOP_LAUNCHING, REASON_USER, 0);
	bed_run(&b);
	assert_string_equal(bed_letters(&b), "KKP");
	assert_int_equal(bed_reason(&b, "waits:8"), REASON_USER);
	assert_int_equal(bed_find(&b, "waits:8")->n_attempts, 1);
	assert_true(fabs(b.clock.now_s - 100) < 1e-9); /* not for a retry that will not happen */
	bed_done(&b);
}

static void a_pass_that_came_before_the_kill_stands(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "a");
	assert_int_equal(bed_load(&b), 0);
	sched_start(b.s);
	while (b.clock.now_s < 1)
		bed_step(&b);
	assert_int_equal(bed_status(&b, "a"), JOB_RUNNING);
	assert_true(b.is_woken); /* its end is reported, and not yet drained */
	sched_stop(b.s, STOP_TERM, REASON_USER, SIGINT);
	bed_run(&b);
	assert_int_equal(bed_status(&b, "a"), JOB_PASSED);
	bed_done(&b);
}

static void the_nth_root_failure_stops_launching(void **state)
{
	/* One at a time, in the order a:f, f, any, d:f, e:f. */
	static const struct {
		uint32_t max;
		const char *letters;
	} cases[] = {
		{0, "FKKFFPP"}, {1, "FKKKKKK"}, {2, "FKKFKPP"}, {3, "FKKFFPP"}, {4, "FKKFFPP"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bed b;

		bed_init(&b, 16);
		add_graph(&b, "a:f b<a:f c<a:f d:f e:f f any<?a:f,f");
		bed_backend(&b, NULL, by_letter, 1);
		b.options.max_failures = cases[i].max;
		bed_go(&b);
		assert_string_equal(bed_letters(&b), cases[i].letters);
		if (cases[i].max == 1) {
			assert_int_equal(bed_reason(&b, "f"), REASON_MAX_FAILURES);
			assert_string_equal(message_of(&b, "f"),
					    "not started: the limit of failures was reached");
			assert_int_equal(bed_reason(&b, "any"), REASON_ALL_DEPENDENCIES);
		}
		bed_done(&b);
	}
}

static void a_retried_failure_is_not_yet_one(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "a:2 b<a:2");
	set_retries(&b, 1, RETRY_ANY, 0);
	b.options.max_failures = 1;
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "PP");
	bed_done(&b);
}

static void a_broken_observer_hears_nothing_more(void **state)
{
	struct bed b;

	(void)state;
	init(&b, "a");
	assert_int_equal(bed_load(&b), 0);
	observer_break(&b.observer, "disk %s", "full");
	observer_break(&b.observer, "again");
	sched_start(b.s);
	while (!sched_is_done(b.s))
		bed_step(&b);
	assert_string_equal(b.trace.s, "");
	assert_int_equal(b.n_run_started + b.n_run_ended, 0);
	assert_string_equal(b.observer.broken_why, "disk full");
	bed_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_of_statuses_is_decided),
		cmocka_unit_test(a_failure_kills_at_once_and_all_the_way),
		cmocka_unit_test(a_lost_job_began_when_it_was_started),
		cmocka_unit_test(needs_and_needs_any_go_together),
		cmocka_unit_test(needs_any_waits_until_all_have_ended),
		cmocka_unit_test(the_cause_of_none_passed_is_the_first_of_them),
		cmocka_unit_test(a_chain_may_be_as_long_as_the_plan),
		cmocka_unit_test(finally_jobs_run_last_whatever_happened),
		cmocka_unit_test(finally_jobs_alone_run),
		cmocka_unit_test(attempts_that_do_not_count_make_no_pass_flaky),
		cmocka_unit_test(a_pass_after_a_failure_is_flaky),
		cmocka_unit_test(retries_go_by_the_kind_of_end),
		cmocka_unit_test(what_is_not_the_jobs_doing_costs_it_no_retry),
		cmocka_unit_test(but_not_for_ever),
		cmocka_unit_test(the_pause_before_a_retry_doubles_up_to_ten_minutes),
		cmocka_unit_test(what_a_job_holds_is_given_back_between_attempts),
		cmocka_unit_test(each_stop_lets_run_what_it_may),
		cmocka_unit_test(only_a_sterner_stop_counts),
		cmocka_unit_test(a_stop_before_the_start_lets_nothing_begin),
		cmocka_unit_test(no_retry_comes_after_a_stop),
		cmocka_unit_test(a_pass_that_came_before_the_kill_stands),
		cmocka_unit_test(the_nth_root_failure_stops_launching),
		cmocka_unit_test(a_retried_failure_is_not_yet_one),
		cmocka_unit_test(a_broken_observer_hears_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
