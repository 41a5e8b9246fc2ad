/* SPDX-License-Identifier: Apache-2.0 */
/* The fallback of a job that failed by itself. */
#include <signal.h>
#include <string.h>

#include "base/attr.h"
#include "bed.h"
#include "cmocka_all.h"

/* By the last letter of the stage, or of the id: f fails, l is lost, r is refused, L takes long. */
static struct fake_outcome by_letter(const struct job *job, uint32_t attempt, void *ctx)
{
	const char *name = job->spec->stage ? job->spec->stage : job->spec->id;
	struct fake_outcome o = {.status = JOB_PASSED, .duration_s = 1};

	(void)attempt, (void)ctx;
	switch (strchr(name, ':') ? strchr(name, ':')[1] : ' ') {
	case 'f':
		o.status = JOB_FAILED;
		o.reason = REASON_EXIT;
		break;
	case 'l':
		o.status = JOB_KILLED;
		o.reason = REASON_LOST;
		break;
	case 'r':
		o.submit = SUBMIT_REFUSED;
		break;
	case 'L':
		o.duration_s = 100;
		break;
	}
	return o;
}

static struct job_spec *add(struct bed *b, const char *id)
{
	return bed_job(b, "%s", id);
}

/* The order of the backends. */
enum { FIRST = 1, OTHER, STRICT };

/* A stage that runs on backend "other". */
static void add_stage(struct bed *b, struct job_spec *spec, const char *stage)
{
	struct job_spec *list = arena_array(b->plan->mem, spec->n_fallback + 1, sizeof(*list));
	struct job_spec *last = &list[spec->n_fallback];

	if (spec->n_fallback)
		memcpy(list, spec->fallback, spec->n_fallback * sizeof(*list));
	job_stage_init(last, spec);
	last->rules = arena_memdup(b->plan->mem, spec->rules, sizeof(*spec->rules));
	last->backend_no = OTHER;
	last->argv = spec->argv;
	last->command = spec->command;
	last->stage = stage;
	spec->fallback = list;
	spec->n_fallback++;
}

static void init(struct bed *b)
{
	bed_init(b, 16);
	bed_backend(b, NULL, by_letter, 0);
	bed_backend(b, "other", by_letter, 0);
}

/* Oldest first; "-" is the job itself. */
static const char *stages_of(const struct bed *b, const char *id)
{
	const struct job_attempt *a = bed_find(b, id)->attempts;
	const char *text = "";

	for (; a; a = a->before)
		text = arena_printf(b->plan->mem, "%s@%s %s",
				    job_attempt_stage(a) ? job_attempt_stage(a) : "-", a->where,
				    text);
	return text;
}

static void a_failure_is_tried_on_the_fallback(void **state)
{
	const struct job *job;
	struct job_spec *spec;
	struct bed b;

	(void)state;
	init(&b);
	spec = add(&b, "a:f");
	add_stage(&b, spec, "compile");
	add_stage(&b, spec, "pin");
	bed_go(&b);
	job = bed_find(&b, "a:f");
	assert_string_equal(bed_letters(&b), "P");
	assert_string_equal(stages_of(&b, "a:f"), "-@fake compile@other pin@other ");
	assert_int_equal(job->marks, MARK_FALLBACK);
	assert_int_equal(sched_n_flaky(b.s), 0);
	assert_non_null(strstr(b.trace.s, "a:f RUNNING>QUEUED exit\n"));
	bed_done(&b);
}

static void a_pass_leaves_the_fallback_alone(void **state)
{
	struct bed b;

	(void)state;
	init(&b);
	add_stage(&b, add(&b, "a"), "pin");
	bed_go(&b);
	assert_string_equal(stages_of(&b, "a"), "-@fake ");
	assert_int_equal(bed_find(&b, "a")->marks, 0);
	bed_done(&b);
}

static void what_the_machines_did_is_no_reason_for_it(void **state)
{
	struct bed b;

	(void)state;
	init(&b);
	add_stage(&b, add(&b, "a:l"), "pin");
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "K");
	assert_string_equal(stages_of(&b, "a:l"), "-@fake ");
	bed_done(&b);
}

static void retries_come_first_and_each_stage_has_its_own(void **state)
{
	struct job_spec *spec;
	struct bed b;

	(void)state;
	init(&b);
	spec = add(&b, "a:f");
	bed_rules(spec)->retry = (struct retry_rules){.max = 1};
	add_stage(&b, spec, "pin:f");
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "F");
	assert_string_equal(stages_of(&b, "a:f"), "-@fake -@fake pin:f@other pin:f@other ");
	bed_done(&b);
}

/* The job's own failure came first and stays its verdict, also if the fallback could not be
 * launched. */
static void the_first_failure_is_the_verdict(void **state)
{
	static const struct {
		const char *stage, *message;
	} cases[] = {
		{"pin:f", "exit status 1 (fake); on 'pin:f': exit status 1 (fake)"},
		{"pin:l", "exit status 1 (fake); on 'pin:l': lost (fake)"},
		{"pin:r",
		 "exit status 1 (fake); on 'pin:r': refused by backend 'other': as scripted"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct job_spec *spec;
		struct bed b;

		init(&b);
		spec = add(&b, "a:f");
		add_stage(&b, spec, cases[i].stage);
		add_stage(&b, spec, "never");
		bed_go(&b);
		assert_string_equal(bed_letters(&b), "F");
		assert_int_equal(bed_reason(&b, "a:f"), REASON_EXIT);
		assert_string_equal(bed_find(&b, "a:f")->message, cases[i].message);
		assert_int_equal(bed_find(&b, "a:f")->n_attempts, i == 2 ? 1 : 2);
		assert_int_equal(bed_find(&b, "a:f")->marks, 0);
		bed_done(&b);
	}
}

static void what_only_the_fallback_needs_is_waited_for_and_may_fail(void **state)
{
	static const char *const builds[] = {"build:L", "build:f"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(builds); i++) {
		struct job_spec *build, *good, *bad;
		struct bed b;

		init(&b);
		build = add(&b, builds[i]);
		good = add(&b, "good");
		bad = add(&b, "bad:f");
		bed_holds(&b, good, build);
		bed_holds(&b, bad, build);
		add_stage(&b, good, "pin");
		add_stage(&b, bad, "pin");
		bed_go(&b);
		assert_string_equal(bed_letters(&b), i ? "FPF" : "PPP");
		assert_true(strstr(b.ended.s, builds[i]) < strstr(b.started.s, "good") ||
			    strncmp(b.ended.s, builds[i], strlen(builds[i])) == 0);
		assert_string_equal(stages_of(&b, "bad:f"), i ? "-@fake " : "-@fake pin@other ");
		bed_done(&b);
	}
}

static void a_job_follows_what_it_needs_onto_the_fallback(void **state)
{
	struct job_spec *build, *run, *bad;
	struct bed b;

	(void)state;
	init(&b);
	build = add(&b, "build:f");
	run = add(&b, "run");
	bad = add(&b, "bad");
	bed_needs(&b, run, build);
	bed_needs(&b, bad, build);
	add_stage(&b, build, "pin");
	add_stage(&b, run, "pin");
	add_stage(&b, bad, "pin:f");
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "PPF");
	assert_string_equal(stages_of(&b, "run"), "pin@other ");
	assert_int_equal(bed_find(&b, "run")->marks, MARK_FALLBACK);
	assert_string_equal(bed_find(&b, "bad")->message, "exit status 1 (fake)");
	bed_done(&b);
}

static void stop_when_it_falls_back(struct bed *b, const struct job *job, enum job_status was)
{
	if (was == JOB_RUNNING && job_status(job) == JOB_QUEUED)
		sched_stop(b->s, STOP_KILL, REASON_USER, SIGINT);
}

static void nothing_is_begun_when_the_run_is_ended(void **state)
{
	struct bed b;

	(void)state;
	init(&b);
	add_stage(&b, add(&b, "a:f"), "pin");
	b.on_change = stop_when_it_falls_back;
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "K");
	assert_string_equal(stages_of(&b, "a:f"), "-@fake ");
	bed_done(&b);
}

static void stop_while_compile_runs(struct bed *b, const struct job *job, enum job_status was)
{
	(void)was;
	if (job->spec->stage && job_status(job) == JOB_RUNNING)
		sched_stop(b->s, STOP_LAUNCHING, REASON_MAX_FAILURES, 0);
}

/* The stage that passed is not the last one. */
static void a_stage_that_passed_alone_is_no_pass(void **state)
{
	struct job_spec *spec;
	struct bed b;

	(void)state;
	init(&b);
	spec = add(&b, "a:f");
	add_stage(&b, spec, "compile");
	add_stage(&b, spec, "pin");
	b.on_change = stop_while_compile_runs;
	bed_go(&b);
	assert_string_equal(bed_letters(&b), "K");
	assert_int_equal(bed_reason(&b, "a:f"), REASON_MAX_FAILURES);
	assert_string_equal(stages_of(&b, "a:f"), "-@fake compile@other ");
	bed_done(&b);
}

static void a_stage_that_asks_for_too_much_is_refused_at_load(void **state)
{
	static const struct resource_limit limits[] = {{.name = "LIC", .count = 1}};
	struct job_spec *spec;
	struct bed b;

	(void)state;
	init(&b);
	b.options.limits = limits;
	b.options.n_limits = 1;
	spec = add(&b, "a");
	add_stage(&b, spec, "pin");
	bed_resource(&b, (struct job_spec *)&spec->fallback[0], "LIC", 2);
	assert_int_equal(bed_load(&b), -1);
	assert_non_null(strstr(bed_message(&b), "LIC"));
	bed_done(&b);
}

static void check_that_is_not_pin(struct backend *b, const struct job_spec *spec,
				  struct diags *diags)
{
	(void)b;
	if (spec->stage && strcmp(spec->stage, "pin") == 0)
		diag_error(diags, spec->pos, "no stage may be called pin");
}

static void a_stage_that_its_backend_does_not_accept_is_refused_at_load(void **state)
{
	struct fake_options strict = {.name = "strict", .check = check_that_is_not_pin};
	struct job_spec *spec;
	struct bed b;

	(void)state;
	init(&b);
	strict.clock = &b.clock;
	b.backends[b.n_backends++] = fake_new(&strict);
	spec = add(&b, "a");
	add_stage(&b, spec, "compile");
	spec->fallback[0].backend_no = STRICT;
	add_stage(&b, spec, "pin");
	spec->fallback[1].backend_no = STRICT;
	assert_int_equal(bed_load(&b), -1);
	assert_string_equal(bed_message(&b), "no stage may be called pin");
	assert_int_equal(b.diags.n_errors, 1);
	bed_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_is_tried_on_the_fallback),
		cmocka_unit_test(a_pass_leaves_the_fallback_alone),
		cmocka_unit_test(what_the_machines_did_is_no_reason_for_it),
		cmocka_unit_test(retries_come_first_and_each_stage_has_its_own),
		cmocka_unit_test(the_first_failure_is_the_verdict),
		cmocka_unit_test(what_only_the_fallback_needs_is_waited_for_and_may_fail),
		cmocka_unit_test(a_job_follows_what_it_needs_onto_the_fallback),
		cmocka_unit_test(nothing_is_begun_when_the_run_is_ended),
		cmocka_unit_test(a_stage_that_passed_alone_is_no_pass),
		cmocka_unit_test(a_stage_that_asks_for_too_much_is_refused_at_load),
		cmocka_unit_test(a_stage_that_its_backend_does_not_accept_is_refused_at_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
