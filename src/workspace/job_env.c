/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace/job_env.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "job/job_needs.h"

bool job_env_is_same_name(const char *a, const char *b)
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

/* A variable of JOB_ENV_OWN. It is in the base environment if dvsched itself runs in a job of
 * another dvsched. */
static bool is_per_job(const char *entry)
{
	static const char *const names[JOB_ENV_OWN] = {"JOB=", "ATTEMPT=", "ODIR=", "NEEDS="};

	if (!str_starts(entry, "DVSCHED_"))
		return false;
	for (size_t i = 0; i < JOB_ENV_OWN; i++)
		if (str_starts(entry + strlen("DVSCHED_"), names[i]))
			return true;
	return false;
}

/* If a name is set twice, the later value counts. */
const char **job_env_merge(const char *const *base, const struct job_rules *r, size_t *ret_n)
{
	const char *const *own = r->env, *const *last = r->terminal_env;
	size_t n_base = job_env_count(base), n_own = job_env_count(own),
	       n_last = job_env_count(last);
	struct merged_env m = {0};

	m.at = xcalloc(n_base + n_own + n_last + JOB_ENV_OWN + 1, sizeof(*m.at));
	for (size_t i = 0; i < n_base; i++)
		if (!str_starts(base[i], "MAKEFLAGS=") && !is_per_job(base[i]) &&
		    !job_env_sets(last, base[i]))
			add_unless_set(&m, base, i, own);
	for (size_t i = 0; i < n_own; i++)
		add_unless_set(&m, own, i, last);
	for (size_t i = 0; i < n_last; i++)
		m.at[m.n++] = last[i];
	*ret_n = m.n;
	return m.at;
}

size_t job_env_make_own(const struct job_env_run *run, char *ret[JOB_ENV_OWN])
{
	size_t n = 0;

	ret[n++] = xasprintf("DVSCHED_JOB=%s", run->id);
	ret[n++] = xasprintf("DVSCHED_ATTEMPT=%u", run->attempt);
	if (!run->odir)
		return n;
	ret[n++] = xasprintf("DVSCHED_ODIR=%s", run->odir);
	ret[n++] = run->has_needs_file ? xasprintf("DVSCHED_NEEDS=%s/%s", run->odir, JOB_NEEDS_NAME)
				       : xstrdup("DVSCHED_NEEDS=/dev/null");
	return n;
}
