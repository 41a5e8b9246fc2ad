/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "report/dv/sim/results.h"

enum { TESTS_PER_BUCKET = 5, RESEEDS_PER_TEST = 2 };

static void sim_failures_add_failure(const struct sim_failure *f, struct str *out)
{
	str_printf(out, "\n        * %s\\\n          ", f->qual_name);
	if (f->line)
		str_printf(out, "Line %u, in log", f->line);
	else
		str_add(out, "Log");
	str_printf(out, " %s\n", f->log_path ? f->log_path : "None");
	for (size_t i = 0; i < f->n_log_context; i++) {
		size_t n = strlen(f->log_context[i]);

		while (n > 0 && strchr(" \t\r\n\v\f", f->log_context[i][n - 1]))
			n--;
		str_printf(out, "\n                %.*s", (int)n, f->log_context[i]);
	}
	if (f->n_log_context)
		str_add(out, "\n");
}

static bool is_first(const struct sim_bucket *bucket, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(bucket->failures[i].name, bucket->failures[at].name) == 0)
			return false;
	return true;
}

static void sim_failures_add_test(const struct sim_bucket *bucket, size_t first, struct str *out)
{
	const char *name = bucket->failures[first].name;
	size_t n = 0, shown = 0;

	for (size_t i = first; i < bucket->n_failures; i++)
		n += strcmp(bucket->failures[i].name, name) == 0;
	str_printf(out, "\n    * Test %s has %zu failure%s.", name, n, n == 1 ? "" : "s");
	for (size_t i = first; i < bucket->n_failures && shown < RESEEDS_PER_TEST; i++)
		if (strcmp(bucket->failures[i].name, name) == 0) {
			sim_failures_add_failure(&bucket->failures[i], out);
			shown++;
		}
	if (n > shown)
		str_printf(out, "\n        * ... and %zu more failure%s.", n - shown,
			   n - shown == 1 ? "" : "s");
}

void sim_console_failures(const struct sim_block_results *results, struct str *out)
{
	size_t *order = sim_buckets_by_size(results);

	str_add(out, "## Failure Buckets");
	for (size_t b = 0; b < results->n_buckets; b++) {
		const struct sim_bucket *bucket = &results->buckets[order[b]];
		size_t n = 0;

		str_printf(out, "\n* `%s` has %zu failure%s:", bucket->message, bucket->n_failures,
			   bucket->n_failures == 1 ? "" : "s");
		for (size_t i = 0; i < bucket->n_failures; i++)
			if (is_first(bucket, i) && n++ < TESTS_PER_BUCKET)
				sim_failures_add_test(bucket, i, out);
		if (n > TESTS_PER_BUCKET)
			str_printf(out, "\n        * ... and %zu more test%s.",
				   n - TESTS_PER_BUCKET, n - TESTS_PER_BUCKET == 1 ? "" : "s");
	}
	free(order);
}
