/* SPDX-License-Identifier: Apache-2.0 */
#include "resume/equal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "job/job_command.h"
#include "job/job_paths.h"

/* ---- texts ---- */

/* Length of the root at the start of s, if it is a complete path or followed by more of a path;
 * else 0. */
static size_t root_length(const char *s, const char *root)
{
	size_t n = root ? strlen(root) : 0;

	if (n < 2 || strncmp(s, root, n) != 0)
		return 0;
	return strchr("/ \"':;,=)]}\n", s[n]) ? n : 0; /* or '\0' */
}

static bool equal_texts(const struct comparison *c, const char *was, const char *is)
{
	const char *root_was = c->was->scratch_root, *root_is = c->is->scratch_root;

	if (!was || !is || str_eq(root_was, root_is))
		return str_eq(was, is);
	while (*was && *is) {
		size_t n_was = root_length(was, root_was), n_is = root_length(is, root_is);

		if (n_was && n_is) {
			was += n_was;
			is += n_is;
		} else if (*was++ != *is++) {
			return false;
		}
	}
	return *was == *is;
}

static const void *equal_member(const void *of, size_t at)
{
	return (const char *)of + at;
}

bool equal_text(const struct comparison *c, const void *was, const void *is, size_t at)
{
	return equal_texts(c, *(const char *const *)equal_member(was, at),
			   *(const char *const *)equal_member(is, at));
}

static bool equal_lists(const struct comparison *c, const char *const *was, const char *const *is)
{
	for (; was && *was && is && *is; was++, is++)
		if (!equal_texts(c, *was, *is))
			return false;
	return !(was && *was) && !(is && *is);
}

static bool equal_has_text(const struct comparison *c, const char *const *was, const char *is)
{
	for (; was && *was; was++)
		if (equal_texts(c, *was, is))
			return true;
	return false;
}

static size_t list_length(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* Compares sets: the order does not matter. Entries are unique, so it is enough to look up those of
 * one list in the other. */
bool equal_text_set(const struct comparison *c, const void *was, const void *is, size_t at)
{
	const char *const *a = *(const char *const *const *)equal_member(was, at);
	const char *const *b = *(const char *const *const *)equal_member(is, at);

	if (equal_lists(c, a, b))
		return true;
	if (list_length(a) != list_length(b))
		return false;
	for (; b && *b; b++)
		if (!equal_has_text(c, a, *b))
			return false;
	return true;
}

/* ---- commands ---- */

bool equal_command(const struct comparison *c, const void *was, const void *is, size_t at)
{
	const struct job_spec *a = was, *b = is;
	_cleanup_(arena_freep) struct arena *mem = NULL;
	_cleanup_(str_done) struct str room_a = {0}, room_b = {0};

	(void)at;
	if (a->is_split && b->is_split)
		return equal_texts(c, job_command(a, &room_a), job_command(b, &room_b));
	if (a->is_split || b->is_split)
		mem = arena_new();
	return equal_lists(c, job_argv(a, mem), job_argv(b, mem));
}

/* ---- where it works ---- */

bool equal_odir(const struct comparison *c, const void *was, const void *is, size_t at)
{
	_cleanup_(str_done) struct str room_was = {0}, room_is = {0};

	(void)at;
	return equal_texts(c, job_odir(was, &room_was), job_odir(is, &room_is));
}

bool equal_log_path(const struct comparison *c, const void *was, const void *is, size_t at)
{
	_cleanup_(str_done) struct str room_was = {0}, room_is = {0};

	(void)at;
	return equal_texts(c, job_log_path(was, &room_was), job_log_path(is, &room_is));
}

/* ---- others ---- */

bool equal_patterns(const struct comparison *c, const void *was, const void *is, size_t at)
{
	const struct pattern_list *a = equal_member(was, at), *b = equal_member(is, at);

	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!equal_texts(c, a->at[i].text, b->at[i].text))
			return false;
	return true;
}

bool equal_bool(const struct comparison *c, const void *was, const void *is, size_t at)
{
	(void)c;
	return *(const bool *)equal_member(was, at) == *(const bool *)equal_member(is, at);
}

bool equal_leak(const struct comparison *c, const void *was, const void *is, size_t at)
{
	(void)c;
	return *(const enum leak_rule *)equal_member(was, at) ==
	       *(const enum leak_rule *)equal_member(is, at);
}

static bool equal_key(const struct comparison *c, const struct backend_key *was,
		      const struct backend_key *is)
{
	return str_eq(was->backend, is->backend) && str_eq(was->key, is->key) &&
	       equal_texts(c, was->json, is->json);
}

bool equal_keys(const struct comparison *c, const void *was, const void *is, size_t at)
{
	const struct job_rules *a = was, *b = is;

	(void)at;
	if (a->n_backend_keys != b->n_backend_keys)
		return false;
	for (uint32_t i = 0; i < a->n_backend_keys; i++)
		if (!equal_key(c, &a->backend_keys[i], &b->backend_keys[i]))
			return false;
	return true;
}

/* ---- dependencies: by id ---- */

static const char **sorted_ids(const struct plan *plan, const uint32_t *deps, uint32_t n)
{
	const char **ids = xcalloc((size_t)n + 1, sizeof(*ids));

	for (uint32_t i = 0; i < n; i++)
		ids[i] = plan->jobs[deps[i]].id;
	qsort(ids, n, sizeof(*ids), str_compare_texts);
	return ids;
}

static bool equal_ids(const struct comparison *c, const uint32_t *was, const uint32_t *is,
		      uint32_t n)
{
	_cleanup_(freep) const char **a = NULL, **b = NULL;
	uint32_t i = 0;

	while (i < n && strcmp(c->was->jobs[was[i]].id, c->is->jobs[is[i]].id) == 0)
		i++;
	if (i == n)
		return true;
	a = sorted_ids(c->was, was, n);
	b = sorted_ids(c->is, is, n);
	for (i = 0; i < n && strcmp(a[i], b[i]) == 0;)
		i++;
	return i == n;
}

/* deps has three lists; each is a set. */
bool equal_deps(const struct comparison *c, const void *was, const void *is, size_t at)
{
	const struct job_spec *a = was, *b = is;

	(void)at;
	if (a->n_needs != b->n_needs || a->n_any != b->n_any || a->n_held != b->n_held)
		return false;
	if (job_n_deps(a) == 0)
		return true; /* deps may be NULL */
	return equal_ids(c, a->deps, b->deps, a->n_needs) &&
	       equal_ids(c, a->deps + a->n_needs, b->deps + a->n_needs, a->n_any) &&
	       equal_ids(c, a->deps + a->n_needs + a->n_any, b->deps + a->n_needs + a->n_any,
			 a->n_held);
}
