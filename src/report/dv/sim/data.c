/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report/dv/sim/results.h"

struct sim_block sim_block_of(const struct dv_block *dv)
{
	const struct dv_revision *r = &dv->revision;

	return (struct sim_block){
		.name = dv->name,
		.variant = dv->variant,
		.commit = r->commit,
		.commit_short = r->commit_short,
		.dirty = r->is_dirty,
		.branch = r->branch,
		.url = r->url,
		.revision_info = r->revision ? r->revision : "",
	};
}

void sim_block_add_name(const struct sim_block *block, const char *sep, struct str *out)
{
	str_add(out, block->name);
	if (block->variant && *block->variant)
		str_printf(out, "%s%s", sep, block->variant);
}

double sim_percent(struct sim_count count)
{
	return count.total ? 100.0 * count.passed / count.total : 0.0;
}

struct sim_count sim_testpoint_count(const struct sim_testpoint *point)
{
	struct sim_count sum = {0};

	for (size_t i = 0; i < point->n_tests; i++) {
		sum.passed += point->tests[i].count.passed;
		sum.total += point->tests[i].count.total;
	}
	return sum;
}

struct seen {
	const struct sim_test *test;
	size_t at;
};

static int compare_seen(const void *pa, const void *pb)
{
	const struct seen *a = pa, *b = pb;
	int by_name = strcmp(a->test->name, b->test->name);

	return by_name ? by_name : (a->at > b->at) - (a->at < b->at);
}

static struct sim_count count_stages(const struct sim_stage *stages, size_t n_stages)
{
	struct sim_count sum = {0};
	struct seen *seen;
	size_t n = 0, at = 0;

	for (size_t s = 0; s < n_stages; s++)
		for (size_t p = 0; p < stages[s].n_testpoints; p++)
			n += stages[s].testpoints[p].n_tests;
	seen = calloc(n + 1, sizeof(*seen));
	if (!seen)
		abort();
	for (size_t s = 0; s < n_stages; s++)
		for (size_t p = 0; p < stages[s].n_testpoints; p++)
			for (size_t t = 0; t < stages[s].testpoints[p].n_tests; t++, at++)
				seen[at] = (struct seen){&stages[s].testpoints[p].tests[t], at};
	qsort(seen, n, sizeof(*seen), compare_seen);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && strcmp(seen[i].test->name, seen[i + 1].test->name) == 0)
			continue;
		sum.passed += seen[i].test->count.passed;
		sum.total += seen[i].test->count.total;
	}
	free(seen);
	return sum;
}

struct sim_count sim_stage_count(const struct sim_stage *stage)
{
	return count_stages(stage, 1);
}

struct sim_count sim_results_count(const struct sim_block_results *results)
{
	return count_stages(results->stages, results->n_stages);
}

struct mean {
	double sum;
	unsigned n;
};

static void mean_add(struct mean *mean, struct maybe_number number)
{
	if (!number.known)
		return;
	mean->sum += number.value;
	mean->n++;
}

static struct maybe_number mean_of(const struct mean *mean)
{
	return (struct maybe_number){mean->n > 0, mean->n ? mean->sum / mean->n : 0};
}

struct maybe_number sim_coverage_average(const struct sim_coverage *coverage)
{
	struct mean code = {0}, all = {0};

	for (unsigned i = TOOL_LINE_STATEMENT; i < TOOL_ASSERTION; i++)
		mean_add(&code, coverage->metric[i]);
	mean_add(&all, mean_of(&code));
	mean_add(&all, coverage->metric[TOOL_ASSERTION]);
	mean_add(&all, coverage->metric[TOOL_FUNCTIONAL]);
	return mean_of(&all);
}

size_t *sim_buckets_by_size(const struct sim_block_results *results)
{
	size_t n = results->n_buckets;
	size_t *order = n ? calloc(n, sizeof(*order)) : NULL;

	if (n && !order)
		abort();
	for (size_t i = 0; i < n; i++) {
		size_t to = i;

		for (; to > 0 &&
		       results->buckets[order[to - 1]].n_failures < results->buckets[i].n_failures;
		     to--)
			order[to] = order[to - 1];
		order[to] = i;
	}
	return order;
}

void sim_add_time(time_t when, const char *format, struct str *out)
{
	struct tm utc;
	char text[96];

	gmtime_r(&when, &utc);
	if (strftime(text, sizeof(text), format, &utc) > 0)
		str_add(out, text);
}
