/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/past_args.h"

#include <string.h>

#include "base/fs.h"
#include "base/str.h"
#include "cli/args/selection.h"
#include "cli/dvsim/args.h"

static const struct src_pos nowhere;

bool past_args_parse(const char *const *words, struct args *ret)
{
	_cleanup_(str_done) struct str fault = {0};
	char **argv = (char **)words; /* parsers only read it */
	struct diags diags;
	int argc = 0, rc;

	*ret = (struct args){0};
	while (argv[argc])
		argc++;
	if (argc == 0)
		return false;
	if (strcmp(path_base(argv[0]), "dvsim") == 0)
		return dvsim_args_parse(ret, argc, argv, &fault) == 0;
	diags_init(&diags);
	rc = args_parse(ret, argc, argv, &diags);
	diags_done(&diags);
	return rc == 0;
}

const char *const *past_args_items(struct arena *mem, const struct past_run *run)
{
	struct flow_options options = {0};
	const char **items = NULL;
	struct diags diags;
	struct args then;
	size_t n = 0;

	diags_init(&diags);
	if (past_args_parse(run->argv, &then) && selection_read(&then, &options, &diags) == 0 &&
	    options.items) {
		while (options.items[n])
			n++;
		items = arena_array(mem, n + 1, sizeof(*items));
		for (size_t i = 0; i < n; i++)
			items[i] = arena_strdup(mem, options.items[i]);
	}
	diags_done(&diags);
	args_done(&then);
	return items;
}

/* ---- -D ---- */

/* The value of the last NAME=VALUE of that name; NULL: there is none. */
static const char *value_of(const char *const *defines, const char *name, size_t len)
{
	const char *value = NULL;

	for (; defines && *defines; defines++)
		if (strncmp(*defines, name, len) == 0 && (*defines)[len] == '=')
			value = *defines + len + 1;
	return value;
}

static void past_args_add_value(struct str *out, const char *value, const char *when)
{
	if (!value) {
		str_printf(out, "not given %s", when);
		return;
	}
	str_addc(out, '\'');
	str_add_printable(out, value, strlen(value));
	str_printf(out, "' %s", when);
}

/* Adds the names in list whose values differ, except names that are in done. */
static void add_differences(struct str *out, const char *const *list, const char *const *done,
			    const char *const *then, const char *const *now)
{
	for (const char *const *d = list; d && *d; d++) {
		size_t len = strcspn(*d, "=");
		const char *was = value_of(then, *d, len), *is = value_of(now, *d, len);

		if (str_eq(was, is) || value_of(done, *d, len) || value_of(d + 1, *d, len))
			continue;
		str_add(out, out->len ? ", " : "");
		str_add_printable(out, *d, len);
		str_add(out, " (");
		past_args_add_value(out, was, "then");
		str_add(out, ", ");
		past_args_add_value(out, is, "now");
		str_addc(out, ')');
	}
}

void past_args_compare_defines(const struct args *now, const struct past_run *run,
			       struct diags *diags)
{
	const char *const *is = opt_words(now, OPT_DEFINE), *const * was;
	_cleanup_(str_done) struct str text = {0};
	struct args then;

	if (past_args_parse(run->argv, &then)) {
		was = opt_words(&then, OPT_DEFINE);
		add_differences(&text, was, NULL, was, is);
		add_differences(&text, is, was, was, is);
	}
	args_done(&then);
	if (text.len)
		diag_warning(diags, nowhere, "--failed: -D is not as in the run %s: %s", run->id,
			     text.s);
}
