/* SPDX-License-Identifier: Apache-2.0 */
#include "device/temp_images.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

/* The names that drivers and the runtimes below them give. */
static const char *const prefixes[] = {"dvs-", "aicpu_sim_", "aicore_sim_", "kernel_", "orch_so_"};

static bool is_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return n && strncmp(path, dir, n) == 0 && path[n] == '/' && path + n + 1 == path_base(path);
}

bool temp_images_has_name(const char *path)
{
	const char *tmp = getenv("TMPDIR"), *name = path_base(path);

	/* A gang's shared memory, of a runtime that gives it a name. */
	if (is_in(path, "/dev/shm"))
		return str_starts(name, "simpler_");
	if (!is_in(path, "/tmp") && !(tmp && is_in(path, tmp)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(name, prefixes[i]))
			return true;
	return false;
}

static bool is_noted(const struct temp_images *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i].path, path) == 0)
			return true;
	return false;
}

/* "7f…-7f… r-xp 00000000 fe:01 1234    /tmp/aicpu_sim_x" */
static void note_line(struct temp_images *t, char *line)
{
	unsigned long long inode;
	char *path = strchr(line, '/');

	if (!path || sscanf(line, "%*s %*s %*s %*s %llu", &inode) != 1)
		return;
	path[strcspn(path, "\n")] = '\0';
	if (!temp_images_has_name(path) || is_noted(t, path))
		return;
	t->at = xreallocarray(t->at, t->n + 1, sizeof(*t->at));
	t->at[t->n++] = (struct temp_image){xstrdup(path), (ino_t)inode};
}

void temp_images_note(struct temp_images *t, pid_t pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/maps", (int)pid);
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0)
		note_line(t, line);
	if (f)
		fclose(f);
	free(line);
}

void temp_images_note_paths(struct temp_images *t, const char *at, size_t size)
{
	struct stat st;

	while (size && memchr(at, '\0', size)) {
		size_t n = strlen(at) + 1;

		if (temp_images_has_name(at) && !is_noted(t, at) && lstat(at, &st) == 0) {
			t->at = xreallocarray(t->at, t->n + 1, sizeof(*t->at));
			t->at[t->n++] = (struct temp_image){xstrdup(at), st.st_ino};
		}
		at += n;
		size -= n;
	}
}

static bool is_same(const struct temp_image *image)
{
	struct stat st;

	return lstat(image->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == image->inode;
}

void temp_images_remove(struct temp_images *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (is_same(&t->at[i]))
			unlink(t->at[i].path);
		free(t->at[i].path);
	}
	free(t->at);
	*t = (struct temp_images){0};
}
