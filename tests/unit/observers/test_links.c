/* SPDX-License-Identifier: Apache-2.0 */
#include "clerk_stub.h"
#include "stage.h"

/* The stub does not use it. */
static const struct observer_env with_clerk = {.clerk = (struct clerk *)&with_clerk};

static struct fake_outcome fail_flaky_once(const struct job *job, uint32_t attempt, void *ctx)
{
	bool is_bad = strstr(job->spec->name, "bad") ||
		      (strstr(job->spec->name, "flaky") && attempt == 1);

	(void)ctx;
	return (struct fake_outcome){.status = is_bad ? JOB_FAILED : JOB_PASSED,
				     .reason = is_bad ? REASON_EXIT : REASON_NONE,
				     .duration_s = strstr(job->spec->name, "long") ? 2 : 0.7};
}

/* The scratch root's name is random, so it is removed from the requests. */
static void take_out(struct str *text, const char *word)
{
	struct str out = {0};
	const char *from = text->s, *at;

	while ((at = strstr(from, word)) != NULL) {
		str_addn(&out, from, (size_t)(at - from));
		from = at + strlen(word);
	}
	str_add(&out, from);
	str_done(text);
	*text = out;
}

/* The requests of a run with the jobs `first`, `second` and `after`, which needs `second`. */
static void expect_links(bool has_passed, const char *first, const char *second,
			 const char *expected)
{
	struct stage g;
	struct str asked = {0};

	clerk_stub_to(&asked);
	stage_init(&g, 3);
	g.bed.plan->has_passed_links = has_passed;
	bed_backend(&g.bed, NULL, fail_flaky_once, 2)->caps.is_virtual = false;
	bed_rules(stage_job(&g, first))->retry.max = 1;
	bed_needs(&g.bed, stage_job(&g, "after"), stage_job(&g, second));
	stage_open(&g, "links", &with_clerk);
	bed_run(&g.bed);
	take_out(&asked, g.scratch);
	assert_string_equal(asked.s, expected);
	str_done(&asked);
	stage_done(&g);
}

#define RESET_ALL    "reset /bed/running\nreset /bed/passed\nreset /bed/failed\nreset /bed/killed\n"
#define RESET_NATIVE "reset /bed/running\ntrash /bed/passed\nreset /bed/failed\nreset /bed/killed\n"

static void a_link_follows_its_job(void **state)
{
	(void)state;
	expect_links(true, "flaky", "bad",
		     RESET_ALL "/bed failed bad /bed/bad\n"
			       "/bed passed flaky /bed/flaky\n");
}

static void passed_has_links_only_where_the_plan_asks_for_them(void **state)
{
	(void)state;
	expect_links(false, "flaky", "bad", RESET_NATIVE "/bed failed bad /bed/bad\n");
}

static void running_has_links_to_jobs_that_have_run_for_a_second(void **state)
{
	(void)state;
	expect_links(true, "long", "short",
		     RESET_ALL "/bed passed short /bed/short\n"
			       "/bed running long /bed/long\n"
			       "/bed passed after /bed/after\n"
			       "/bed passed long /bed/long\n");
	expect_links(false, "long", "short",
		     RESET_NATIVE "/bed running long /bed/long\n"
				  "/bed - long /bed/long\n");
}

static void an_attempt_that_follows_is_young_again(void **state)
{
	(void)state;
	expect_links(false, "long_flaky", "short",
		     RESET_NATIVE "/bed running long_flaky /bed/long_flaky\n"
				  "/bed - long_flaky /bed/long_flaky\n");
}

static void blocks_that_share_a_scratch_path_are_reset_once(void **state)
{
	struct job_block twin, other = {"other", "/elsewhere", NULL};
	struct stage g;
	struct str asked = {0};

	(void)state;
	clerk_stub_to(&asked);
	stage_init(&g, 3);
	twin = g.bed.block;
	other.scratch_path = arena_printf(g.bed.plan->mem, "%s/other", g.scratch);
	stage_job(&g, "a");
	stage_job(&g, "b")->block = &twin;
	stage_job(&g, "c")->block = &other;
	stage_open(&g, "links", &with_clerk);
	sched_start(g.bed.s);
	take_out(&asked, g.scratch);
	assert_string_equal(asked.s, "reset /bed/running\n"
				     "trash /bed/passed\n"
				     "reset /bed/failed\n"
				     "reset /bed/killed\n"
				     "reset /other/running\n"
				     "trash /other/passed\n"
				     "reset /other/failed\n"
				     "reset /other/killed\n");
	str_done(&asked);
	stage_done(&g);
}

static void a_job_in_virtual_time_has_no_link(void **state)
{
	struct stage g;
	struct str asked = {0};

	(void)state;
	clerk_stub_to(&asked);
	stage_init(&g, 1);
	stage_job(&g, "a");
	stage_open(&g, "links", &with_clerk);
	assert_true(g.bed.backends[0]->caps.is_virtual);
	bed_run(&g.bed);
	assert_null(strstr(asked.s, "/bed running a "));
	assert_null(strstr(asked.s, "/bed passed a "));
	str_done(&asked);
	stage_done(&g);
}

static void without_a_clerk_there_are_no_links(void **state)
{
	struct observer_env env = {0};
	struct error err = {0};

	(void)state;
	assert_null(observer_links_create(&env, &err));
	assert_true(error_is_set(&err));
	error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_follows_its_job),
		cmocka_unit_test(passed_has_links_only_where_the_plan_asks_for_them),
		cmocka_unit_test(running_has_links_to_jobs_that_have_run_for_a_second),
		cmocka_unit_test(an_attempt_that_follows_is_young_again),
		cmocka_unit_test(blocks_that_share_a_scratch_path_are_reset_once),
		cmocka_unit_test(a_job_in_virtual_time_has_no_link),
		cmocka_unit_test(without_a_clerk_there_are_no_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
