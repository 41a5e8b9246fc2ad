/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list_items.h"

#include <stdio.h>
#include <string.h>

static const char *const all_categories[] = {"build_modes", "run_modes", "tests", "regressions",
					     NULL};

/* Straight to standard error, whatever the log level: it is what was asked for. */
static void list_block(void *ctx, const struct flow_listing *l)
{
	const char *const *wanted = ctx;

	for (const char *const *w = wanted; *w; w++) {
		for (size_t i = 0; i < FLOW_N_CATEGORIES; i++) {
			if (strcmp(*w, all_categories[i]) != 0)
				continue;
			fprintf(stderr, "---- List of %s in %s ----\n", *w, l->block);
			for (size_t n = 0; l->names[i] && l->names[i][n]; n++)
				fprintf(stderr, "%s\n", l->names[i][n]);
		}
	}
}

void list_begin(struct flow_options *options, const char *const *categories)
{
	options->list = list_block;
	options->list_ctx = (void *)(categories && categories[0] ? categories : all_categories);
}
