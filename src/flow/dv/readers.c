/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/readers.h"

#include "tool/tool.h"

static int read_times(const struct job_left *left, bool is_simulation, struct job_measures *ret)
{
	struct tool_times times = {0};

	tool_read_log(tool_find(left->tool), left->log_fd, left->log_start, is_simulation, &times);
	ret->has_run_time = times.has_run_time;
	ret->run_time_s = times.run_time_s;
	ret->has_sim_time = times.has_sim_time;
	ret->sim_time_us = times.sim_time_us;
	return times.has_run_time || times.has_sim_time;
}

static int read_tool_log(const struct job_left *left, struct job_outcome *ret, struct error *err)
{
	(void)err;
	return read_times(left, false, &ret->measures);
}

static int read_simulation_log(const struct job_left *left, struct job_outcome *ret,
			       struct error *err)
{
	(void)err;
	return read_times(left, true, &ret->measures);
}

static int read_coverage(const struct job_left *left, struct job_outcome *ret, struct error *err)
{
	const struct tool *tool = tool_find(left->tool);
	struct tool_coverage coverage = {0};
	struct job_coverage *list;
	struct arena *mem;

	if (!tool_has_coverage(tool))
		return 0;
	mem = job_outcome_mem(ret);
	if (tool_read_coverage(tool, left->path, mem, &coverage, err) < 0)
		return -1;
	list = arena_array(mem, coverage.n_pairs + 1, sizeof(*list));
	for (size_t i = 0; i < coverage.n_pairs; i++)
		list[i] = (struct job_coverage){coverage.pairs[i].name, coverage.pairs[i].value};
	ret->measures.coverage = list;
	ret->measures.n_coverage = (uint32_t)coverage.n_pairs;
	return coverage.n_pairs > 0;
}

static int read_vplan(const struct job_left *left, struct job_outcome *ret, struct error *err)
{
	(void)err;
	ret->measures.has_vplan = tool_read_vplan(left->path, &ret->measures.vplan_percent);
	return ret->measures.has_vplan;
}

const struct job_reader dv_readers[] = {
	{DV_READS_TOOL_LOG, read_tool_log},
	{DV_READS_SIMULATION_LOG, read_simulation_log},
	{DV_READS_COVERAGE, read_coverage},
	{DV_READS_VPLAN, read_vplan},
	{NULL, NULL},
};
