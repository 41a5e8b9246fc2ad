/* SPDX-License-Identifier: Apache-2.0 */
/* Data that DVSim's flows read from logs and files of their jobs; tests/unit/tool tests the
 * formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "flow/dv/readers.h"
#include "flow/flow.h"

static const char a_log[] = "$finish at simulation time              2000 ps\n"
			    "           V C S   S i m u l a t i o n   R e p o r t \n"
			    "Time: 2000 ps\n"
			    "CPU Time:      7.500 seconds;       Data structure size:   0.2Mb\n";

static int log_of_text(const char *text)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
	return fd;
}

static void each_is_found_by_its_name(void **state)
{
	static const char *const names[] = {DV_READS_TOOL_LOG, DV_READS_SIMULATION_LOG,
					    DV_READS_COVERAGE, DV_READS_VPLAN};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(flow_reader(names[i])->name, names[i]);
	assert_null(flow_reader("coverage"));
}

static void only_a_simulation_tells_the_simulated_time(void **state)
{
	_cleanup_(closep) int fd = log_of_text(a_log);
	const struct job_left left = {.tool = "vcs", .log_fd = fd};
	struct job_outcome build = {0}, run = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(flow_reader(DV_READS_TOOL_LOG)->read(&left, &build, &err), 1);
	assert_true(build.measures.has_run_time && build.measures.run_time_s == 7.5);
	assert_false(build.measures.has_sim_time);
	assert_int_equal(flow_reader(DV_READS_SIMULATION_LOG)->read(&left, &run, &err), 1);
	assert_true(run.measures.has_run_time && run.measures.run_time_s == 7.5);
	assert_true(run.measures.has_sim_time);
}

static void a_summary_must_be_there_if_the_tool_makes_one(void **state)
{
	struct job_left left = {.tool = "vcs", .path = "/nothing/here", .log_fd = -1};
	struct job_outcome out = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(flow_reader(DV_READS_COVERAGE)->read(&left, &out, &err), -1);
	assert_non_null(strstr(err.msg, "/nothing/here"));
	error_done(&err);
	left.tool = "a tool that nobody knows";
	assert_int_equal(flow_reader(DV_READS_COVERAGE)->read(&left, &out, &err), 0);
	assert_int_equal(out.measures.n_coverage, 0);
	job_outcome_done(&out);
}

static void a_plan_tells_its_coverage(void **state)
{
	_cleanup_(closep) int fd = log_of_text("{ ip: { Normalized_Coverage: \"85.5 %\" } }");
	_cleanup_(freep) char *path = xasprintf("/proc/self/fd/%d", fd);
	const struct job_left left = {.path = path, .log_fd = -1};
	struct job_outcome out = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(flow_reader(DV_READS_VPLAN)->read(&left, &out, &err), 1);
	assert_true(out.measures.has_vplan && out.measures.vplan_percent == 85.5);
}

static void a_plan_may_be_missing(void **state)
{
	const struct job_left left = {.path = "/nothing/here", .log_fd = -1};
	struct job_outcome out = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(flow_reader(DV_READS_VPLAN)->read(&left, &out, &err), 0);
	assert_false(out.measures.has_vplan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found_by_its_name),
		cmocka_unit_test(only_a_simulation_tells_the_simulated_time),
		cmocka_unit_test(a_summary_must_be_there_if_the_tool_makes_one),
		cmocka_unit_test(a_plan_tells_its_coverage),
		cmocka_unit_test(a_plan_may_be_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
