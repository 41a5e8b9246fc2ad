/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/shared_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/job_wire.h"
#include "workspace/job_env.h"

static void free_codes(struct pattern_code **codes, size_t n)
{
	for (size_t i = 0; codes && i < n; i++)
		pattern_free(codes[i]);
	free(codes);
}

static void shared_rules_free(struct shared_rules *r)
{
	free_codes(r->pass, r->job.pass_patterns.n);
	free_codes(r->fail, r->job.fail_patterns.n);
	free(r->pass_texts);
	free(r->env);
	job_wire_rules_done(&r->job);
	free(r->frame);
	*r = (struct shared_rules){0};
}

bool shared_rules_take(struct shared_rules *table, struct wire *w, const char *const *base_env)
{
	struct shared_rules r = {0};
	size_t n = (size_t)(w->end - w->at);
	struct wire copy;
	uint32_t place;

	r.frame = xmalloc(n + 1);
	memcpy(r.frame, w->at, n);
	copy = (struct wire){r.frame, r.frame + n, true};
	if (!job_wire_take_rules(&copy, &place, &r.job)) {
		shared_rules_free(&r);
		return false;
	}
	r.env = job_env_merge(base_env, &r.job);
	shared_rules_free(&table[place]);
	table[place] = r;
	return true;
}

static int shared_rules_compile_list(const struct pattern_list *list, struct pattern_code ***ret,
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

int shared_rules_compile(struct shared_rules *r, struct error *err)
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
	if (shared_rules_compile_list(pass, &r->pass, err) < 0 ||
	    shared_rules_compile_list(&r->job.fail_patterns, &r->fail, err) < 0)
		return -1;
	r->is_compiled = true;
	return 0;
}

int shared_rules_judge(struct shared_rules *r, const struct ending *end, struct job_log *log,
		       struct job_outcome *ret, struct error *err)
{
	const struct job_rules *job = &r->job;
	struct verdict_rules v = {
		.is_dry_run = job->is_dry_run,
		.leak_fails = job->leak == LEAK_FAIL,
		.timeout_s = job->timeout_s,
		.timeout_text = job->timeout_text,
	};
	bool is_whole = true;

	if (job->pass_patterns.n || job->fail_patterns.n) {
		if (shared_rules_compile(r, err) < 0)
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
