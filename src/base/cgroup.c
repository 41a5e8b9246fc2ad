/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

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

static bool line_has_key(const char *line, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	return strncmp(line, key, n) == 0 && line[n] == ' ' &&
	       sscanf(line + n, "%" SCNu64, ret) == 1;
}

bool cgroup_read_keys(const char *dir, const char *name, size_t n, const char *const *keys,
		      uint64_t *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	size_t n_found = 0;
	char line[256];

	while (f && n_found < n && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < n; i++)
			n_found += line_has_key(line, keys[i], &ret[i]);
	if (f)
		fclose(f);
	return n_found == n;
}

bool cgroup_read_key(const char *dir, const char *name, const char *key, uint64_t *ret)
{
	return cgroup_read_keys(dir, name, 1, &key, ret);
}

bool cgroup_has_word(const char *dir, const char *name, const char *word)
{
	char line[1024];

	if (!cgroup_read_line(dir, name, line, sizeof(line)))
		return false;
	for (char *rest = line, *at; (at = strsep(&rest, " "));)
		if (strcmp(at, word) == 0)
			return true;
	return false;
}

bool cgroup_write(const char *dir, const char *name, const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);
	int fd = fs_open(path, O_WRONLY | O_CLOEXEC, 0);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	closep(&fd);
	return ok;
}

/* ---- the v2 cgroup of this process ---- */

/* "0::/user.slice" -> "/user.slice" */
static char *cgroup_own_path(const char *proc)
{
	_cleanup_(freep) char *path = xasprintf("%s/self/cgroup", proc);
	FILE *f = fopen(path, "re");
	char line[4096], *ret = NULL;

	while (f && !ret && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (str_starts(line, "0::/"))
			ret = xstrdup(line + 3);
	}
	if (f)
		fclose(f);
	return ret;
}

/* A line of mountinfo: "29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw". NULL: it is
 * not a mount of cgroup2 that shows the cgroup. */
static char *cgroup_below_mount(char *line, const char *own, bool *ret_is_root)
{
	bool is_v2 = strstr(line, " - cgroup2 ");
	const char *words[5] = {0};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = strsep(&line, " ");
	if (!is_v2 || !words[4])
		return NULL;
	if (strcmp(words[3], "/") != 0) {
		if (!path_is_below(own, words[3]))
			return NULL;
		own += strlen(words[3]);
	}
	*ret_is_root = strcmp(own, "/") == 0 || *own == '\0';
	return xasprintf("%s%s", words[4], *ret_is_root ? "" : own);
}

char *cgroup_find_v2(const char *proc, bool *ret_is_root)
{
	_cleanup_(freep) char *own = cgroup_own_path(proc);
	_cleanup_(freep) char *path = xasprintf("%s/self/mountinfo", proc);
	_cleanup_(freep) char *line = NULL;
	FILE *f = own ? fopen(path, "re") : NULL;
	char *ret = NULL;
	size_t size = 0;

	while (f && !ret && getline(&line, &size, f) > 0)
		ret = cgroup_below_mount(line, own, ret_is_root);
	if (f)
		fclose(f);
	return ret;
}

/* ---- removal ---- */

/* Appends "/name" of a cgroup directly below path. */
static bool cgroup_descend(struct str *path)
{
	DIR *dir = opendir(path->s);
	const struct dirent *e;
	bool is_found = false;

	while (dir && !is_found && (e = readdir(dir))) {
		is_found = e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 &&
			   strcmp(e->d_name, "..") != 0;
		if (is_found)
			str_printf(path, "/%s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

int cgroup_remove(const char *dir)
{
	_cleanup_(str_done) struct str path = {0};
	size_t len = strlen(dir);

	/* Most have none below them, and the kernel is slow to list one. */
	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	str_add(&path, dir);
	for (;;) {
		if (cgroup_descend(&path))
			continue;
		if (rmdir(path.s) < 0 && errno != ENOENT)
			return -1;
		if (path.len <= len)
			return 0;
		path.len = (size_t)(strrchr(path.s, '/') - path.s);
		path.s[path.len] = '\0';
	}
}
