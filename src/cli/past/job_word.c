/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/past/job_word.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"

static const struct src_pos nowhere;

enum {
	CANDIDATES_SHOWN = 10,
	LIST_MOST = 1 << 30, /* bytes */
};

/* ---- the numbers of the last list ---- */

static char *numbers_path(const char *scratch_root)
{
	return xasprintf("%s/.dvsched/listed.json", scratch_root);
}

bool job_numbers_store(const char *scratch_root, const char *run_id, const struct plan *plan,
		       const uint32_t *jobs, size_t n)
{
	_cleanup_(freep) char *path = numbers_path(scratch_root);
	struct error err = {0};
	struct json_out out;
	bool is_stored;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key_string(&out, "run", run_id);
	jout_key(&out, "jobs");
	jout_array(&out);
	for (size_t i = 0; i < n; i++)
		jout_string(&out, plan->jobs[jobs[i]].id);
	jout_array_end(&out);
	jout_object_end(&out);
	is_stored = fs_replace_shared(path, out.buf.s, out.buf.len, &err) == 0;
	error_done(&err);
	jout_done(&out);
	return is_stored;
}

/* NULL with err. */
static json_t *read_numbers(const char *scratch_root, struct error *err)
{
	_cleanup_(freep) char *path = numbers_path(scratch_root);
	_cleanup_(str_done) struct str text = {0};
	json_t *root = NULL;

	if (fs_read_file(path, LIST_MOST, &text, err) == 0)
		root = json_loadb(text.s, text.len, JSON_ALLOW_NUL, NULL);
	error_done(err);
	if (!root)
		error_plain(err, "no list of jobs was printed in %s yet", scratch_root);
	return root;
}

static int read_number(struct job_word *ret, const json_t *root, const char *word,
		       struct arena *mem, struct error *err)
{
	const json_t *jobs = json_object_get(root, "jobs");
	const char *run = json_string_value(json_object_get(root, "run")), *id;
	size_t n = json_array_size(jobs);
	char *end;
	unsigned long number = strtoul(word + 1, &end, 10);

	id = !*end && number && run ? json_string_value(json_array_get(jobs, number - 1)) : NULL;
	if (!id)
		return error_plain(err,
				   "'%s' is not a number of the last list, which has %zu job%s",
				   word, n, n == 1 ? "" : "s");
	*ret = (struct job_word){arena_strdup(mem, id), arena_strdup(mem, run), true};
	return 0;
}

int job_word_read(struct job_word *ret, const char *word, const char *scratch_root,
		  struct arena *mem, struct error *err)
{
	json_t *root;
	int rc;

	*ret = (struct job_word){.text = word};
	if (word[0] != '%')
		return 0;
	root = read_numbers(scratch_root, err);
	rc = root ? read_number(ret, root, word, mem, err) : -1;
	json_decref(root);
	return rc;
}

/* ---- which job ---- */

enum match { MATCH_NONE, MATCH_PART, MATCH_NAME, MATCH_ID };

static enum match match_of(const struct job_spec *spec, const struct job_word *w)
{
	if (strcmp(spec->id, w->text) == 0)
		return MATCH_ID;
	if (w->is_id)
		return MATCH_NONE;
	if (strcmp(spec->name, w->text) == 0)
		return MATCH_NAME;
	return strstr(spec->id, w->text) ? MATCH_PART : MATCH_NONE;
}

struct matches {
	enum match best;
	uint32_t first;
	size_t n; /* that match as well as the best */
	struct str shown;
};

static void matches_take(struct matches *m, const struct plan *plan, uint32_t i, enum match how)
{
	if (how == MATCH_NONE || how < m->best)
		return;
	if (how > m->best) {
		m->best = how;
		m->first = i;
		m->n = 0;
		str_clear(&m->shown);
	}
	if (m->n++ < CANDIDATES_SHOWN)
		str_printf(&m->shown, "%s%s", m->n > 1 ? "\n" : "", plan->jobs[i].id);
}

static const char *similar_id(const struct plan *plan, const char *word)
{
	const char **ids = xcalloc(plan->n_jobs, sizeof(*ids)), *near;

	for (size_t i = 0; i < plan->n_jobs; i++)
		ids[i] = plan->jobs[i].id;
	near = str_suggest(word, ids, plan->n_jobs);
	free(ids);
	return near;
}

static int say_none(const struct job_word *w, const struct plan *plan, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "the run has no job '%s'", w->text);
	const char *near = similar_id(plan, w->text);

	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else
		diag_hint(e, "`dvsched ls` lists its jobs");
	return -1;
}

static int say_many(const struct job_word *w, struct matches *m, struct diags *diags)
{
	if (m->n > CANDIDATES_SHOWN)
		str_printf(&m->shown, "\nand %zu more", m->n - CANDIDATES_SHOWN);
	diag_hint(
		diag_error(diags, nowhere, "'%s' is a part of the ids of %zu jobs", w->text, m->n),
		"%s", m->shown.s);
	return -1;
}

int job_word_find(const struct job_word *w, const struct plan *plan, uint32_t *ret,
		  struct diags *diags)
{
	struct matches m = {0};
	int rc = 0;

	for (size_t i = 0; i < plan->n_jobs && m.best < MATCH_ID; i++)
		matches_take(&m, plan, (uint32_t)i, match_of(&plan->jobs[i], w));
	*ret = m.first;
	if (m.n == 0)
		rc = say_none(w, plan, diags);
	else if (m.n > 1)
		rc = say_many(w, &m, diags);
	str_done(&m.shown);
	return rc;
}
