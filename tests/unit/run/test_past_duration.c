/* SPDX-License-Identifier: Apache-2.0 */
#include "past_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "run/past_duration.h"

/* A run with these rows of jobs, as results.c writes them. */
static void past_duration_make(struct plan *p, double wall_s, const char *rows)
{
	const char *id = make_run(p, wall_s, NULL);
	_cleanup_(freep) char *dir = path_of(id), *path = xasprintf("%s/results.json", dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "{\"run\":{\"id\":\"x\",\"duration_s\":9999.0},\n\"jobs\":[\n%s]}\n", rows);
	fclose(f);
}

#define ROW(id, s) "{\"id\":\"" id "\",\"attempts\":[{\"duration_s\":" #s "}]},\n"

static void the_newest_run_that_has_a_job_decides(void **state)
{
	static const struct {
		const char *id;
		double s;
	} jobs[] = {
		{"a", 3.5},
		{"b", 90}, /* the longer one of two attempts */
		{"c", 40}, /* the newest run did not have it */
		{"d", 7},  /* it did not run in the newest one */
		{"t.0.smoke.9", 60},
		{"t.0.smoke.1", 50},
		{"none", 0},
	};
	struct plan *p = plan_of("/m.hjson"), *other = plan_of("/n.hjson");
	struct past_duration *d;

	(void)state;
	past_duration_make(p, 1000, ROW("a", 80) ROW("c", 40) ROW("d", 7) ROW("t.0.smoke.1", 10));
	past_duration_make(
		p, 1010,
		ROW("a", 3.5) ROW("d", null) ROW("t.0.smoke.1", 50) ROW(
			"t.1.smoke.2",
			60) "{\"id\":\"b\",\"attempts\":[{\"duration_s\":90},{\"duration_s\":2}]}");
	past_duration_make(other, 1020, ROW("a", 70) ROW("none", 70));
	d = past_duration_read(p);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		if (past_duration_s(d, jobs[i].id) != jobs[i].s)
			fail_msg("%s: %f", jobs[i].id, past_duration_s(d, jobs[i].id));
	past_duration_free(d);
	plan_free(other);
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_run_that_has_a_job_decides),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
