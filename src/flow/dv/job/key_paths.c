/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of jobs with unsafe names. DVSim's configurations derive the directories of a job
 * from names ("{scratch_path}/{index}.{test}/latest"), and tests and modes can have any name. If a
 * name is no file name, the directory has a sanitized name (job_file_name()). Other values of the
 * configuration already contain the unsanitized paths when a job is made, so these paths are
 * replaced in all texts of the job. Outside of paths a name stays as it is written.
 */
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "flow/dv/job/key_text.h"
#include "job/file_name.h"

static const char *const path_keys[KEY_PATHS] = {"cov_db_test_dir", "cov_db_dir", "build_dir",
						 "run_dir"};

/* Sanitizes each component of path, also those that became too long by joining names. */
static const char *with_fit_parts(struct key_texts *t, const char *path)
{
	struct arena *mem = t->mem;
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

/* The path of key. NULL: none; or an error, which is reported where the value is used. */
static const char *key_path_expand(struct key_texts *t, const char *key, bool in_path)
{
	const struct hjson_node *n = job_names_value(t->names, key);
	_cleanup_(error_done) struct error err = {0};
	struct cfg *c = t->names->cfg->reader.cfg;
	const char *path;

	if (!n || n->type != HJSON_STRING || n->n == 0)
		return NULL;
	t->names->in_path = in_path;
	path = cfg_subst_text(c, &t->subst, cfg_string(c, n), &err);
	t->names->in_path = false;
	return path;
}

static void find_paths(struct key_texts *t)
{
	for (size_t i = 0; i < KEY_PATHS; i++) {
		const char *raw = key_path_expand(t, path_keys[i], false);
		const char *fit = raw ? key_path_expand(t, path_keys[i], true) : NULL;

		t->paths[i] = fit ? (struct key_path){raw, with_fit_parts(t, fit)}
				  : (struct key_path){"", ""};
	}
	t->n_paths = KEY_PATHS;
}

static bool goes_on(char c)
{
	return c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.", c);
}

/* The path that text begins with; NULL: none. */
static const struct key_path *path_at(const struct key_texts *t, const char *text)
{
	for (size_t i = 0; i < t->n_paths; i++) {
		size_t n = strlen(t->paths[i].raw);

		if (n && strncmp(text, t->paths[i].raw, n) == 0 && !goes_on(text[n]))
			return &t->paths[i];
	}
	return NULL;
}

const char *key_text_fit_paths(struct key_texts *t, const char *text)
{
	_cleanup_(str_done) struct str out = {0};

	if (t->n_paths == 0)
		find_paths(t);
	str_reserve(&out, 0);
	while (*text) {
		const struct key_path *p = *text == '/' ? path_at(t, text) : NULL;

		if (p)
			str_add(&out, p->fit);
		else
			str_addc(&out, *text);
		text += p ? strlen(p->raw) : 1;
	}
	return arena_strndup(t->mem, out.s, out.len);
}
