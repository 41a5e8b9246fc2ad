/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/local/cpus.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cgroup.h"

static uint32_t by_affinity(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n > 0 ? (uint32_t)n : 1;
}

static double quota_v2(const char *dir)
{
	double quota, period;
	char line[128];

	if (!cgroup_read_line(dir, "cpu.max", line, sizeof(line)) ||
	    sscanf(line, "%lf %lf", &quota, &period) != 2)
		return INFINITY; /* also "max 100000" */
	return period > 0 ? quota / period : INFINITY;
}

static double quota_v1(const char *dir)
{
	uint64_t quota, period;

	/* A quota of -1 is none. */
	if (!cgroup_read_number(dir, "cpu.cfs_quota_us", &quota) || quota == 0 ||
	    quota > INT64_MAX || !cgroup_read_number(dir, "cpu.cfs_period_us", &period) ||
	    period == 0)
		return INFINITY;
	return (double)quota / (double)period;
}

static void cpus_take_quota(const char *dir, bool is_v2, void *ctx)
{
	double *least = ctx;

	*least = fmin(*least, is_v2 ? quota_v2(dir) : quota_v1(dir));
}

uint32_t cpus_under(const char *proc, const char *sys, uint32_t affinity)
{
	double least = INFINITY;

	cgroup_visit_own(proc, sys, "cpu", cpus_take_quota, &least);
	if (least < affinity)
		affinity = (uint32_t)ceil(least);
	return affinity ? affinity : 1;
}

uint32_t cpus_usable(void)
{
	return cpus_under("/proc", "/sys", by_affinity());
}
