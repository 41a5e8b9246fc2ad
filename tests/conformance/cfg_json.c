/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints a configuration as JSON, for comparisons with other programs:
 *   cfg-json [--expand|--lenient] [--show] [--ignore NAME]… FILE [NAME=VALUE]…
 * NAME=VALUE are initial values.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"

enum { NAMES_MOST = 64 };

struct args {
	struct cfg_options load;
	struct cfg_expand_options expand;
	bool is_expanded, is_shown;
	const char *ignored[NAMES_MOST + 1], *initial[2 * NAMES_MOST + 1];
	const char *path;
};

static bool write_out(void *ctx, const char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, ctx) == len;
}

static void set(struct args *a, size_t *n, char *assignment)
{
	char *value = strchr(assignment, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (strcmp(assignment, "tool") == 0)
		a->load.tool = value;
	else if (strcmp(assignment, "proj_root") == 0)
		a->load.proj_root = value;
	else if (strcmp(assignment, "branch") == 0)
		a->load.branch = value;
	else if (*n < NAMES_MOST) {
		a->initial[2 * *n] = assignment;
		a->initial[2 * (*n)++ + 1] = value;
	}
}

static bool parse_args(struct args *a, int argc, char **argv)
{
	static const struct option options[] = {
		{"expand", no_argument, NULL, 'e'},
		{"lenient", no_argument, NULL, 'l'},
		{"show", no_argument, NULL, 's'},
		{"ignore", required_argument, NULL, 'i'},
		{0},
	};
	size_t n_ignored = 0, n_initial = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return false;
		if (c == 'i' && n_ignored < NAMES_MOST)
			a->ignored[n_ignored++] = optarg;
		a->is_expanded |= c == 'e' || c == 'l';
		a->expand.is_lenient |= c == 'l';
		a->is_shown |= c == 's';
	}
	a->path = argv[optind];
	for (int i = optind + 1; i < argc; i++)
		set(a, &n_initial, argv[i]);
	a->load.initial = a->initial;
	a->expand.ignored = a->ignored;
	return a->path != NULL;
}

static bool print(const struct args *a, struct diags *diags)
{
	struct cfg *c = cfg_load(a->path, &a->load, diags);
	struct str lines = {0};
	bool ok = c && (!a->is_expanded ||
			(cfg_override(c, diags) == 0 && cfg_expand(c, &a->expand, diags) == 0));

	if (ok && a->is_shown) {
		cfg_show(c, &lines);
		fwrite(lines.s, 1, lines.len, stdout);
		str_done(&lines);
	} else if (ok) {
		ok = hjson_to_json(cfg_doc(c), cfg_root(c), 2, write_out, stdout);
	}
	cfg_free(c);
	return ok;
}

int main(int argc, char **argv)
{
	struct args args = {0};
	struct diags diags;
	bool ok;

	if (!parse_args(&args, argc, argv)) {
		fputs("usage: cfg-json [--expand|--lenient] [--show] [--ignore NAME]… FILE "
		      "[NAME=VALUE]…\n",
		      stderr);
		return 2;
	}
	diags_init(&diags);
	ok = print(&args, &diags);
	diags_print(&diags, stderr, false, false);
	diags_done(&diags);
	return ok ? 0 : 2;
}
