/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args/list_items.h"

#include <string.h>

#include "base/str.h"
#include "cli/output/final_out.h"

static const char *const all_categories[] = {"build_modes", "run_modes", "tests", "regressions",
					     NULL};

static void list_category(const struct flow_listing *l, size_t category, struct str *out)
{
	const char *const *names = l->names[category];

	str_printf(out, "---- List of %s in %s ----\n", all_categories[category], l->block);
	if (!names)
		str_printf(out, "this flow has no %s\n", all_categories[category]);
	for (; names && *names; names++)
		str_printf(out, "%s\n", *names);
}

/* To standard error whatever the log level, because the list is the product of the command. */
static void list_block(void *ctx, const struct flow_listing *l)
{
	struct str out = {0};

	for (const char *const *w = ctx; *w; w++)
		for (size_t i = 0; i < FLOW_N_CATEGORIES; i++)
			if (strcmp(*w, all_categories[i]) == 0)
				list_category(l, i, &out);
	final_write_error(out.s ? out.s : "", out.len);
	str_done(&out);
}

static int check_category(const char *word, struct diags *diags)
{
	static const struct src_pos nowhere;

	for (size_t i = 0; i < FLOW_N_CATEGORIES; i++)
		if (strcmp(word, all_categories[i]) == 0)
			return 0;
	diag_error(diags, nowhere,
		   "'--list' must be of build_modes, run_modes, tests and regressions, not '%s'",
		   word);
	return -1;
}

int list_begin(struct flow_options *options, const char *const *categories, struct diags *diags)
{
	int rc = 0;

	for (const char *const *w = categories; w && *w; w++)
		rc |= check_category(*w, diags);
	options->list = list_block;
	options->list_ctx = (void *)(categories && categories[0] ? categories : all_categories);
	return rc;
}
