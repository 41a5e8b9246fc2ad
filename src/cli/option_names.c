/* SPDX-License-Identifier: Apache-2.0 */
/* What the name of a long option stands for. */
#include <string.h>

#include "base/str.h"
#include "cli/options.h"

/*
 * DVSim 1.57's long options. A prefix that is unique among them keeps meaning that one, whatever we
 * add. Those that belong to a flow that this version does not have are known by name only.
 */
static const char *const dvsim_options[] = {
	"help",
	"version",
	"tool",
	"list",
	"log-level",
	"log-file",
	"items",
	"select-cfgs",
	"job-prefix",
	"local",
	"remote",
	"max-parallel",
	"gui",
	"gui-debug",
	"interactive",
	"resource",
	"on-missing-resource",
	"scratch-root",
	"proj-root",
	"branch",
	"max-odirs",
	"purge",
	"fusesoc-mapping",
	"fusesoc-extra-cores-root",
	"build-only",
	"build-unique",
	"build-opts",
	"build-modes",
	"build-timeout-mins",
	"run-only",
	"run-opts",
	"run-modes",
	"profile",
	"xprop-off",
	"run-timeout-mins",
	"run-timeout-multiplier",
	"verbosity",
	"build-seed",
	"seeds",
	"fixed-seed",
	"reseed",
	"reseed-multiplier",
	"waves",
	"max-waves",
	"dump-script",
	"cov",
	"cov-merge-previous",
	"cov-unr",
	"cov-analyze",
	"map-full-testplan",
	"dvsim-config",
	"instrument",
	"print-interval",
	"verbose",
	"dry-run",
	"fake",
};

static const struct src_pos nowhere;

static enum opt find_exact(const char *name)
{
	for (int i = 0; i < OPT_COUNT; i++)
		if (strcmp(option_table[i].name, name) == 0)
			return (enum opt)i;
	return OPT_COUNT;
}

/* The only one of names that starts with prefix; NULL if none or several do (*ret_n says). */
static const char *find_prefix(const char *prefix, const char *const *names, size_t n,
			       unsigned *ret_n)
{
	const char *found = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], prefix) == 0) {
			*ret_n = 1;
			return names[i];
		}
		if (!str_starts(names[i], prefix))
			continue;
		found = names[i];
		++*ret_n;
	}
	return *ret_n == 1 ? found : NULL;
}

/* Names of the options that go with command, for prefixes and suggestions. */
static size_t own_names(unsigned command, const char **ret_names)
{
	size_t n = 0;

	for (int i = 0; i < OPT_COUNT; i++)
		if (option_table[i].commands & command)
			ret_names[n++] = option_table[i].name;
	return n;
}

static enum opt foreign_option(const char *name, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "option '--%s' belongs to DVSim's flows", name);

	diag_hint(e, "this version runs the native flow only (flow: jobs)");
	return OPT_COUNT;
}

static enum opt ambiguous_option(const char *name, const char *const *names, size_t n,
				 struct diags *diags)
{
	struct str list = {0};

	for (size_t i = 0; i < n; i++)
		if (str_starts(names[i], name))
			str_printf(&list, "%s--%s", list.len ? ", " : "", names[i]);
	diag_error(diags, nowhere, "option '--%s' is ambiguous: %s", name, list.s);
	str_done(&list);
	return OPT_COUNT;
}

static enum opt unknown_option(const char *name, const char *const *names, size_t n,
			       struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "unknown option '--%s'", name);
	const char *near = str_suggest(name, names, n);

	if (near)
		diag_hint(e, "did you mean '--%s'?", near);
	return OPT_COUNT;
}

enum opt opt_resolve(const char *name, unsigned command, struct diags *diags)
{
	const char *own[OPT_COUNT];
	size_t n_own = own_names(command, own);
	enum opt o = find_exact(name);
	unsigned n_found;
	const char *found;

	if (o == OPT_COUNT) {
		found = find_prefix(name, dvsim_options, ARRAY_LEN(dvsim_options), &n_found);
		if (!found)
			found = find_prefix(name, own, n_own, &n_found);
		if (!found && n_found > 1)
			return ambiguous_option(name, own, n_own, diags);
		if (!found)
			return unknown_option(name, own, n_own, diags);
		o = find_exact(found);
		if (o == OPT_COUNT)
			return foreign_option(found, diags);
	}
	if (!(option_table[o].commands & command)) {
		diag_error(diags, nowhere, "option '--%s' does not go with this command",
			   option_table[o].name);
		return OPT_COUNT;
	}
	return o;
}
