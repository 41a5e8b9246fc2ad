/* SPDX-License-Identifier: Apache-2.0 */
/* needs, needs_any, globs, finally and -i. */
#include "stage.h"

#define JOB(name, more) "{ name: \"" name "\", argv: [\"true\"]" more " }\n"
#define CFG(jobs)	"{ flow: jobs\n jobs: [\n" jobs "] }"
#define SWEEP(n)	", sweep: { i: \"1.." n "\" }"

static void check_deps(const char *text, const char *name, const char *expected)
{
	struct stage s;

	stage_set(&s, text, NULL);
	assert_string_equal(s.messages, "");
	assert_text(stage_deps(&s, name), expected);
	stage_done(&s);
}

static void needs_and_needs_any_may_be_combined(void **state)
{
	(void)state;
	check_deps(CFG(JOB("a", "") JOB("b", "")
			       JOB("c", ", needs: \"b\", needs_any: [\"b\", \"a\"]")),
		   "c", "b | b a");
}

static void a_job_may_need_one_that_comes_later(void **state)
{
	(void)state;
	check_deps(CFG(JOB("a", ", needs: [\"b\"]") JOB("b", "")), "a", "b");
}

static void globs_match_whole_names_in_the_order_of_the_plan(void **state)
{
	static const char jobs[] = CFG(JOB("t.2", "") JOB("t.10", "") JOB("t", "") JOB("xt.1", "")
					       JOB("r", ", needs: [\"t.*\"]")
						       JOB("s", ", needs: [\"*t.[12]\", \"t*\"]"));

	(void)state;
	check_deps(jobs, "r", "t.2 t.10");
	check_deps(jobs, "s", "t.2 xt.1 t.10 t");
}

static void a_glob_leaves_out_the_job_itself_and_finally_jobs(void **state)
{
	static const char jobs[] = CFG(JOB("a", "") JOB("b", ", needs_any: [\"*\"]") JOB(
		"z1", ", finally: true") JOB("z2", ", finally: true, needs: [\"*\"]"));

	(void)state;
	check_deps(jobs, "b", "| a");
	check_deps(jobs, "z2", "z1");
}

static void a_name_goes_before_a_glob(void **state)
{
	static const char jobs[] = CFG(JOB("a[1]", "") JOB("a1", "") JOB("r", ", needs: [\"a[1]\"]")
					       JOB("s", ", needs: [\"a[12]\"]"));

	(void)state;
	check_deps(jobs, "r", "a[1]");
	check_deps(jobs, "s", "a1");
}

static void one_job_of_a_sweep_may_be_needed_by_the_others(void **state)
{
	static const char jobs[] = CFG(JOB("t.{i}", SWEEP("3") ", needs_any: [\"t.[1]\", \"b\"]")
					       JOB("b", ""));

	(void)state;
	check_deps(jobs, "t.1", "| b");
	check_deps(jobs, "t.3", "| t.1 b");
}

static void jobs_with_words_in_needs_get_their_own(void **state)
{
	static const char jobs[] = CFG(
		JOB("b.{m}.{k}", ", sweep: { m: [\"x\", \"y\"], k: [1, 2] }")
			JOB("t.{m}.{i}",
			    ", sweep: { m: [\"x\", \"y\"], i: \"1..3\" }, needs: [\"b.{m}.*\"]"));
	struct stage s;

	(void)state;
	check_deps(jobs, "t.y.3", "b.y.1 b.y.2");
	stage_set(&s, jobs, NULL);
	assert_ptr_equal(stage_job(&s, "t.x.1")->deps, stage_job(&s, "t.x.3")->deps);
	stage_done(&s);
}

static void wrong_needs_are_reported_once_per_entry(void **state)
{
	(void)state;
	assert_said(
		CFG(JOB("build", "") JOB("t.{i}", SWEEP("1000") ", needs: [\"biuld\"]")
			    JOB("u.{i}", SWEEP("9") ", needs: [\"no.{i}.*\"]")
				    JOB("v", ", needs: [\"t\"]") JOB("w", ", needs: [\"w*\"]")),
		"t.hjson:4:67: error: there is no job 'biuld'\n"
		"     4 | { name: \"t.{i}\", argv: [\"true\"], sweep: { i: \"1..1000\" }, needs: "
		"[\"biuld\"] }\n"
		"       |                                                                   "
		"^~~~~~~\n"
		"  hint: did you mean 'build'?\n"
		"t.hjson:5:64: error: no job matches 'no.1.*'\n"
		"     5 | { name: \"u.{i}\", argv: [\"true\"], sweep: { i: \"1..9\" }, needs: "
		"[\"no.{i}.*\"] }\n"
		"       |                                                                "
		"^~~~~~~~~~\n"
		"t.hjson:6:38: error: there is no job 't'\n"
		"     6 | { name: \"v\", argv: [\"true\"], needs: [\"t\"] }\n"
		"       |                                      ^~~\n"
		"  hint: for all jobs of that sweep write \"t.*\", or what their names begin with\n"
		"t.hjson:7:38: error: a job does not wait for itself, and no other one matches "
		"'w*'\n"
		"     7 | { name: \"w\", argv: [\"true\"], needs: [\"w*\"] }\n"
		"       |                                      ^~~~\n");
}

static void a_sweep_that_waits_for_itself_is_refused(void **state)
{
	(void)state;
	assert_said(
		CFG(JOB("t.{i}", SWEEP("100000") ", needs: [\"t.*\"]")),
		"t.hjson:3:69: error: globs make the jobs of one sweep wait for each other, for "
		"example 't.2'\n"
		"     3 | { name: \"t.{i}\", argv: [\"true\"], sweep: { i: \"1..100000\" }, needs: "
		"[\"t.*\"] }\n"
		"       |                                                                     "
		"^~~~~\n"
		"  hint: let the glob name jobs of other entries only\n");
}

static void finally_jobs_and_others_do_not_wait_for_each_other(void **state)
{
	(void)state;
	assert_said(
		CFG(JOB("a", ", needs: [\"z\"]") JOB("z", ", finally: true, needs: [\"a\"]")
			    JOB("b", ", needs_any: [\"z*\"]")),
		"t.hjson:3:38: error: a job cannot wait for the finally job 'z'\n"
		"     3 | { name: \"a\", argv: [\"true\"], needs: [\"z\"] }\n"
		"       |                                      ^~~\n"
		"  hint: finally jobs run after all others\n"
		"t.hjson:4:53: error: a finally job can wait for finally jobs only, not for 'a'\n"
		"     4 | { name: \"z\", argv: [\"true\"], finally: true, needs: [\"a\"] }\n"
		"       |                                                     ^~~\n"
		"  hint: it runs after all others anyway, whatever happened to them\n"
		"t.hjson:5:42: error: a job cannot wait for finally jobs: 'z*'\n"
		"     5 | { name: \"b\", argv: [\"true\"], needs_any: [\"z*\"] }\n"
		"       |                                          ^~~~\n"
		"  hint: finally jobs run after all others, whatever happened to those\n");
}

/* ---- -i ---- */

static const char graph[] = CFG(
	JOB("lint", ", tags: [\"quick\"]") JOB("build", "")
		JOB("test.{i}", SWEEP("3") ", needs: [\"build\"], tags: [\"n{i}\", \"slow\"]")
			JOB("merge", ", needs_any: [\"test.*\"], needs: [\"build\"]")
				JOB("mail", ", needs_any: [\"merge\"]")
					JOB("clean", ", finally: true"));

static void select_from_graph(const char *const *items, struct stage *s)
{
	struct stage_options options = {.items = items};

	stage_set(s, graph, &options);
}

static void an_item_takes_what_it_needs_and_finally_jobs(void **state)
{
	static const struct {
		const char *items[4];
		const char *names;
	} cases[] = {
		{{"lint"}, "lint clean"},
		{{"test.2"}, "build test.2 clean"},
		{{"test.[13]"}, "build test.1 test.3 clean"},
		{{"test"}, "build test.1 test.2 test.3 clean"},
		{{"@quick"}, "lint clean"},
		{{"@slow", "lint"}, "lint build test.1 test.2 test.3 clean"},
		{{"@n[12]"}, "build test.1 test.2 clean"},
		{{"mail"}, "mail clean"},
		{{"merge"}, "build merge clean"},
		{{"clean"}, "clean"},
		{{"*"}, "lint build test.1 test.2 test.3 merge mail clean"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stage s;

		select_from_graph(cases[i].items, &s);
		assert_string_equal(s.messages, "");
		assert_text(stage_names(&s), cases[i].names);
		stage_done(&s);
	}
}

static void of_needs_any_only_what_is_selected_stays(void **state)
{
	static const char *const two[] = {"merge", "test.3", "test.1", NULL};
	static const char *const none[] = {"merge", NULL};
	struct stage s;

	(void)state;
	select_from_graph(two, &s);
	assert_text(stage_deps(&s, "merge"), "build | test.1 test.3");
	assert_text(stage_deps(&s, "test.3"), "build");
	assert_text(stage_deps(&s, "test.1"), "build");
	stage_done(&s);
	select_from_graph(none, &s);
	assert_text(stage_deps(&s, "merge"), "build");
	assert_int_equal(stage_job(&s, "merge")->n_any, 0);
	stage_done(&s);
}

static void an_item_that_selects_nothing_is_an_error(void **state)
{
	static const char *const items[] = {"tset.2", "@quikc", "lint", "no*", NULL};
	struct stage s;

	(void)state;
	select_from_graph(items, &s);
	assert_string_equal(s.messages, "dvsched: error: -i tset.2: no job or target matches\n"
					"  hint: did you mean 'test.2'?\n"
					"dvsched: error: -i @quikc: no job has such a tag\n"
					"  hint: did you mean '@quick'?\n"
					"dvsched: error: -i no*: no job or target matches\n");
	stage_done(&s);
}

static void a_name_goes_before_a_target(void **state)
{
	static const char *const items[] = {"a", NULL};
	struct stage_options options = {.items = items};
	struct stage s;

	(void)state;
	stage_set(&s, CFG(JOB("a", "") JOB("a.{i}", SWEEP("2"))), &options);
	assert_text(stage_names(&s), "a");
	stage_done(&s);
}

/* Without a time limit: so many jobs that it would take hours if each job or each glob compared all
 * names. */
static void a_hundred_thousand_jobs_are_no_matter(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s,
		  CFG(JOB("build.{i}", SWEEP("50000"))
			      JOB("t.{i}", SWEEP("50000") ", needs: [\"build.{i}*\"]")
				      JOB("all", ", needs: [\"t.*\"]")),
		  NULL);
	assert_string_equal(s.messages, "");
	assert_int_equal(s.plan->n_jobs, 100001);
	assert_int_equal(stage_job(&s, "all")->n_needs, 50000);
	assert_text(stage_deps(&s, "t.50000"), "build.50000");
	stage_done(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_and_needs_any_may_be_combined),
		cmocka_unit_test(a_job_may_need_one_that_comes_later),
		cmocka_unit_test(globs_match_whole_names_in_the_order_of_the_plan),
		cmocka_unit_test(a_glob_leaves_out_the_job_itself_and_finally_jobs),
		cmocka_unit_test(a_name_goes_before_a_glob),
		cmocka_unit_test(one_job_of_a_sweep_may_be_needed_by_the_others),
		cmocka_unit_test(jobs_with_words_in_needs_get_their_own),
		cmocka_unit_test(wrong_needs_are_reported_once_per_entry),
		cmocka_unit_test(a_sweep_that_waits_for_itself_is_refused),
		cmocka_unit_test(finally_jobs_and_others_do_not_wait_for_each_other),
		cmocka_unit_test(an_item_takes_what_it_needs_and_finally_jobs),
		cmocka_unit_test(of_needs_any_only_what_is_selected_stays),
		cmocka_unit_test(an_item_that_selects_nothing_is_an_error),
		cmocka_unit_test(a_name_goes_before_a_target),
		cmocka_unit_test(a_hundred_thousand_jobs_are_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
