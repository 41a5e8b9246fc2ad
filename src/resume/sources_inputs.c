/* SPDX-License-Identifier: Apache-2.0 */
/* The declared inputs of jobs: contents of files, and variables. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/str.h"
#include "resume/sources.h"

enum { INPUTS_MOST = 200000, INPUTS_DEEPEST = 100 };

struct inputs_walk {
	struct sources *s; /* of this set of inputs */
	const struct sources_scope *scope;
	struct map *hashes;  /* of files that other sets have as well: path -> what */
	const char *pattern; /* NULL: all files */
	struct map seen;     /* a file may match several patterns */
	VEC(struct source_file) files;
};

/* ---- names of sets ---- */

static void add_words(struct str *key, const char *const *words)
{
	for (; words && *words; words++) {
		str_addn(key, *words, strlen(*words) + 1);
	}
	str_addc(key, '\n');
}

/* The same declaration has the same key in every run. */
static const char *inputs_key(struct arena *mem, const struct job_inputs *inputs)
{
	_cleanup_(str_done) struct str key = {0};
	struct sha256 sha;

	add_words(&key, inputs->files);
	add_words(&key, inputs->env);
	sha256_init(&sha);
	sha256_add(&sha, key.s, key.len);
	return sources_hex(mem, &sha);
}

/* ---- files ---- */

static const char *hash_content(struct arena *mem, const char *path, const struct stat *st)
{
	enum { PART = 65536 };
	_cleanup_(str_done) struct str part = {0};
	_cleanup_(closep) int fd = fs_open_begin(
		AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, &part, PART);
	struct sha256 sha;
	ssize_t n = fd < 0 ? -1 : (ssize_t)part.len;

	sha256_init(&sha);
	while (n > 0) {
		sha256_add(&sha, part.s, (size_t)n);
		do
			n = read(fd, part.s, PART);
		while (n < 0 && errno == EINTR);
	}
	return n < 0 ? NULL
		     : arena_printf(mem, "%c %s", st->st_mode & S_IXUSR ? 'x' : '-',
				    sources_hex(mem, &sha));
}

/* Relative to the directory of the sources, if it is in there. */
static const char *inputs_shown(const struct inputs_walk *w, const char *path)
{
	size_t n = strlen(w->scope->dir);

	return path_is_below(path, w->scope->dir) && path[n] == '/' ? path + n + 1 : path;
}

static void inputs_add_file(struct inputs_walk *w, const char *path, const struct stat *st)
{
	const char *what = map_get(w->hashes, path);

	if (map_set(&w->seen, path, w))
		return;
	if (w->files.n == INPUTS_MOST)
		w->s->unknown = arena_printf(w->s->mem, "the inputs are more than %d files",
					     INPUTS_MOST);
	if (!what) {
		what = st ? hash_content(w->s->mem, path, st) : "missing";
		if (!what)
			w->s->unknown = arena_printf(w->s->mem, "%s cannot be read", path);
		else
			map_set(w->hashes, path, (void *)what);
	}
	if (!w->s->unknown)
		vec_push(&w->files, (struct source_file){.path = inputs_shown(w, path),
							 .what = what,
							 .is_listed = true,
							 .is_own = true});
}

static void inputs_walk_dir(struct inputs_walk *w, const char *dir, unsigned depth);

static void inputs_walk_one(struct inputs_walk *w, const char *path, unsigned depth)
{
	struct stat st, link;

	if (stat(path, &st) < 0 || lstat(path, &link) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		/* Links to directories could be circles. */
		if (!S_ISLNK(link.st_mode) && !sources_is_scratch(path) &&
		    strcmp(path, w->scope->scratch_root) != 0 &&
		    strcmp(path_base(path), ".dvsched") != 0)
			inputs_walk_dir(w, path, depth + 1);
		return;
	}
	if (S_ISREG(st.st_mode) && !sources_is_own(w->scope, &st) &&
	    (!w->pattern || str_glob(w->pattern, path)))
		inputs_add_file(w, path, &st);
}

static void inputs_walk_dir(struct inputs_walk *w, const char *dir, unsigned depth)
{
	DIR *d = depth > INPUTS_DEEPEST ? NULL : opendir(dir);
	const struct dirent *e;

	if (!d)
		w->s->unknown = arena_printf(w->s->mem, "%s cannot be read", dir);
	while (d && !w->s->unknown && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			inputs_walk_one(w, path_join(w->s->mem, dir, e->d_name), depth);
	if (d)
		closedir(d);
}

static void inputs_add_pattern(struct inputs_walk *w, const char *pattern)
{
	size_t n = strcspn(pattern, "*?[");
	struct stat st;

	w->pattern = pattern[n] ? pattern : NULL;
	if (!w->pattern && stat(pattern, &st) == 0 && S_ISDIR(st.st_mode)) {
		inputs_walk_dir(w, pattern, 0);
	} else if (!w->pattern) {
		inputs_add_file(w, pattern, stat(pattern, &st) == 0 ? &st : NULL);
	} else {
		while (n > 1 && pattern[n - 1] != '/')
			n--;
		pattern = arena_strndup(w->s->mem, pattern, n > 1 ? n - 1 : n);
		if (fs_is_dir(pattern))
			inputs_walk_dir(w, pattern, 0);
	}
}

/* Values may be secrets, so only their hashes are recorded. */
static void inputs_add_variable(struct inputs_walk *w, const char *name)
{
	const char *value = getenv(name);
	struct sha256 sha;

	sha256_init(&sha);
	if (value)
		sha256_add(&sha, value, strlen(value));
	vec_push(&w->files, (struct source_file){
				    .path = arena_printf(w->s->mem, "$%s", name),
				    .what = value ? sources_hex(w->s->mem, &sha) : "not set",
				    .is_listed = true,
				    .is_own = true,
			    });
}

/* ---- all sets ---- */

static void inputs_take_set(struct sources *s, const struct sources_scope *scope,
			    const struct job_inputs *inputs, struct map *hashes)
{
	struct inputs_walk w = {.s = s, .scope = scope, .hashes = hashes};

	for (const char *const *p = inputs->files; p && *p && !s->unknown; p++)
		inputs_add_pattern(&w, *p);
	for (const char *const *p = inputs->env; p && *p; p++)
		inputs_add_variable(&w, *p);
	if (!s->unknown)
		sources_digest(s, w.files.at, w.files.n);
	map_done(&w.seen);
	vec_done(&w.files);
}

const struct sources *sources_inputs(const struct sources *s, const struct job_inputs *inputs)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();

	return map_get(&s->inputs, inputs_key(mem, inputs));
}

void sources_take_inputs(struct sources *s, const struct sources_scope *scope,
			 const struct plan *plan)
{
	const struct job_inputs *last = NULL;
	struct map hashes = {0};

	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_inputs *inputs = plan->jobs[i].rules->inputs;
		struct sources *set;
		const char *key;

		if (!inputs || inputs == last)
			continue;
		last = inputs;
		key = inputs_key(s->mem, inputs);
		if (map_has(&s->inputs, key))
			continue;
		set = arena_zalloc(s->mem, sizeof(*set));
		set->mem = s->mem;
		map_set(&s->inputs, key, set);
		inputs_take_set(set, scope, inputs, &hashes);
	}
	map_done(&hashes);
}
