/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace/job_env.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "job/job_needs.h"

/* a and b have the same name. a may be only a name. */
static bool job_env_is_same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

static bool job_env_sets(const char *const *list, const char *entry)
{
	for (; list && *list; list++)
		if (job_env_is_same_name(entry, *list))
			return true;
	return false;
}

static size_t job_env_count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* The list under construction. */
struct merged_env {
	const char **at;
	size_t n;
};

static void add_unless_set(struct merged_env *m, const char *const *list, size_t i,
			   const char *const *later)
{
	if (!job_env_sets(later, list[i]) && !job_env_sets(list + i + 1, list[i]))
		m->at[m->n++] = list[i];
}

/* A variable that each run has. It is in the base environment if dvsched itself runs in a job of
 * another dvsched. */
static bool is_per_run(const char *entry)
{
	static const char *const names[] = {"JOB=", "ATTEMPT=", "ODIR=", "NEEDS="};

	if (!str_starts(entry, "DVSCHED_"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(entry + strlen("DVSCHED_"), names[i]))
			return true;
	return false;
}

/* If a name is set twice, the later value counts. */
const char **job_env_merge(const char *const *base, const struct job_rules *r)
{
	const char *const *own = r->env, *const *last = r->terminal_env;
	size_t n_base = job_env_count(base), n_own = job_env_count(own),
	       n_last = job_env_count(last);
	struct merged_env m = {0};

	m.at = xcalloc(n_base + n_own + n_last + 1, sizeof(*m.at));
	for (size_t i = 0; i < n_base; i++)
		if (!str_starts(base[i], "MAKEFLAGS=") && !is_per_run(base[i]) &&
		    !job_env_sets(last, base[i]))
			add_unless_set(&m, base, i, own);
	for (size_t i = 0; i < n_own; i++)
		add_unless_set(&m, own, i, last);
	for (size_t i = 0; i < n_last; i++)
		m.at[m.n++] = last[i];
	return m.at;
}

/* ---- of one run ---- */

static bool is_in(const char *const *list, size_t n, const char *entry)
{
	for (size_t i = 0; i < n; i++)
		if (job_env_is_same_name(list[i], entry))
			return true;
	return false;
}

static bool is_extra(const struct job_env_run *run, const char *entry)
{
	return is_in(run->extra, run->n_extra, entry) ||
	       is_in(run->start->env, run->start->n_env, entry);
}

/* Takes the string. */
static void add_own(struct job_env *e, const struct job_env_run *run, char *entry)
{
	if (is_extra(run, entry))
		free(entry);
	else
		vec_push(&e->own, entry);
}

static void add_per_run(struct job_env *e, const struct job_env_run *run)
{
	const char *odir = run->start->odir;

	add_own(e, run, xasprintf("DVSCHED_JOB=%s", run->start->id));
	add_own(e, run, xasprintf("DVSCHED_ATTEMPT=%u", run->start->attempt));
	if (!odir)
		return;
	add_own(e, run, xasprintf("DVSCHED_ODIR=%s", odir));
	add_own(e, run,
		run->has_needs_file ? xasprintf("DVSCHED_NEEDS=%s/%s", odir, JOB_NEEDS_NAME)
				    : xstrdup("DVSCHED_NEEDS=/dev/null"));
}

static void add_list(struct job_env *e, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(list[i], '='))
			vec_push(&e->own, xstrdup(list[i]));
}

static const char *of_kind(struct job_env *e, const struct job_env_run *run, const char *entry)
{
	if (!run->start->has_attempt || !strstr(entry, JOB_ATTEMPT_WORD))
		return entry;
	vec_push(&e->own, job_attempt_text(entry, run->start->attempt));
	return e->own.at[e->own.n - 1];
}

void job_env_make(struct job_env *ret, const char *const *kind, const struct job_env_run *run)
{
	size_t n_kind = job_env_count(kind), n;

	*ret = (struct job_env){0};
	add_per_run(ret, run);
	add_list(ret, run->extra, run->n_extra);
	add_list(ret, run->start->env, run->start->n_env);
	n = ret->own.n;
	ret->at = xcalloc(n + n_kind + 1, sizeof(*ret->at));
	memcpy(ret->at, ret->own.at, n * sizeof(*ret->at));
	for (size_t i = 0; i < n_kind; i++)
		if (!is_per_run(kind[i]) && !is_extra(run, kind[i]))
			ret->at[n++] = of_kind(ret, run, kind[i]);
}

void job_env_done(struct job_env *e)
{
	for (size_t i = 0; i < e->own.n; i++)
		free(e->own.at[i]);
	vec_done(&e->own);
	free(e->at);
	e->at = NULL;
}
