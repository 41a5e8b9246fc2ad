/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/slot_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool env_is_same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

static bool is_set_in(const char *const *list, const char *entry)
{
	for (; list && *list; list++)
		if (env_is_same_name(entry, *list))
			return true;
	return false;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void add_unless_set(struct slot_rules *r, const char *const *list, size_t i,
			   const char *const *later)
{
	if (!is_set_in(later, list[i]) && !is_set_in(list + i + 1, list[i]))
		r->env[r->n_env++] = list[i];
}

/* What DVSim tells an interactive job, the second one for older makefiles. */
static const char *const interactive[] = {"DVSIM_RUN_INTERACTIVE=1", "RUN_INTERACTIVE=1", NULL};

/* Ours when dvsched itself runs below a job of another: each job has its own. */
static bool is_per_job(const char *entry)
{
	static const char *const names[ENV_PER_JOB] = {"JOB=", "ATTEMPT=", "ODIR=", "NEEDS="};

	if (!str_starts(entry, "DVSCHED_"))
		return false;
	for (size_t i = 0; i < ENV_PER_JOB; i++)
		if (str_starts(entry + strlen("DVSCHED_"), names[i]))
			return true;
	return false;
}

/* A name that is set twice has the later value. */
static void merge_env(struct slot_rules *r, const char *const *base)
{
	const char *const *own = r->job.env, *const *last = r->job.is_interactive ? interactive
										  : NULL;
	size_t n_base = count(base), n_own = count(own), n_last = count(last);

	r->env = xcalloc(n_base + n_own + n_last + ENV_PER_JOB + 1, sizeof(*r->env));
	for (size_t i = 0; i < n_base; i++)
		if (!str_starts(base[i], "MAKEFLAGS=") && !is_per_job(base[i]) &&
		    !is_set_in(last, base[i]))
			add_unless_set(r, base, i, own);
	for (size_t i = 0; i < n_own; i++)
		add_unless_set(r, own, i, last);
	for (size_t i = 0; i < n_last; i++)
		r->env[r->n_env++] = last[i];
}

static void free_codes(struct pattern_code **codes, size_t n)
{
	for (size_t i = 0; codes && i < n; i++)
		pattern_free(codes[i]);
	free(codes);
}

void slot_rules_free(struct slot_rules *r)
{
	free_codes(r->pass, r->job.pass_patterns.n);
	free_codes(r->fail, r->job.fail_patterns.n);
	free(r->pass_texts);
	free(r->env);
	slot_rules_done(&r->job);
	free(r->frame);
	*r = (struct slot_rules){0};
}

bool slot_rules_take(struct slot_rules *table, struct wire *w, const char *const *base_env)
{
	struct slot_rules r = {0};
	size_t n = (size_t)(w->end - w->at);
	struct wire copy;
	uint32_t place;

	r.frame = xmalloc(n + 1);
	memcpy(r.frame, w->at, n);
	copy = (struct wire){r.frame, r.frame + n, true};
	if (!slot_take_rules(&copy, &place, &r.job)) {
		slot_rules_free(&r);
		return false;
	}
	merge_env(&r, base_env);
	slot_rules_free(&table[place]);
	table[place] = r;
	return true;
}

static int compile_list(const struct pattern_list *list, struct pattern_code ***ret,
			struct error *err)
{
	*ret = xcalloc(list->n, sizeof(**ret));
	for (uint32_t i = 0; i < list->n; i++) {
		(*ret)[i] = pattern_compile(&list->at[i], NULL, err);
		if (!(*ret)[i])
			return -1;
	}
	return 0;
}

int slot_rules_compile(struct slot_rules *r, struct error *err)
{
	const struct pattern_list *pass = &r->job.pass_patterns;

	if (r->is_compiled)
		return 0;
	free_codes(r->pass, pass->n);
	free_codes(r->fail, r->job.fail_patterns.n);
	free(r->pass_texts);
	r->pass = r->fail = NULL;
	r->pass_texts = xcalloc(pass->n, sizeof(*r->pass_texts));
	for (uint32_t i = 0; i < pass->n; i++)
		r->pass_texts[i] = pass->at[i].text;
	if (compile_list(pass, &r->pass, err) < 0 ||
	    compile_list(&r->job.fail_patterns, &r->fail, err) < 0)
		return -1;
	r->is_compiled = true;
	return 0;
}

int slot_rules_judge(struct slot_rules *r, const struct ending *end, struct job_log *log,
		     struct job_result *ret, struct error *err)
{
	const struct job_rules *job = &r->job;
	struct verdict_rules v = {
		.is_dry_run = job->is_dry_run,
		.leak_fails = job->leak == LEAK_FAIL,
	};
	bool is_whole = true;

	if (job->pass_patterns.n || job->fail_patterns.n) {
		if (slot_rules_compile(r, err) < 0)
			return -1;
		v.pass = r->pass;
		v.fail = r->fail;
		v.pass_texts = r->pass_texts;
		v.n_pass = job->pass_patterns.n;
		v.n_fail = job->fail_patterns.n;
		is_whole = job_log_is_whole(log);
		job_log_look(log);
		v.was_log_full = log->was_full;
	}
	verdict_decide(end, &v, is_whole ? log->fd : -1, 0, (off_t)log->header.len, ret);
	return 0;
}
