/* SPDX-License-Identifier: Apache-2.0 */
#include "device/driver/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"
#include "drivers/drivers.h"

enum { PATH_MOST = 4096 };

static const char variable[] = "DVSCHED_DRIVERS", suffix[] = ".so";
/* Where `meson compile` puts the program, and its drivers relative to that. */
static const char built_program[] = "/src/cli", built_drivers[] = "../drivers";

/* ---- directories ---- */

static const char *explain_dir(const char *path)
{
	struct stat st;

	if (path[0] != '/')
		return "not an absolute path";
	if (stat(path, &st) < 0)
		return errno == ENOENT ? "there is no such directory" : strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return "not a directory";
	return st.st_mode & S_IWOTH ? "all users may write into it" : NULL;
}

/* The directory of the program, after following links; NULL: not known. */
static const char *program_dir(struct arena *mem)
{
	char path[PATH_MOST];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	return n > 0 && n < PATH_MOST ? path_dir(mem, arena_strndup(mem, path, (size_t)n)) : NULL;
}

static const char *own_dir(struct arena *mem)
{
	const char *dir = program_dir(mem), *to = DRIVERS_DIR; /* relative to dir, or absolute */

	if (!dir)
		return NULL;
	if (str_ends(dir, built_program))
		to = built_drivers;
	return path_normalise(mem, path_join(mem, dir, to));
}

size_t driver_dirs(struct arena *mem, const struct driver_dir **ret)
{
	const char *list = getenv(variable), *own = own_dir(mem);
	size_t n = 0, most = 2;
	struct driver_dir *dirs;

	for (const char *c = list ? list : ""; *c; c++)
		most += *c == ':';
	dirs = arena_array(mem, most, sizeof(*dirs));
	for (size_t len; list && *list; list += len + (list[len] == ':')) {
		len = strcspn(list, ":");
		if (len)
			dirs[n++].path = path_normalise(mem, arena_strndup(mem, list, len));
	}
	if (own)
		dirs[n++].path = own;
	for (size_t i = 0; i < n; i++)
		dirs[i].why_not = explain_dir(dirs[i].path);
	*ret = dirs;
	return n;
}

/* ---- names ---- */

static bool is_built_in(const char *name)
{
	for (const struct driver_type *const *t = driver_types; *t; t++)
		if (strcmp((*t)->name, name) == 0)
			return true;
	return false;
}

static const struct driver_module *find_module(const char *name)
{
	for (const struct driver_module *m = driver_modules; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

struct listing {
	struct arena *mem;
	struct driver_entry *at;
	size_t n, cap;
};

static void add_entry(struct listing *l, struct driver_entry entry)
{
	for (size_t i = 0; i < l->n; i++)
		if (!entry.hidden_by && strcmp(l->at[i].name, entry.name) == 0)
			entry.hidden_by = l->at[i].path ? l->at[i].path : "the built-in one";
	vec_push_in(l->mem, l, entry);
}

static int is_library(const struct dirent *e)
{
	return e->d_name[0] != '.' && strlen(e->d_name) >= sizeof(suffix) &&
	       str_ends(e->d_name, suffix);
}

static void add_libraries(struct listing *l, const char *dir)
{
	struct dirent **found;
	int n = scandir(dir, &found, is_library, alphasort);

	for (int i = 0; i < n; i++) {
		size_t len = strlen(found[i]->d_name) - strlen(suffix);
		const char *name = arena_strndup(l->mem, found[i]->d_name, len);
		const char *path = path_join(l->mem, dir, found[i]->d_name);
		const struct driver_module *m = find_module(name);

		/* Directories, pipes and dangling links are no libraries. */
		if (fs_is_file(path))
			add_entry(l, (struct driver_entry){
					     .name = name,
					     .help = m ? m->help : NULL,
					     .path = path,
				     });
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}

size_t driver_names(struct arena *mem, const struct driver_entry **ret)
{
	struct listing l = {.mem = mem};
	const struct driver_dir *dirs;
	size_t n = driver_dirs(mem, &dirs);

	for (const struct driver_type *const *t = driver_types; *t; t++)
		add_entry(&l, (struct driver_entry){.name = (*t)->name, .help = (*t)->help});
	for (size_t i = 0; i < n; i++)
		if (!dirs[i].why_not)
			add_libraries(&l, dirs[i].path);
	*ret = l.at;
	return l.n;
}

const char *driver_suggest(struct arena *mem, const char *word)
{
	const struct driver_entry *list;
	size_t n = driver_names(mem, &list);
	const char **names = arena_array(mem, n + 1, sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = list[i].name;
	return str_suggest(word, names, n);
}

/* ---- one name ---- */

static const char *find_library(struct arena *mem, const char *name)
{
	const char *file = arena_printf(mem, "%s%s", name, suffix), *path;
	const struct driver_dir *dirs;
	size_t n = driver_dirs(mem, &dirs);

	for (size_t i = 0; i < n; i++) {
		path = path_join(mem, dirs[i].path, file);
		if (!dirs[i].why_not && fs_is_file(path))
			return path;
	}
	return NULL;
}

const char *driver_hidden(struct arena *mem, const char *name)
{
	return is_built_in(name) ? find_library(mem, name) : NULL;
}

/* "there are: sim, acl; x.so was looked for in /a, /b (there is no such directory)" */
static void add_where(struct str *out, struct arena *mem, const char *name)
{
	const struct driver_entry *list;
	const struct driver_dir *dirs;
	size_t n = driver_names(mem, &list), n_dirs = driver_dirs(mem, &dirs);

	str_add(out, "there are: ");
	for (size_t i = 0; i < n; i++)
		if (!list[i].hidden_by)
			str_printf(out, "%s%s", i ? ", " : "", list[i].name);
	str_printf(out, "; %s%s was looked for in ", name, suffix);
	for (size_t i = 0; i < n_dirs; i++)
		str_printf(out, "%s%s%s%s%s", i ? ", " : "", dirs[i].path,
			   dirs[i].why_not ? " (" : "", dirs[i].why_not ? dirs[i].why_not : "",
			   dirs[i].why_not ? ")" : "");
	if (!n_dirs)
		str_add(out, "no directory");
}

static const char *fail_name(struct arena *mem, const char *name, struct error *err)
{
	const struct driver_module *m = find_module(name);
	_cleanup_(str_done) struct str where = {0};

	add_where(&where, mem, name);
	if (m && !m->is_built)
		error_plain(err, "this dvsched was built without the driver '%s' (%s)", name,
			    where.s);
	else
		error_plain(err, "there is no driver '%s' (%s)", name, where.s);
	return NULL;
}

const char *driver_locate(struct arena *mem, const char *word, struct error *err)
{
	const char *path;
	struct stat st;

	if (is_built_in(word))
		return word;
	if (strchr(word, '/')) {
		if (stat(word, &st) == 0 && !S_ISREG(st.st_mode)) {
			error_plain(err, "driver %s: it is not a file", word);
			return NULL;
		}
		return word;
	}
	path = path_is_safe_name(word) ? find_library(mem, word) : NULL;
	if (!path)
		return fail_name(mem, word, err);
	if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH)) {
		error_plain(err, "driver %s: all users may change it, so it is not used", path);
		return NULL;
	}
	return path;
}
