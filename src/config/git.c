/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files are read directly, because starting git for each load is slow and git may be missing. A
 * linked work tree and a submodule have a file .git with "gitdir: PATH"; PATH contains their HEAD.
 */
#include "config/git.h"

#include <string.h>

#include "base/fs.h"

enum { GIT_FILE_MOST = 64 * 1024 };

const char *git_find_root(struct arena *a, const char *dir)
{
	const char *up;

	for (;; dir = up) {
		if (fs_exists(path_join(a, dir, ".git")))
			return dir;
		up = path_dir(a, dir);
		if (strcmp(up, dir) == 0)
			return NULL;
	}
}

/* The first line of a small file, or NULL. */
static char *git_first_line(struct arena *a, const char *path)
{
	_cleanup_(str_done) struct str text = {0};
	_cleanup_(error_done) struct error err = {0};

	if (fs_read_file(path, GIT_FILE_MOST, &text, &err) < 0)
		return NULL;
	return arena_strndup(a, text.s, strcspn(text.s, "\r\n"));
}

static const char *git_dir(struct arena *a, const char *root)
{
	const char *path = path_join(a, root, ".git");
	const char *line;

	if (fs_is_dir(path))
		return path;
	line = git_first_line(a, path);
	if (!line || !str_starts(line, "gitdir: "))
		return NULL;
	return path_join(a, root, line + strlen("gitdir: "));
}

const char *git_branch(struct arena *a, const char *root)
{
	static const char prefix[] = "ref: refs/heads/";
	const char *top = root ? git_find_root(a, root) : NULL;
	const char *dir = top ? git_dir(a, top) : NULL;
	char *head = dir ? git_first_line(a, path_join(a, dir, "HEAD")) : NULL;

	if (!head)
		return "default";
	if (!str_starts(head, prefix) || !head[strlen(prefix)])
		return "HEAD";
	head += strlen(prefix);
	for (char *p = head; (p = strchr(p, '/'));)
		*p = '-';
	return head;
}
