/* SPDX-License-Identifier: Apache-2.0 */
/* Which files belong to the sources, and their digests. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/str.h"
#include "resume/sources.h"

enum { LISTED_MOST = 20000 };

void sources_scope_add_own(struct sources_scope *scope, int fd)
{
	struct stat st;

	if (scope->n_own == SOURCES_OWN_MOST || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	scope->own[scope->n_own].dev = st.st_dev;
	scope->own[scope->n_own++].ino = st.st_ino;
}

bool sources_is_own(const struct sources_scope *scope, const struct stat *st)
{
	for (size_t i = 0; i < scope->n_own; i++)
		if (scope->own[i].dev == st->st_dev && scope->own[i].ino == st->st_ino)
			return true;
	return false;
}

bool sources_is_scratch(const char *dir)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", dir);

	return fs_is_dir(runs);
}

/* If all sources are in the scratch root, only dvsched's own files in it are left out. */
static bool is_in_scratch(const struct sources *s, const char *full,
			  const struct sources_scope *scope)
{
	_cleanup_(freep) char *own = xasprintf("%s/.dvsched", scope->scratch_root);

	return path_is_below(
		full, path_is_below(s->dir, scope->scratch_root) ? own : scope->scratch_root);
}

bool sources_leave_out(const struct sources *s, const char *path, const struct sources_scope *scope)
{
	_cleanup_(freep) char *full = xasprintf("%s/%s", s->dir, path);

	for (const char *const *g = scope->generated; g && *g; g++)
		if (str_glob(*g, full))
			return true;
	return str_starts(path_base(path), ".dvsched.lock") || is_in_scratch(s, full, scope) ||
	       map_has(scope->config_files, full);
}

/* ---- digests ---- */

static int by_path(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

const char *sources_hex(struct arena *mem, struct sha256 *sha)
{
	uint8_t bytes[SHA256_SIZE];
	char *text = arena_array(mem, 2 * SHA256_SIZE + 1, 1);

	sha256_done(sha, bytes);
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	return text;
}

static void add_file(struct sha256 *sha, const struct source_file *f)
{
	sha256_add(sha, f->path, strlen(f->path) + 1);
	sha256_add(sha, f->what, strlen(f->what) + 1);
}

void sources_digest(struct sources *s, struct source_file *files, size_t n)
{
	struct sha256 all, tracked;

	if (n)
		qsort(files, n, sizeof(*files), by_path);
	sha256_init(&all);
	sha256_init(&tracked);
	for (size_t i = 0; i < n; i++) {
		add_file(&all, &files[i]);
		if (files[i].is_own)
			add_file(&tracked, &files[i]);
		if (!files[i].is_listed)
			continue;
		if (s->files.n < LISTED_MOST)
			vec_push(&s->files, files[i]);
		else
			s->is_cut = true;
	}
	s->digest = sources_hex(s->mem, &all);
	s->tracked = sources_hex(s->mem, &tracked);
}
