/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of fs.h that work on text and do not use the file system (except path_cwd()). */
#include "base/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

char *path_join(struct arena *a, const char *dir, const char *name)
{
	if (*name == '/' || *dir == '\0')
		return arena_strdup(a, name);
	return arena_printf(a, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

/* Resolves a ".." after out: drops the last component, or adds ".." if there is none to drop. */
static void path_go_up(struct str *out, bool is_absolute)
{
	char *slash = out->s ? strrchr(out->s, '/') : NULL;
	const char *last = slash ? slash + 1 : out->s;

	if (out->len == 0 || (last && strcmp(last, "..") == 0)) {
		if (!is_absolute)
			str_add(out, out->len ? "/.." : "..");
		return;
	}
	out->len = slash ? (size_t)(slash - out->s) : 0;
	out->s[out->len] = '\0';
}

char *path_normalise(struct arena *a, const char *path)
{
	bool is_absolute = *path == '/';
	_cleanup_(str_done) struct str out = {0};

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			path_go_up(&out, is_absolute);
		} else if (n && !(n == 1 && path[0] == '.')) {
			if (out.len || is_absolute)
				str_addc(&out, '/');
			str_addn(&out, path, n);
		}
		path += n;
		while (*path == '/')
			path++;
	}
	if (out.len == 0)
		return arena_strdup(a, is_absolute ? "/" : ".");
	return arena_strdup(a, out.s);
}

/* No path below /dev/null exists, and nobody, not even root, can create one. */
static char *path_without_cwd(struct arena *a, const char *path)
{
	const char *below = path_normalise(a, arena_printf(a, "/%s", path));

	return arena_printf(a, "/dev/null/current-directory-is-gone%s", below[1] ? below : "");
}

char *path_cwd(void)
{
	char *cwd = getcwd(NULL, 0);

	if (!cwd && errno == ENOMEM)
		mem_exhausted(0);
	return cwd;
}

char *path_absolute(struct arena *a, const char *path)
{
	_cleanup_(freep) char *cwd = NULL;

	if (*path == '/')
		return path_normalise(a, path);
	cwd = path_cwd();
	return cwd ? path_normalise(a, path_join(a, cwd, path)) : path_without_cwd(a, path);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(a, ".");
	return arena_strndup(a, path, slash == path ? 1 : (size_t)(slash - path));
}

bool path_is_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (n == 1 && *root == '/')
		return *path == '/';
	return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The length of the common prefix of a and b, in whole components. */
static size_t common_length(const char *a, const char *b)
{
	size_t n = 0;

	for (size_t i = 0;; i++) {
		if ((a[i] == '/' || !a[i]) && (b[i] == '/' || !b[i]))
			n = i;
		if (!a[i] || a[i] != b[i])
			return n;
	}
}

char *path_relative(struct arena *a, const char *path, const char *from)
{
	_cleanup_(str_done) struct str out = {0};
	size_t n = common_length(path, from);

	for (const char *p = from + n; *p; p++)
		if (*p == '/' && p[1])
			str_add(&out, "../");
	for (path += n; *path == '/';)
		path++;
	str_add(&out, path);
	if (out.len > 1 && out.s[out.len - 1] == '/')
		out.s[--out.len] = '\0';
	return arena_strdup(a, out.len ? out.s : ".");
}

bool path_is_safe_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 255 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0, k; i < n; i += k) {
		k = utf8_valid_len(name + i, n - i);
		if (k == 0 || name[i] == '/' || utf8_is_control(name + i, k))
			return false;
	}
	return true;
}
