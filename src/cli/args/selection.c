/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args/selection.h"

#include <limits.h>

#include "cli/args/limit_option.h"

static const struct src_pos nowhere;

struct words {
	const char **at;
	size_t n;
};

static void add_excluded(struct words *w, const char *option, const char *item, struct diags *diags)
{
	if (*item)
		w->at[w->n++] = item;
	else
		diag_error(diags, nowhere, "%s names no job to leave out", option);
}

/* `-i '!ITEM'` means -x ITEM, but under the name dvsim it is a glob, as in DVSim. */
static void selection_read_words(const struct args *args, struct flow_options *o,
				 struct diags *diags)
{
	const struct opt_value *items = &args->opt[OPT_ITEMS], *excluded = &args->opt[OPT_EXCLUDE];
	struct words in = {arena_array(args->mem, items->n + 1, sizeof(char *)), 0};
	struct words out = {arena_array(args->mem, items->n + excluded->n + 1, sizeof(char *)), 0};

	for (size_t i = 0; i < excluded->n; i++)
		add_excluded(&out, "-x ''", excluded->words[i], diags);
	for (size_t i = 0; i < items->n; i++) {
		if (items->words[i][0] == '!' && !args->is_dvsim)
			add_excluded(&out, "-i '!'", items->words[i] + 1, diags);
		else
			in.at[in.n++] = items->words[i];
	}
	o->items = items->is_set ? in.at : NULL;
	o->excluded = out.n ? out.at : NULL;
}

int selection_read(const struct args *args, struct flow_options *ret, struct diags *diags)
{
	unsigned n_before = diags->n_errors;

	selection_read_words(args, ret, diags);
	ret->limits = (struct flow_limits){
		.has_timeout = opt_has(args, OPT_TIMEOUT),
		.has_retries = opt_has(args, OPT_RETRIES),
		.timeout_s = opt_duration(args, OPT_TIMEOUT, 0, diags),
		.retries = opt_uint(args, OPT_RETRIES, 0, FLOW_MOST_RETRIES, 0, diags),
	};
	limit_option_read(args, &ret->limits, diags);
	return diags->n_errors > n_before ? -1 : 0;
}
