/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the long option of a name or prefix. */
#include <string.h>

#include "base/str.h"
#include "cli/args/dvsim_table.h"
#include "cli/args/options.h"

static const struct src_pos nowhere;

/* Two commands may have different options of the same name. */
static enum opt opt_of_name(const char *name, unsigned command)
{
	enum opt other = OPT_COUNT;

	for (int i = 0; i < OPT_COUNT; i++) {
		if (strcmp(option_table[i].name, name) != 0)
			continue;
		if (option_table[i].commands & command)
			return (enum opt)i;
		other = (enum opt)i;
	}
	return other;
}

/* The only name that starts with prefix; NULL if there are none or several. *ret_n: how many there
 * are. */
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

/*
 * DVSim's long options. A prefix that is unique among them keeps its meaning when dvsched gets new
 * options.
 */
static size_t dvsim_names(const char **ret_names)
{
	size_t n = 0;

	for (const struct dvsim_option *o = dvsim_options; o->names; o++)
		ret_names[n++] = option_table[o->opt].name;
	return n;
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

/* command: its bit. */
static enum opt unknown_option(const char *name, unsigned command, const char *const *names,
			       size_t n, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "unknown option '--%s'", name);
	const char *near = str_suggest(name, names, n);

	if (near)
		diag_hint(e, "did you mean '--%s'?", near);
	else
		diag_hint(e, command & CMD_GRAPH ? "`--help all` lists every option"
						 : "`--help` lists the options of this command");
	return OPT_COUNT;
}

enum opt opt_resolve(const char *name, unsigned command, struct diags *diags)
{
	const char *own[OPT_COUNT];
	const char *dvsim[OPT_COUNT];
	size_t n_own = own_names(command, own);
	enum opt o = opt_of_name(name, command);
	unsigned n_found;
	const char *found;

	if (o == OPT_COUNT) {
		found = find_prefix(name, dvsim, dvsim_names(dvsim), &n_found);
		if (!found)
			found = find_prefix(name, own, n_own, &n_found);
		if (!found && n_found > 1)
			return ambiguous_option(name, own, n_own, diags);
		if (!found)
			return unknown_option(name, command, own, n_own, diags);
		o = opt_of_name(found, command);
	}
	if (!(option_table[o].commands & command)) {
		diag_error(diags, nowhere, "option '--%s' does not go with this command",
			   option_table[o].name);
		return OPT_COUNT;
	}
	return o;
}
