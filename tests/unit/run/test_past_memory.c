/* SPDX-License-Identifier: Apache-2.0 */
#include "past_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "run/past_memory.h"

/* A run with these rows of jobs, as results.c writes them. head: what its object `run` has. */
static void past_memory_make(struct plan *p, double wall_s, const char *head, const char *rows)
{
	const char *id = make_run(p, wall_s, NULL);
	_cleanup_(freep) char *dir = path_of(id), *path = xasprintf("%s/results.json", dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "{\"schema\":{},\n\"run\":{\"id\":\"x\"%s},\n\"counts\":{},\n\"jobs\":[\n%s]}\n",
		head, rows);
	fclose(f);
}

#define ROW(id, kib)                                                                      \
	"{\"id\":\"" id "\",\"message\":\"\\\"max_rss_kib\\\":77777777\",\"attempts\":[{" \
	"\"max_rss_kib\":" #kib ",\"peak_memory_kib\":null}]},\n"

static void the_newest_run_that_has_a_job_decides(void **state)
{
	static const struct {
		const char *id;
		uint64_t kib;
	} jobs[] = {
		{"a", 30000},
		{"b", 90000}, /* two attempts, of which the tree of one was seen as a whole */
		{"c", 40000}, /* the newest run did not have it */
		{"small", 0},
		{"sim.0.smoke.99", 60000}, /* another seed */
		{"sim.0.smoke.1", 50000},
		{"none", 0},
		{"na\"me", 0},
	};
	struct plan *p = plan_of("/m.hjson"), *other = plan_of("/n.hjson");
	struct past_memory *m;

	(void)state;
	past_memory_make(p, 1000, "", ROW("a", 80000) ROW("c", 40000) ROW("sim.0.smoke.1", 10000));
	past_memory_make(p, 1010, "",
			 ROW("a", 30000) ROW("small", 1000) ROW("na\\\"me",
								50000) ROW("sim.0.smoke.1", 50000)
				 ROW("sim.1.smoke.22",
				     60000) "{\"id\":\"b\",\"attempts\":[{\"max_rss_kib\":20000,"
					    "\"peak_memory_kib\":90000},{\"max_rss_kib\":70000,"
					    "\"peak_memory_kib\":null}]}");
	past_memory_make(other, 1020, "", ROW("a", 70000) ROW("none", 70000));
	p->is_rehearsal = true;
	past_memory_make(p, 1030, "", ROW("a", 70000));
	p->is_rehearsal = false;
	m = past_memory_read(p, 2000);
	assert_non_null(m);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		if (past_memory_kib(m, jobs[i].id) != jobs[i].kib)
			fail_msg("%s: %llu", jobs[i].id,
				 (unsigned long long)past_memory_kib(m, jobs[i].id));
	past_memory_free(m);
	plan_free(other);
	plan_free(p);
}

/* It was killed before it reached its maximum. */
static void a_job_that_the_kernel_killed_needs_more_than_it_had(void **state)
{
	static const char killed[] = "{\"id\":\"%s\",\"attempts\":[{\"reason\":\"memory\","
				     "\"max_rss_kib\":%u}]},\n";
	struct plan *p = plan_of("/k.hjson");
	_cleanup_(str_done) struct str rows = {0};
	struct past_memory *m;

	(void)state;
	str_printf(&rows, killed, "j.1", 60000);
	str_add(&rows, ROW("j.2", 100000));
	str_printf(&rows, killed, "alone", 60000);
	past_memory_make(p, 4000, "", rows.s);
	m = past_memory_read(p, 1);
	assert_int_equal(past_memory_kib(m, "j.1"), 100000);
	assert_int_equal(past_memory_kib(m, "j.2"), 100000);
	assert_int_equal(past_memory_kib(m, "alone"), 90000);
	past_memory_free(m);
	plan_free(p);
}

static void a_run_of_small_jobs_is_not_read_to_its_end(void **state)
{
	struct plan *p = plan_of("/s.hjson"), *command = plan_of(NULL);

	(void)state;
	assert_null(past_memory_read(p, 1));
	past_memory_make(p, 2000, ",\"peak_memory_kib\":9000", ROW("a", 30000));
	assert_null(past_memory_read(p, 9001));
	past_memory_make(p, 2010, ",\"peak_memory_kib\":9000", ROW("a", 8999));
	assert_null(past_memory_read(p, 9001)); /* what its head says decides */
	past_memory_make(command, 2020, "", ROW("a", 30000));
	assert_null(past_memory_read(command, 1)); /* another command may have the same id */
	plan_free(command);
	plan_free(p);
}

static void only_a_few_runs_are_read(void **state)
{
	struct plan *p = plan_of("/f.hjson");
	struct past_memory *m;

	(void)state;
	past_memory_make(p, 3000, "", ROW("old", 30000));
	for (int i = 1; i <= 3; i++)
		past_memory_make(p, 3000 + 10 * i, "", "");
	m = past_memory_read(p, 1); /* four */
	assert_int_equal(past_memory_kib(m, "old"), 30000);
	past_memory_free(m);
	past_memory_make(p, 3040, "", "");
	assert_null(past_memory_read(p, 1));
	plan_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_run_that_has_a_job_decides),
		cmocka_unit_test(a_job_that_the_kernel_killed_needs_more_than_it_had),
		cmocka_unit_test(a_run_of_small_jobs_is_not_read_to_its_end),
		cmocka_unit_test(only_a_few_runs_are_read),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
