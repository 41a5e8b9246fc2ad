/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that get no more jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backends/farm/nodes.h"

static char last_warning[256];
static unsigned n_warnings;

static void keep_warning(const char *text)
{
	snprintf(last_warning, sizeof(last_warning), "%s", text);
	n_warnings++;
}

static struct nodes nodes_of_test(void)
{
	n_warnings = 0;
	return (struct nodes){.mem = arena_new(), .warn = keep_warning, .system = "Slurm"};
}

static void end_nodes(struct nodes *n)
{
	nodes_done(n);
	arena_free(n->mem);
}

static void note(struct nodes *n, const char *node, enum job_reason reason)
{
	struct job_result r = {.status = reason == REASON_NONE	 ? JOB_PASSED
					 : reason == REASON_EXIT ? JOB_FAILED
								 : JOB_KILLED,
			       .reason = reason};

	nodes_note(n, node, &r);
}

static void a_node_that_loses_three_jobs_in_a_row_is_bad(void **state)
{
	struct nodes n = nodes_of_test();

	(void)state;
	note(&n, "n1", REASON_EXIT); /* a job's own failure is a good end of the node */
	note(&n, "n2", REASON_LOST);
	note(&n, "n2", REASON_LAUNCH);
	assert_false(nodes_is_bad(&n, "n2"));
	assert_null(nodes_bad(&n)[0]);
	note(&n, "n2", REASON_NODE_FAILURE);
	assert_true(nodes_is_bad(&n, "n2"));
	assert_string_equal(nodes_bad(&n)[0], "n2");
	assert_null(nodes_bad(&n)[1]);
	assert_string_equal(last_warning, "Slurm: the node n2 gets no more jobs of this run: the "
					  "last 3 failed there (node_failure)");
	note(&n, "n2", REASON_LOST);
	assert_int_equal(n_warnings, 1);
	for (int i = 0; i < 3; i++)
		note(&n, "n3", REASON_LOST);
	assert_string_equal(nodes_bad(&n)[1], "n3");
	assert_null(nodes_bad(&n)[2]);
	end_nodes(&n);
}

static void a_good_end_starts_the_count_anew(void **state)
{
	struct nodes n = nodes_of_test();

	(void)state;
	note(&n, "n1", REASON_NONE);
	for (int i = 0; i < 9; i++)
		note(&n, "n2", i % 3 == 2 ? REASON_NONE : REASON_LOST);
	assert_false(nodes_is_bad(&n, "n2"));
	end_nodes(&n);
}

/* Then the jobs or the cluster are the cause, and there would be no node left. */
static void failures_everywhere_are_no_fault_of_a_node(void **state)
{
	struct nodes n = nodes_of_test();

	(void)state;
	for (int i = 0; i < 9; i++) {
		note(&n, "n1", REASON_LOST);
		note(&n, "n2", REASON_LAUNCH);
	}
	assert_int_equal(n_warnings, 0);
	note(&n, "n3", REASON_NONE); /* now it is known better */
	assert_true(nodes_is_bad(&n, "n1"));
	assert_true(nodes_is_bad(&n, "n2"));
	assert_false(nodes_is_bad(&n, "n3"));
	end_nodes(&n);
}

static void limits_and_cancellations_say_nothing_about_a_node(void **state)
{
	static const enum job_reason reasons[] = {REASON_TIMEOUT, REASON_USER, REASON_CANCELLED,
						  REASON_PREEMPTED, REASON_MEMORY};
	struct nodes n = nodes_of_test();

	(void)state;
	note(&n, "n1", REASON_NONE);
	note(&n, "n2", REASON_LOST);
	note(&n, "n2", REASON_LOST);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		note(&n, "n2", reasons[i]);
	assert_false(nodes_is_bad(&n, "n2"));
	note(&n, "n2", REASON_LOST);
	assert_true(nodes_is_bad(&n, "n2"));
	end_nodes(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_that_loses_three_jobs_in_a_row_is_bad),
		cmocka_unit_test(a_good_end_starts_the_count_anew),
		cmocka_unit_test(failures_everywhere_are_no_fault_of_a_node),
		cmocka_unit_test(limits_and_cancellations_say_nothing_about_a_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
