/* SPDX-License-Identifier: Apache-2.0 */
/* What DVSim's own tests assert about graphs: dependencies, cycles, chains. See README.md here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"
#include "cmocka_all.h"
#include "dvsim_tests.h"

/* "0:1,2 3:4" : job 0 depends on jobs 1 and 2, job 3 on job 4. */
static void add_deps(struct bed *b, const char *text, bool is_any)
{
	while (*text) {
		char *end;
		unsigned long job = strtoul(text, &end, 10);

		do {
			unsigned long dep = strtoul(end + 1, &end, 10);

			(is_any ? bed_needs_any : bed_needs)(b, &b->plan->jobs[job],
							     &b->plan->jobs[dep]);
		} while (*end == ',');
		text = *end ? end + 1 : end;
	}
}

static void without_dependencies_any_and_all_run(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	add_jobs(&b, 1);
	bed_go(&b);
	assert_all_passed(&b);
	bed_done(&b);
}

static struct fake_outcome two_and_four_fail(const struct job *job, uint32_t attempt, void *ctx)
{
	bool is_bad = job->n == 2 || job->n == 4;

	(void)attempt, (void)ctx;
	return (struct fake_outcome){
		.status = is_bad ? JOB_FAILED : JOB_PASSED, .reason = REASON_EXIT, .duration_s = 1};
}

struct graph_case {
	const char *deps, *letters;
};

static void run_graph_cases(const struct graph_case *cases, size_t n, bool is_any)
{
	for (size_t i = 0; i < n; i++) {
		struct bed b;

		bed_init(&b, 5);
		add_jobs(&b, 5);
		add_deps(&b, cases[i].deps, is_any);
		bed_backend(&b, NULL, two_and_four_fail, 0);
		bed_go(&b);
		assert_string_equal(bed_letters(&b), cases[i].letters);
		bed_done(&b);
	}
}

static void needs_any_is_content_with_one(void **state)
{
	static const struct graph_case cases[] = {
		{"0:1", "PPFPF"},     {"1:2", "PKFPF"},	      {"3:2,4", "PPFKF"},
		{"3:1,2,4", "PPFPF"}, {"0:1,2,3,4", "PPFPF"},
	};

	(void)state;
	run_graph_cases(cases, ARRAY_LEN(cases), true);
}

static void needs_all_wants_every_one(void **state)
{
	static const struct graph_case cases[] = {
		{"0:1", "PPFPF"},   {"1:0,3", "PPFPF"},	  {"3:2", "PPFKF"},
		{"0:3,4", "KPFPF"}, {"3:0,1,2", "PPFKF"}, {"1:0,2,3,4", "PKFPF"},
	};

	(void)state;
	run_graph_cases(cases, ARRAY_LEN(cases), false);
}

static void cycles_are_refused(void **state)
{
	static const char *const cases[] = {
		"0:1 1:0",
		"0:1 1:2 2:0",
		"0:1 1:2 2:3 3:4 4:0",
		"0:1,2 1:2 2:3,4,0",
		"0:1,2,3,4 1:2,3,4 2:3,4 3:4 4:0",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bed b;

		bed_init(&b, 5);
		add_jobs(&b, 5);
		add_deps(&b, cases[i], false);
		assert_int_equal(bed_load(&b), -1);
		assert_non_null(strstr(bed_message(&b), "cycle"));
		assert_int_equal(b.n_run_started, 0);
		bed_done(&b);
	}
}

static struct bed *run_chain_case(struct bed *b, unsigned n, const char *deps, bool vary_targets)
{
	bed_init(b, n);
	add_jobs(b, n);
	for (unsigned i = 0; vary_targets && i < n; i++) {
		static const char *const names[] = {"t0", "t1", "t2", "t3", "t4"};

		bed_rules(&b->plan->jobs[i])->target = names[i % 5];
	}
	add_deps(b, deps, false);
	bed_go(b);
	assert_all_passed(b);
	return b;
}

static void graphs_of_every_shape_pass(void **state)
{
	static const struct {
		const char *deps;
		unsigned n;
		bool vary_targets;
	} cases[] = {
		/* dep_resolution */
		{"0:1,2,3,4 1:2,3,4 2:3,4 3:4", 5, false},
		{"0:1,2 4:2,3", 5, false},
		{"0:1 1:2 2:3 3:4", 5, false},
		{"0:1,2,3,4 1:2 3:2,4 4:2", 5, false},
		/* multiple_targets */
		{"", 15, true},
		/* cross_target_deps */
		{"1:0", 2, true},
		{"1:0 2:1", 3, true},
		{"1:0 2:1 3:2", 4, true},
		{"1:0 2:1 3:2 4:3", 5, true},
		/* dep_fan_in */
		{"0:1,2", 3, true},
		{"0:1,2,3", 4, true},
		{"0:1,2,3,4", 5, true},
		{"0:1,2,3,4,5", 6, true},
		/* dep_fan_out */
		{"0:2 1:2", 3, true},
		{"0:3 1:3 2:3", 4, true},
		{"0:4 1:4 2:4 3:4", 5, true},
		{"0:5 1:5 2:5 3:5 4:5", 6, true},
		/* non_consecutive_targets */
		{"3:0", 4, true},
		/* target_out_of_order */
		{"1:0", 2, true},
		{"0:1", 2, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bed b;

		bed_done(run_chain_case(&b, cases[i].n, cases[i].deps, cases[i].vary_targets));
	}
}

static void targets_are_rows_not_phases(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 3);
	add_jobs(&b, 3);
	bed_rules(&b.plan->jobs[0])->target = "t0";
	bed_rules(&b.plan->jobs[1])->target = "t1";
	bed_rules(&b.plan->jobs[2])->target = "t0";
	add_deps(&b, "0:1 1:2", false);
	bed_go(&b);
	assert_all_passed(&b);
	assert_int_equal(sched_n_targets(b.s), 2);
	assert_string_equal(sched_target(b.s, 0)->name, "t0");
	assert_int_equal(sched_target(b.s, 0)->n[JOB_PASSED], 2);
	assert_int_equal(sched_target(b.s, 1)->total, 1);
	bed_done(&b);
}

static struct fake_outcome fivefold(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 5.0 * (job->n + 1)};
}

static void a_job_starts_when_the_last_it_needs_has_ended(void **state)
{
	struct bed b;

	(void)state;
	bed_init(&b, 5);
	add_jobs(&b, 5);
	add_deps(&b, "4:0,1,2,3", false);
	bed_backend(&b, NULL, fivefold, 0);
	bed_go(&b);
	assert_all_passed(&b);
	assert_true(fabs(bed_find(&b, "job_4")->started_s - 20) < 1e-9);
	bed_done(&b);
}

static struct fake_outcome first_as_scripted(const struct job *job, uint32_t attempt, void *ctx)
{
	if (job->n == 0)
		return as_scripted(job, attempt, ctx);
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

static void a_failure_kills_the_chain_behind_it(void **state)
{
	static const enum job_status statuses[] = {JOB_FAILED, JOB_KILLED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct ending e = {statuses[i], 1};
		struct bed b;

		bed_init(&b, 5);
		add_jobs(&b, 5);
		add_deps(&b, "1:0 2:1 3:2 4:3", false);
		b.ctx = &e;
		bed_backend(&b, NULL, first_as_scripted, 0);
		bed_go(&b);
		assert_string_equal(bed_letters(&b), i == 0 ? "FKKKK" : "KKKKK");
		bed_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_dependencies_any_and_all_run),
		cmocka_unit_test(needs_any_is_content_with_one),
		cmocka_unit_test(needs_all_wants_every_one),
		cmocka_unit_test(cycles_are_refused),
		cmocka_unit_test(graphs_of_every_shape_pass),
		cmocka_unit_test(targets_are_rows_not_phases),
		cmocka_unit_test(a_job_starts_when_the_last_it_needs_has_ended),
		cmocka_unit_test(a_failure_kills_the_chain_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
