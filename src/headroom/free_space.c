/* SPDX-License-Identifier: Apache-2.0 */
#include "headroom/free_space.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cgroup.h"
#include "base/mem.h"

void free_space_source_init(struct free_space_source *s, const char *scratch, const char *tmp)
{
	struct stat of_scratch = {0}, of_tmp;

	*s = (struct free_space_source){.proc = "/proc", .sys = "/sys"};
	if (scratch && stat(scratch, &of_scratch) == 0)
		s->disk[s->n_disks++] = scratch;
	if (tmp && stat(tmp, &of_tmp) == 0 && of_tmp.st_dev != of_scratch.st_dev)
		s->disk[s->n_disks++] = tmp;
}

void free_space_read_disk(const char *path, struct free_space_disk *ret)
{
	struct statvfs st;

	*ret = (struct free_space_disk){.path = path};
	if (statvfs(path, &st) < 0)
		return;
	ret->free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	ret->size_bytes = (uint64_t)st.f_blocks * st.f_frsize;
	ret->free_inodes = st.f_favail;
	ret->n_inodes = st.f_files;
}

/* ---- memory ---- */

static void free_space_read_meminfo(const char *proc, struct free_space *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/meminfo", proc);
	uint64_t total = 0, available = 0, kib;
	FILE *f = fopen(path, "re");
	bool is_known = false;
	char line[128];

	while (f && !is_known && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemTotal: %" SCNu64, &kib) == 1)
			total = kib * 1024;
		else if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			available = kib * 1024, is_known = true;
	if (f)
		fclose(f);
	if (!is_known)
		return;
	ret->memory_total = total;
	ret->memory_bytes = available;
}

/* Pages of files that were not used for long are given back before a limit is felt. */
static void free_space_take_cgroup(const char *dir, bool is_v2, void *ctx)
{
	struct free_space *r = ctx;
	uint64_t limit, used, cached = 0, left;

	if (!cgroup_read_number(dir, is_v2 ? "memory.max" : "memory.limit_in_bytes", &limit) ||
	    !cgroup_read_number(dir, is_v2 ? "memory.current" : "memory.usage_in_bytes", &used))
		return;
	if (limit >= r->memory_total && r->memory_total)
		return; /* v1 has a large number for "none" */
	cgroup_read_key(dir, "memory.stat", is_v2 ? "inactive_file" : "total_inactive_file",
			&cached);
	used -= cached < used ? cached : used;
	left = limit > used ? limit - used : 0;
	r->memory_total = limit;
	if (left < r->memory_bytes)
		r->memory_bytes = left;
}

static void free_space_read_pressure(const char *proc, struct free_space *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/pressure/memory", proc);
	FILE *f = fopen(path, "re");
	char line[128];
	double percent;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "full avg10=%lf", &percent) == 1)
			ret->memory_pressure = percent / 100;
	if (f)
		fclose(f);
}

void free_space_read_memory(const struct free_space_source *s, struct free_space *ret)
{
	*ret = (struct free_space){0};
	free_space_read_meminfo(s->proc, ret);
	cgroup_visit_own(s->proc, s->sys, "memory", free_space_take_cgroup, ret);
	free_space_read_pressure(s->proc, ret);
}

void free_space_read(const struct free_space_source *s, struct free_space *ret)
{
	free_space_read_memory(s, ret);
	ret->n_disks = s->n_disks;
	for (unsigned i = 0; i < s->n_disks; i++)
		free_space_read_disk(s->disk[i], &ret->disk[i]);
}
