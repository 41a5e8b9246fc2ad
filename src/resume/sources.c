/* SPDX-License-Identifier: Apache-2.0 */
#include "resume/sources.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/str.h"

enum { NAMED = 3, FILE_MOST = 64 << 20 };

/* ---- reading the state ---- */

static const char *find_top(struct arena *mem, const char *dir)
{
	for (;;) {
		if (fs_exists(path_join(mem, dir, ".git")))
			return dir;
		if (strcmp(dir, "/") == 0)
			return NULL;
		dir = path_dir(mem, dir);
		if (!*dir || strcmp(dir, ".") == 0)
			return NULL;
	}
}

void sources_take(struct sources *ret, const struct sources_scope *scope)
{
	const char *top;

	*ret = (struct sources){.mem = arena_new(), .at_s = clock_wall(clock_real())};
	ret->dir = arena_strdup(ret->mem, scope->dir);
	top = find_top(ret->mem, ret->dir);
	if (!top || !sources_take_git(ret, top, scope))
		sources_take_walk(ret, scope);
}

void sources_done(struct sources *s)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&s->inputs, &at)) != NULL)
		vec_done(&((struct sources *)e->value)->files);
	map_done(&s->inputs);
	vec_done(&s->files);
	arena_free(s->mem);
	*s = (struct sources){0};
}

/* ---- on disk ---- */

static void write_files(struct json_out *out, const struct sources *s)
{
	jout_key(out, "files");
	jout_array(out);
	for (size_t i = 0; i < s->files.n; i++) {
		jout_break(out);
		jout_array(out);
		jout_string(out, s->files.at[i].path);
		jout_string(out, s->files.at[i].what);
		jout_int(out, s->files.at[i].is_own);
		jout_array_end(out);
	}
	jout_array_end(out);
}

/* The members that declared inputs have, too. */
static void write_state(struct json_out *out, const struct sources *s)
{
	jout_key_string(out, "unknown", s->unknown);
	jout_key_string(out, "digest", s->digest);
	jout_key_string(out, "tracked", s->tracked);
	jout_key_bool(out, "cut", s->is_cut);
	write_files(out, s);
}

static void write_inputs(struct json_out *out, const struct sources *s)
{
	const struct map_entry *e;
	size_t at = 0;

	jout_key(out, "inputs");
	jout_object(out);
	while ((e = map_next(&s->inputs, &at)) != NULL) {
		jout_break(out);
		jout_key(out, e->key);
		jout_object(out);
		write_state(out, e->value);
		jout_object_end(out);
	}
	jout_object_end(out);
}

int sources_save(const struct sources *s, const char *run_path, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, SOURCES_NAME);
	struct json_out out;
	int rc;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key_int(&out, "version", 1);
	jout_key_real(&out, "at_s", s->at_s, 3);
	jout_key_string(&out, "dir", s->dir);
	jout_key_bool(&out, "git", s->is_git);
	jout_key_string(&out, "commit", s->commit);
	write_state(&out, s);
	write_inputs(&out, s);
	jout_object_end(&out);
	str_addc(&out.buf, '\n');
	rc = fs_write_atomic(path, out.buf.s, out.buf.len, err);
	jout_done(&out);
	return rc;
}

static const char *sources_text_of(struct sources *s, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return arena_strdup_or_null(s->mem, text);
}

static void take_files(struct sources *s, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *path = json_string_value(json_array_get(one, 0));
		const char *what = json_string_value(json_array_get(one, 1));

		if (!path || !what) {
			s->unknown = "the run's record of them is damaged";
			return;
		}
		vec_push(&s->files, (struct source_file){
					    .path = arena_strdup(s->mem, path),
					    .what = arena_strdup(s->mem, what),
					    .is_own = json_integer_value(json_array_get(one, 2)),
				    });
	}
}

static void take_state(struct sources *s, const json_t *json)
{
	s->unknown = sources_text_of(s, json, "unknown");
	s->digest = sources_text_of(s, json, "digest");
	s->tracked = sources_text_of(s, json, "tracked");
	s->is_cut = json_is_true(json_object_get(json, "cut"));
	take_files(s, json_object_get(json, "files"));
	if (!s->unknown && (!s->digest || !s->tracked))
		s->unknown = "the run's record of them is damaged";
}

static void take_inputs(struct sources *s, json_t *json)
{
	const char *key;
	json_t *one;

	json_object_foreach(json, key, one)
	{
		struct sources *set = arena_zalloc(s->mem, sizeof(*set));

		set->mem = s->mem;
		take_state(set, one);
		map_set(&s->inputs, arena_strdup(s->mem, key), set);
	}
}

void sources_load(struct sources *ret, const char *run_path)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, SOURCES_NAME);
	_cleanup_(error_done) struct error err = {0};
	_cleanup_(str_done) struct str text = {0};
	json_t *json = NULL;

	*ret = (struct sources){.mem = arena_new()};
	if (fs_read_file(path, FILE_MOST, &text, &err) == 0)
		json = json_loadb(text.s ? text.s : "", text.len, 0, NULL);
	if (!json) {
		ret->unknown = "the run has no record of them";
		return;
	}
	ret->at_s = json_number_value(json_object_get(json, "at_s"));
	ret->dir = sources_text_of(ret, json, "dir");
	ret->commit = sources_text_of(ret, json, "commit");
	ret->is_git = json_is_true(json_object_get(json, "git"));
	take_state(ret, json);
	take_inputs(ret, json_object_get(json, "inputs"));
	json_decref(json);
}

/* The time of the file: the end costs no write, and no copy of the list. */
void sources_end(const char *run_path)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, SOURCES_NAME);

	utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

double sources_end_s(const char *run_path)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, SOURCES_NAME);
	struct stat st;

	return lstat(path, &st) < 0 ? 0
				    : (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
}

/* ---- comparing ---- */

struct differences {
	const struct sources_time *times;
	size_t n_times, n;
	struct str text;
};

static bool is_output(const struct differences *d, const struct source_file *f)
{
	/* The kernel uses the time of its last tick for files, up to 10 ms ago; times in records
	 * are rounded to milliseconds. */
	static const double tick_s = 0.011;

	for (size_t i = 0; i < d->n_times && !f->is_own; i++)
		if (f->mtime_s >= d->times[i].from_s - tick_s && f->mtime_s <= d->times[i].to_s)
			return true;
	return false;
}

static void sources_add_path(struct differences *d, const char *path)
{
	if (d->n++ >= NAMED)
		return;
	str_add(&d->text, d->text.len ? ", " : "");
	str_add_printable(&d->text, path, strlen(path));
}

static void compare_files(struct differences *d, const struct sources *was,
			  const struct sources *is)
{
	struct map then = {0}, now = {0};

	for (size_t i = 0; i < was->files.n; i++)
		map_set(&then, was->files.at[i].path, &was->files.at[i]);
	for (size_t i = 0; i < is->files.n; i++) {
		const struct source_file *f = &is->files.at[i], *old = map_get(&then, f->path);

		map_set(&now, f->path, (void *)f);
		if ((!old || strcmp(old->what, f->what) != 0) && !is_output(d, f))
			sources_add_path(d, f->path);
	}
	for (size_t i = 0; i < was->files.n; i++)
		if (!map_has(&now, was->files.at[i].path))
			sources_add_path(d, was->files.at[i].path);
	map_done(&then);
	map_done(&now);
}

static const char *unknown_text(struct arena *mem, const char *why)
{
	return arena_printf(mem, "not known: %s", why);
}

const char *sources_difference(const struct sources *was, const struct sources *is,
			       const struct sources_time *times, size_t n_times, struct arena *mem)
{
	struct differences d = {.times = times, .n_times = n_times};
	const char *text;

	if (was->unknown || is->unknown)
		return unknown_text(mem, was->unknown ? was->unknown : is->unknown);
	if (was->is_git != is->is_git)
		return unknown_text(
			mem, "the directory is in a git work tree in only one of the two runs");
	if (str_eq(was->digest, is->digest))
		return NULL;
	if (was->is_cut || is->is_cut)
		return "changed";
	compare_files(&d, was, is);
	/* Changes that were committed since are not in the lists: then the digests of tracked files
	 * differ. */
	if (d.n == 0 && str_eq(was->tracked, is->tracked))
		return NULL;
	text = d.n == 0
		       ? arena_printf(mem, "commit %.12s -> %.12s", was->commit ? was->commit : "-",
				      is->commit ? is->commit : "-")
	       : d.n > NAMED ? arena_printf(mem, "%s and %zu more", d.text.s, d.n - NAMED)
			     : arena_strdup(mem, d.text.s);
	str_done(&d.text);
	return text;
}
