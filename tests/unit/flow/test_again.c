/* SPDX-License-Identifier: Apache-2.0 */
/* --failed: the jobs that run again, the jobs that they need, and the file about those that
 * passed. */
#include "stage.h"

#include <stdio.h>
#include <string.h>

#define TEXT                                                                                      \
	"{ flow: \"jobs\"\n jobs: [ { name: \"build\", command: \"make\", tags: [\"b\"] }\n"      \
	"{ name: \"test.{i}\", command: \"run {i}\", sweep: { i: \"1..4\" }, needs: [\"build\"] " \
	"}\n"                                                                                     \
	"{ name: \"report\", command: \"cat '{needs}'\", needs_any: [\"test.*\"] }\n"             \
	"{ name: \"end\", command: \"true\", finally: true } ] }"

struct earlier_run {
	struct flow_again again;
	struct flow_again_job jobs[4];
};

static void set_earlier(struct earlier_run *r, const char *const *failed, const char *const *passed)
{
	*r = (struct earlier_run){.again.jobs = r->jobs};
	for (; *failed; failed++) {
		r->jobs[r->again.n++].id = *failed;
		map_set(&r->again.by_id, *failed, (void *)r->again.n);
	}
	for (; *passed; passed++)
		map_set(&r->again.passed, *passed, (void *)"");
}

static void end_earlier(struct earlier_run *r)
{
	map_done(&r->again.by_id);
	map_done(&r->again.passed);
}

static void only_what_failed_runs_again(void **state)
{
	static const char *const failed[] = {"test.2", "gone", "report", NULL};
	static const char *const passed[] = {"build", "test.1", "test.3", NULL};
	struct earlier_run r;
	struct stage s;

	(void)state;
	set_earlier(&r, failed, passed);
	stage_set(&s, TEXT, &(struct stage_options){.again = &r.again});
	assert_string_equal(s.messages, "");
	assert_expected("again_failed", stage_dump(&s));
	assert_true(r.jobs[0].is_there);
	assert_false(r.jobs[1].is_there);
	assert_true(r.jobs[2].is_there);
	assert_false(r.jobs[0].is_left_out);
	stage_done(&s);
	end_earlier(&r);
}

static void items_choose_among_what_failed(void **state)
{
	static const char *const failed[] = {"test.2", "test.3", NULL};
	static const char *const passed[] = {"build", NULL};
	static const char *const items[] = {"test.3", NULL};
	struct earlier_run r;
	struct stage s;

	(void)state;
	set_earlier(&r, failed, passed);
	stage_set(&s, TEXT, &(struct stage_options){.again = &r.again, .items = items});
	assert_text(stage_names(&s), "build test.3 end");
	assert_true(r.jobs[0].is_there);
	stage_done(&s);
	end_earlier(&r);
}

/* Not even a finally job runs. */
static void if_all_are_gone_there_is_nothing_to_run(void **state)
{
	static const char *const failed[] = {"other", NULL};
	static const char *const passed[] = {"build", NULL};
	struct earlier_run r;
	struct stage s;

	(void)state;
	set_earlier(&r, failed, passed);
	stage_set(&s, TEXT, &(struct stage_options){.again = &r.again});
	assert_non_null(s.plan);
	assert_int_equal(s.plan->n_jobs, 0);
	assert_false(r.jobs[0].is_there);
	stage_done(&s);
	end_earlier(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_failed_runs_again),
		cmocka_unit_test(items_choose_among_what_failed),
		cmocka_unit_test(if_all_are_gone_there_is_nothing_to_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
