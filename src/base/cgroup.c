/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static bool cgroup_lists(const char *controllers, const char *name)
{
	size_t n = strlen(name);

	for (; *controllers;
	     controllers += strcspn(controllers, ","), controllers += *controllers == ',')
		if (strcspn(controllers, ",") == n && strncmp(controllers, name, n) == 0)
			return true;
	return false;
}

static void cgroup_visit_all(const char *mount, char *group, bool is_v2, cgroup_visit *visit,
			     void *ctx)
{
	for (;;) {
		_cleanup_(freep) char *dir = xasprintf("%s%s", mount, group);
		char *slash = strrchr(group, '/');

		visit(dir, is_v2, ctx);
		if (!slash)
			return;
		*slash = '\0';
	}
}

/* A line of /proc/self/cgroup: "0::/path" (v2) or "4:cpu,cpuacct:/path" (v1). */
static void cgroup_visit_line(const char *sys, const char *controller, char *line,
			      cgroup_visit *visit, void *ctx)
{
	char *controllers = strchr(line, ':'), *group;
	bool is_v2;

	group = controllers ? strchr(++controllers, ':') : NULL;
	if (!group)
		return;
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	is_v2 = *controllers == '\0';
	if (is_v2 || cgroup_lists(controllers, controller)) {
		_cleanup_(freep) char *mount = xasprintf("%s/fs/cgroup%s%s", sys, is_v2 ? "" : "/",
							 is_v2 ? "" : controller);

		cgroup_visit_all(mount, group, is_v2, visit, ctx);
	}
}

void cgroup_visit_own(const char *proc, const char *sys, const char *controller,
		      cgroup_visit *visit, void *ctx)
{
	_cleanup_(freep) char *path = xasprintf("%s/self/cgroup", proc);
	FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		cgroup_visit_line(sys, controller, line, visit, ctx);
	if (f)
		fclose(f);
}

bool cgroup_read_line(const char *dir, const char *name, char *line, int size)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, size, f);

	if (f)
		fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

bool cgroup_read_number(const char *dir, const char *name, uint64_t *ret)
{
	char line[128];

	return cgroup_read_line(dir, name, line, sizeof(line)) &&
	       sscanf(line, "%" SCNu64, ret) == 1;
}

bool cgroup_read_key(const char *dir, const char *name, const char *key, uint64_t *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	size_t n = strlen(key);
	bool is_found = false;
	char line[256];

	while (f && !is_found && fgets(line, sizeof(line), f))
		is_found = strncmp(line, key, n) == 0 && line[n] == ' ' &&
			   sscanf(line + n, "%" SCNu64, ret) == 1;
	if (f)
		fclose(f);
	return is_found;
}
