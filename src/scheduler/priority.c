/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which ready jobs start. The default order depends on the plan only, so each job gets
 * its rank as a number at load. With 100,000 ready jobs, reading the rules and ids in each
 * comparison would take most of the run's time (cache misses).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "scheduler/state.h"

/* No timeout (0) is the longest one. */
static int compare_timeouts(double a, double b)
{
	if (a <= 0 || b <= 0)
		return (a <= 0) - (b <= 0);
	return (a > b) - (a < b);
}

static int compare_rules(const struct job_rules *a, const struct job_rules *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight ? 1 : -1;
	return compare_timeouts(a->timeout_s, b->timeout_s);
}

bool sched_priority_default(const struct job *a, const struct job *b, void *ctx)
{
	int order = compare_rules(a->spec->rules, b->spec->rules);

	(void)ctx;
	return order ? order > 0 : a->n_dependents > b->n_dependents;
}

static int compare_rules_at(const void *a, const void *b)
{
	return compare_rules(*(const struct job_rules *const *)a,
			     *(const struct job_rules *const *)b);
}

/* The different rules in ascending order of priority; the index in this list is the rank. */
static const struct job_rules **rules_in_order(const struct sched *s, size_t *ret_n)
{
	size_t n_kept = 0;
	VEC(const struct job_rules *) all = {0};

	for (size_t i = 0; i < s->n_jobs; i++)
		if (!all.n || all.at[all.n - 1] != s->jobs[i].spec->rules)
			vec_push(&all, s->jobs[i].spec->rules);
	if (all.n)
		qsort(all.at, all.n, sizeof(*all.at), compare_rules_at);
	for (size_t i = 0; i < all.n; i++)
		if (n_kept == 0 || compare_rules(all.at[n_kept - 1], all.at[i]) != 0)
			all.at[n_kept++] = all.at[i];
	*ret_n = n_kept;
	return all.at;
}

static void set_ranks(struct sched *s)
{
	const struct job_rules *rules = NULL;
	size_t n;
	_cleanup_(freep) const struct job_rules **order = rules_in_order(s, &n);
	uint32_t rank = 0;

	for (size_t i = 0; i < s->n_jobs; i++) {
		struct job *job = &s->jobs[i];

		if (job->spec->rules != rules) {
			const struct job_rules **found;

			rules = job->spec->rules;
			found = bsearch(&rules, order, n, sizeof(*order), compare_rules_at);
			assert(found);
			rank = (uint32_t)(found - order);
		}
		job->rank = rank;
	}
}

/* The first eight bytes of s as a number, with the same order as the strings. */
static uint64_t first_bytes(const char *s)
{
	uint64_t key = 0;

	for (unsigned i = 0; i < 8; i++) {
		key = key << 8 | (unsigned char)*s;
		s += *s != '\0';
	}
	return key;
}

static size_t common_prefix(const struct sched *s)
{
	const char *first = s->n_jobs ? s->jobs[0].spec->id : "";
	size_t len = strlen(first);

	for (size_t i = 1; i < s->n_jobs && len; i++) {
		const char *id = s->jobs[i].spec->id;
		size_t same = 0;

		while (same < len && id[same] == first[same])
			same++;
		len = same;
	}
	return len;
}

void priority_prepare(struct sched *s)
{
	if (s->options.priority == sched_priority_default)
		s->options.priority = NULL;
	set_ranks(s);
	if (!s->plan->is_by_id)
		return;
	s->id_prefix = common_prefix(s);
	s->id_keys = xcalloc(s->n_jobs, sizeof(*s->id_keys));
	for (size_t i = 0; i < s->n_jobs; i++)
		s->id_keys[i] = first_bytes(s->jobs[i].spec->id + s->id_prefix);
}

void priority_done(struct sched *s)
{
	free(s->id_keys);
}

bool priority_first(const struct sched *s, const struct job *a, const struct job *b)
{
	sched_priority *first = s->options.priority;

	if (!first && a->rank != b->rank)
		return a->rank > b->rank;
	if (!first && a->n_dependents != b->n_dependents)
		return a->n_dependents > b->n_dependents;
	if (first && first(a, b, s->options.priority_ctx))
		return true;
	if (first && first(b, a, s->options.priority_ctx))
		return false;
	if (!s->plan->is_by_id)
		return a->n < b->n;
	if (s->id_keys[a->n] != s->id_keys[b->n])
		return s->id_keys[a->n] < s->id_keys[b->n];
	return strcmp(a->spec->id + s->id_prefix, b->spec->id + s->id_prefix) < 0;
}
