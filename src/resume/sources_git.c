/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources in a git work tree: contents are compared by git's hashes, which are taken from the index
 * for unchanged files. So staging, committing and amending are not differences. Only reads, and
 * takes no lock of git.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "resume/sources.h"

enum { LARGEST = 64 << 20 };	 /* of a hashed file; larger ones are compared by size and time */
enum { REPOSITORIES_MOST = 16 }; /* one within the other */

struct git {
	struct sources *s;
	const struct sources_scope *scope;
	unsigned level;	      /* 0: the outermost repository */
	struct map scratches; /* directories: is one the scratch root of other runs? */
	struct map changed;   /* paths of files that differ from the index */
	VEC(struct source_file) files;
	VEC(size_t) to_hash; /* indices of files */
};

/* Value in changed (only its address is used). */
static const struct source_file gone;

static FILE *git_open(const struct git *g, const char *what)
{
	const char *scratch = g->scope->scratch_root;
	_cleanup_(str_done) struct str line = {0};

	str_add(&line, "exec git --no-optional-locks -C ");
	str_add_shell_word(&line, g->s->dir);
	str_printf(&line, " %s -- . ", what);
	if (path_is_below(scratch, g->s->dir) && strcmp(scratch, g->s->dir) != 0) {
		_cleanup_(str_done) struct str spec = {0};

		str_printf(&spec, ":(exclude,literal)%s", scratch + strlen(g->s->dir) + 1);
		str_add_shell_word(&line, spec.s);
	}
	str_add(&line, " 2>/dev/null </dev/null");
	return popen(line.s, "re");
}

static bool read_to_end(FILE *f, struct str *to)
{
	size_t n;

	do {
		n = fread(str_reserve(to, 65536), 1, 65536, f);
		to->len += n;
	} while (n);
	to->s[to->len] = '\0';
	return true;
}

static bool git_close(FILE *f, struct str *to)
{
	return f && read_to_end(f, to) && pclose(f) == 0;
}

/* Returns the position after n words that each end in a blank; NULL: there are not so many. */
static char *after_words(char *line, unsigned n)
{
	for (; n && line; n--) {
		line = strchr(line, ' ');
		line = line ? line + 1 : NULL;
	}
	return line;
}

/* ---- differences from the index ---- */

static void set_what(struct git *g, size_t n, const char *mode)
{
	struct source_file *f = &g->files.at[n];
	const char *full = path_join(g->s->mem, g->s->dir, f->path);
	char target[4096];
	struct stat st;
	ssize_t k;

	f->what = "-";
	if (lstat(full, &st) < 0)
		return;
	f->mtime_s = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
	if (!mode)
		mode = S_ISLNK(st.st_mode) ? "120000" : st.st_mode & S_IXUSR ? "100755" : "100644";
	if (S_ISLNK(st.st_mode)) {
		k = readlink(full, target, sizeof(target) - 1);
		target[k > 0 ? k : 0] = '\0';
		f->what = arena_printf(g->s->mem, "%s link %s", mode, target);
	} else if (!S_ISREG(st.st_mode) || st.st_size > LARGEST || strchr(f->path, '\n')) {
		f->what = arena_printf(g->s->mem, "%s %lld %lld.%09ld", mode, (long long)st.st_size,
				       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	} else {
		f->what = arena_strdup(g->s->mem, mode);
		vec_push(&g->to_hash, n);
	}
}

/* An untracked file that runs of dvsched write: of this one, or in the scratch root of others. */
static bool is_of_runs(struct git *g, const char *path)
{
	const char *full = path_join(g->s->mem, g->s->dir, path), *dir = full;
	struct stat st;

	while ((dir = path_dir(g->s->mem, dir)), path_is_below(dir, g->s->dir)) {
		const char *known = map_get(&g->scratches, dir);

		if (!known) {
			known = strcmp(dir, g->s->dir) != 0 && sources_is_scratch(dir) ? "yes"
										       : "no";
			map_set(&g->scratches, dir, (void *)known);
		}
		if (*known == 'y')
			return true;
	}
	return lstat(full, &st) == 0 && sources_is_own(g->scope, &st);
}

static void add_changed(struct git *g, const char *path, const char *mode, bool is_own)
{
	if (sources_leave_out(g->s, path, g->scope) || (!is_own && is_of_runs(g, path)))
		return;
	vec_push(&g->files, (struct source_file){
				    .path = arena_strdup(g->s->mem, path),
				    .is_listed = true,
				    .is_own = is_own,
			    });
	set_what(g, g->files.n - 1, mode);
}

static bool take_repository(struct sources *s, const char *top, const struct sources_scope *scope,
			    unsigned level);

/* A submodule with changes, or another repository within this one: its own digest stands for it. */
static void add_repository(struct git *g, const char *path, bool is_own)
{
	struct sources inner = {.mem = g->s->mem};
	const char *top = path_join(g->s->mem, g->s->dir, path);

	if (g->s->unknown || sources_leave_out(g->s, path, g->scope))
		return;
	if (g->level + 1 >= REPOSITORIES_MOST ||
	    !take_repository(&inner, top, g->scope, g->level + 1))
		g->s->unknown = arena_printf(g->s->mem, "git cannot read the repository %s", top);
	else if (inner.unknown)
		g->s->unknown = inner.unknown;
	else
		vec_push(&g->files,
			 (struct source_file){
				 .path = arena_strdup(g->s->mem, path),
				 .what = arena_printf(g->s->mem, "repository %s", inner.digest),
				 .is_listed = true,
				 .is_own = is_own,
			 });
	vec_done(&inner.files);
}

/* "1 XY sub mH mI mW hH hI path", "u XY sub m1 m2 m3 mW h1 h2 h3 path", "? path" */
static void take_status_line(struct git *g, char *line)
{
	bool is_unmerged = line[0] == 'u';
	char *sub = after_words(line, 2), *mode, *path;

	if (line[0] == '?' && line[strlen(line) - 1] == '/') {
		line[strlen(line) - 1] = '\0';
		add_repository(g, line + 2, false);
		return;
	}
	if (line[0] == '?') {
		add_changed(g, line + 2, NULL, false);
		return;
	}
	mode = after_words(line, is_unmerged ? 6 : 5);
	path = after_words(line, is_unmerged ? 10 : 8);
	if (!path || !sub || (line[0] != '1' && !is_unmerged)) {
		g->s->unknown = "the output of 'git status' has an unknown form";
		return;
	}
	mode[6] = '\0';
	map_set(&g->changed, arena_strdup(g->s->mem, path), (void *)&gone);
	if (sub[0] == 'S') {
		add_repository(g, path, true);
		return;
	}
	if (strcmp(mode, "000000") != 0)
		add_changed(g, path, mode, true);
}

/* ---- hashes of contents ---- */

static bool hash_changed(struct git *g)
{
	_cleanup_(str_done) struct str out = {0}, line = {0};
	char name[] = "/tmp/dvsched-paths-XXXXXX", *at;
	int fd = g->to_hash.n ? mkstemp(name) : -1;
	bool is_good = fd >= 0;

	if (!g->to_hash.n)
		return true;
	for (size_t i = 0; i < g->to_hash.n && is_good; i++) {
		const char *path = g->files.at[g->to_hash.at[i]].path;

		is_good = fs_write_all(fd, path, strlen(path)) == 0 &&
			  fs_write_all(fd, "\n", 1) == 0;
	}
	str_add(&line, "cd ");
	str_add_shell_word(&line, g->s->dir);
	str_printf(&line, " && exec git hash-object --stdin-paths < %s 2>/dev/null", name);
	if (is_good)
		is_good = git_close(popen(line.s, "re"), &out);
	if (fd >= 0) {
		close(fd);
		unlink(name);
	}
	at = out.s;
	for (size_t i = 0; i < g->to_hash.n && is_good; i++) {
		struct source_file *f = &g->files.at[g->to_hash.at[i]];
		char *end = at ? strchr(at, '\n') : NULL;

		is_good = end;
		if (end) {
			f->what = arena_printf(g->s->mem, "%s %.*s", f->what, (int)(end - at), at);
			at = end + 1;
		}
	}
	return is_good;
}

/* ---- all files ---- */

/* "mode hash stage\tpath" */
static void take_index_line(struct git *g, char *line)
{
	char *path = strchr(line, '\t'), *stage = after_words(line, 2);

	if (!path || !stage || map_has(&g->changed, path + 1) ||
	    sources_leave_out(g->s, path + 1, g->scope))
		return;
	vec_push(&g->files,
		 (struct source_file){
			 .path = arena_strdup(g->s->mem, path + 1),
			 .what = arena_strndup(g->s->mem, line, (size_t)(stage - line) - 1),
			 .is_own = true,
		 });
}

static void take_lines(struct git *g, const struct str *text,
		       void (*take)(struct git *g, char *line))
{
	char *line = text->s;

	while (line && line < text->s + text->len) {
		char *next = line + strlen(line) + 1;

		take(g, line); /* may change the line */
		line = next;
	}
}

static void read_commit(struct git *g)
{
	_cleanup_(str_done) struct str out = {0}, line = {0};

	str_add(&line, "exec git -C ");
	str_add_shell_word(&line, g->s->dir);
	str_add(&line, " rev-parse HEAD 2>/dev/null </dev/null");
	if (git_close(popen(line.s, "re"), &out) && out.len > 40)
		g->s->commit = arena_strndup(g->s->mem, out.s, out.len - 1);
}

static bool take_repository(struct sources *s, const char *top, const struct sources_scope *scope,
			    unsigned level)
{
	struct git g = {.s = s, .scope = scope, .level = level};
	_cleanup_(str_done) struct str index = {0}, status = {0};
	const char *dir = s->dir;
	FILE *of_index, *of_status;
	bool is_good;

	s->dir = top;
	/* `ls-files` and `status` run in parallel. */
	of_index = git_open(&g, "ls-files -s -z");
	of_status = git_open(&g, "status --porcelain=v2 -z --no-renames --untracked-files=all");
	is_good = git_close(of_index, &index);
	is_good &= git_close(of_status, &status);
	if (is_good) {
		read_commit(&g);
		take_lines(&g, &status, take_status_line);
		is_good = s->unknown || hash_changed(&g);
	}
	if (is_good && !s->unknown) {
		take_lines(&g, &index, take_index_line);
		sources_digest(s, g.files.at, g.files.n);
	}
	s->is_git = is_good;
	if (!is_good)
		s->dir = dir;
	map_done(&g.scratches);
	map_done(&g.changed);
	vec_done(&g.files);
	vec_done(&g.to_hash);
	return is_good;
}

bool sources_take_git(struct sources *s, const char *top, const struct sources_scope *scope)
{
	return take_repository(s, top, scope, 0);
}
