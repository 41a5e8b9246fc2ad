/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/local/processes.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/mem.h"

/* ---- pids.max ---- */

static void processes_take_cgroup(const char *dir, bool is_v2, void *ctx)
{
	uint64_t *left = ctx, limit, used;

	(void)is_v2; /* the same files */
	if (!cgroup_read_number(dir, "pids.max", &limit) ||
	    !cgroup_read_number(dir, "pids.current", &used))
		return;
	limit = limit > used ? limit - used : 0;
	if (limit < *left)
		*left = limit;
}

/* ---- ulimit -u: threads of the user ---- */

/* All threads of all users; UINT64_MAX: unknown. "0.00 0.01 0.00 1/234 5678" */
static uint64_t processes_count_all(const char *proc)
{
	char line[128];
	uint64_t n;

	if (!cgroup_read_line(proc, "loadavg", line, sizeof(line)) ||
	    sscanf(line, "%*s %*s %*s %*u/%" SCNu64, &n) != 1)
		return UINT64_MAX;
	return n;
}

/* /proc/PID may belong to root, if the process is not dumpable. */
static uint64_t processes_threads_of(const char *proc, const char *pid, uid_t uid)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s/status", proc, pid);
	FILE *f = fopen(path, "re");
	bool is_own = false, is_known = false;
	uint64_t n = 0, real_uid;
	char line[256];

	while (f && !is_known && fgets(line, sizeof(line), f))
		if (sscanf(line, "Uid: %" SCNu64, &real_uid) == 1)
			is_own = real_uid == uid;
		else
			is_known = sscanf(line, "Threads: %" SCNu64, &n) == 1;
	if (f)
		fclose(f);
	return is_own ? n : 0;
}

static uint64_t processes_count_of(const char *proc, uid_t uid)
{
	DIR *dir = opendir(proc);
	struct dirent *e;
	uint64_t n = 0;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			n += processes_threads_of(proc, e->d_name, uid);
	if (dir)
		closedir(dir);
	return n;
}

uint32_t processes_left_under(const char *proc, const char *sys, uid_t uid, uint64_t limit,
			      uint32_t enough)
{
	uint64_t left = UINT64_MAX, used;

	cgroup_visit_own(proc, sys, "pids", processes_take_cgroup, &left);
	if (limit != UINT64_MAX) {
		used = processes_count_all(proc);
		if (used > limit || limit - used < enough) {
			used = processes_count_of(proc, uid);
			limit = limit > used ? limit - used : 0;
			left = limit < left ? limit : left;
		}
	}
	return left < enough ? (uint32_t)left : UINT32_MAX;
}

uint32_t processes_left(uint32_t enough)
{
	struct rlimit limit;
	bool has_limit = geteuid() != 0 && getrlimit(RLIMIT_NPROC, &limit) == 0 &&
			 limit.rlim_cur != RLIM_INFINITY;

	return processes_left_under("/proc", "/sys", getuid(),
				    has_limit ? limit.rlim_cur : UINT64_MAX, enough);
}
