/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/local/cpus.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static uint32_t by_affinity(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n > 0 ? (uint32_t)n : 1;
}

static bool read_line(const char *path, char *line, int size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, size, f);

	if (f)
		fclose(f);
	return ok;
}

static double quota_v2(const char *dir)
{
	_cleanup_(freep) char *path = xasprintf("%s/cpu.max", dir);
	double quota, period;
	char line[128];

	if (!read_line(path, line, sizeof(line)) || sscanf(line, "%lf %lf", &quota, &period) != 2)
		return INFINITY; /* also "max 100000" */
	return period > 0 ? quota / period : INFINITY;
}

static double quota_v1(const char *dir)
{
	_cleanup_(freep) char *quota_path = xasprintf("%s/cpu.cfs_quota_us", dir);
	_cleanup_(freep) char *period_path = xasprintf("%s/cpu.cfs_period_us", dir);
	double quota, period;
	char line[128];

	if (!read_line(quota_path, line, sizeof(line)) || sscanf(line, "%lf", &quota) != 1 ||
	    quota <= 0)
		return INFINITY;
	if (!read_line(period_path, line, sizeof(line)) || sscanf(line, "%lf", &period) != 1 ||
	    period <= 0)
		return INFINITY;
	return quota / period;
}

/* The smallest quota of a group and its ancestors, up to the mount. In a container the group's path
 * may not exist; then only the quota of the mount counts. */
static double least_quota(const char *mount, char *group, double (*quota)(const char *dir))
{
	double least = INFINITY;

	for (;;) {
		_cleanup_(freep) char *dir = xasprintf("%s%s", mount, group);
		char *slash = strrchr(group, '/');

		least = fmin(least, quota(dir));
		if (!slash)
			return least;
		*slash = '\0';
	}
}

static bool lists_cpu(const char *controllers)
{
	for (; *controllers;
	     controllers += strcspn(controllers, ","), controllers += *controllers == ',')
		if (strcspn(controllers, ",") == 3 && strncmp(controllers, "cpu", 3) == 0)
			return true;
	return false;
}

/* A line of /proc/self/cgroup: "0::/path" (v2) or "4:cpu,cpuacct:/path" (v1). */
static double quota_of_line(const char *sys, char *line)
{
	char *controllers = strchr(line, ':'), *group;
	_cleanup_(freep) char *v1 = xasprintf("%s/fs/cgroup/cpu", sys);
	_cleanup_(freep) char *v2 = xasprintf("%s/fs/cgroup", sys);

	group = controllers ? strchr(++controllers, ':') : NULL;
	if (!group)
		return INFINITY;
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	if (*controllers == '\0')
		return least_quota(v2, group, quota_v2);
	return lists_cpu(controllers) ? least_quota(v1, group, quota_v1) : INFINITY;
}

uint32_t cpus_under(const char *proc, const char *sys, uint32_t affinity)
{
	_cleanup_(freep) char *path = xasprintf("%s/self/cgroup", proc);
	FILE *f = fopen(path, "re");
	double least = INFINITY;
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		least = fmin(least, quota_of_line(sys, line));
	if (f)
		fclose(f);
	if (least < affinity)
		affinity = (uint32_t)ceil(least);
	return affinity ? affinity : 1;
}

uint32_t cpus_usable(void)
{
	return cpus_under("/proc", "/sys", by_affinity());
}
