/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of jobs with hostile names. DVSim's configurations say where a job works
 * ("{scratch_path}/{index}.{test}/latest"), and its tests and modes may be called anything. Where a
 * name is no file name, those directories are called by what job_file_name() makes of it; and since
 * a configuration's other values have them in full by the time a job is made, they are replaced in
 * all that the job is told. Elsewhere a name is as it was written.
 */
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "flow/dv/job.h"
#include "job/file_name.h"

enum { TAME_MOST = 100 }; /* longer names may become too long together with others */

static const char *const names[] = {"name", "test", "build_mode", "qual_name"};
static const char *const path_keys[MAKER_PATHS] = {"cov_db_test_dir", "cov_db_dir", "build_dir",
						   "run_dir"};

static bool is_name(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return false;
}

void maker_fit_name(struct maker *m, struct maker_name *name)
{
	struct hjson_doc *doc = cfg_doc(m->sim->reader.cfg);
	const char *text, *fit;
	char room[JOB_FILE_NAME_ROOM];

	if (!is_name(name->key))
		return;
	text = hjson_cstr(doc, (struct hjson_node *)name->value);
	fit = job_file_name(text, room);
	if (fit != text)
		name->in_path = hjson_new_string(doc, fit, strlen(fit), 0);
	m->is_hostile |= fit != text || strlen(text) > TAME_MOST;
}

/* Also components that became too long together. */
static const char *with_fit_parts(struct maker *m, const char *path)
{
	struct arena *mem = m->plan->mem;
	_cleanup_(str_done) struct str out = {0};
	char room[JOB_FILE_NAME_ROOM];

	str_reserve(&out, 0);
	for (;;) {
		size_t n = strcspn(path, "/");
		const char *part = arena_strndup(mem, path, n);
		bool is_plain = n == 0 || *part == '.' || path_is_safe_name(part);

		str_add(&out, is_plain ? part : job_file_name(part, room));
		if (!path[n])
			return arena_strndup(mem, out.s, out.len);
		str_addc(&out, '/');
		path += n + 1;
	}
}

/* NULL: it has no such path; or an error, which is told where the value is used. */
static const char *expand(struct maker *m, const char *key, bool in_path)
{
	const struct hjson_node *n = maker_value(m, key);
	_cleanup_(error_done) struct error err = {0};
	struct cfg *c = m->sim->reader.cfg;
	const char *path;

	if (!n || n->type != HJSON_STRING || n->n == 0)
		return NULL;
	m->in_path = in_path;
	path = cfg_subst_text(c, &m->subst, hjson_cstr(cfg_doc(c), (struct hjson_node *)n), &err);
	m->in_path = false;
	return path;
}

static void find_paths(struct maker *m)
{
	for (size_t i = 0; i < MAKER_PATHS; i++) {
		const char *raw = expand(m, path_keys[i], false);
		const char *fit = raw ? expand(m, path_keys[i], true) : NULL;

		m->paths[i] = fit ? (struct maker_path){raw, with_fit_parts(m, fit)}
				  : (struct maker_path){"", ""};
	}
	m->n_paths = MAKER_PATHS;
}

static bool goes_on(char c)
{
	return c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.", c);
}

/* The path that text begins with; NULL: none. */
static const struct maker_path *path_at(const struct maker *m, const char *text)
{
	for (size_t i = 0; i < m->n_paths; i++) {
		size_t n = strlen(m->paths[i].raw);

		if (n && strncmp(text, m->paths[i].raw, n) == 0 && !goes_on(text[n]))
			return &m->paths[i];
	}
	return NULL;
}

const char *maker_fit_paths(struct maker *m, const char *text)
{
	_cleanup_(str_done) struct str out = {0};

	if (m->n_paths == 0)
		find_paths(m);
	str_reserve(&out, 0);
	while (*text) {
		const struct maker_path *p = *text == '/' ? path_at(m, text) : NULL;

		if (p)
			str_add(&out, p->fit);
		else
			str_addc(&out, *text);
		text += p ? strlen(p->raw) : 1;
	}
	return arena_strndup(m->plan->mem, out.s, out.len);
}
