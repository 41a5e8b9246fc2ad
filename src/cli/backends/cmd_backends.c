/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/backends/backends_cmd.h"

#include <string.h>

#include "backends/backends.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"

static const struct src_pos nowhere;

struct backends_words {
	bool is_check;
	const char *name, *cfg; /* name: of is_check */
};

static bool backends_is_config(const char *word)
{
	return str_ends(word, ".hjson") || str_ends(word, ".json");
}

/* [list] [CONFIG], or check NAME [CONFIG] */
static int backends_read_words(const struct args *args, struct backends_words *ret,
			       struct diags *diags)
{
	const char *first = args->n_words ? args->words[0] : "list";
	size_t i = 0;

	*ret = (struct backends_words){.is_check = str_eq(first, "check")};
	if (ret->is_check || str_eq(first, "list"))
		i++;
	if (ret->is_check && i < args->n_words && !backends_is_config(args->words[i]))
		ret->name = args->words[i++];
	if (i < args->n_words && backends_is_config(args->words[i]))
		ret->cfg = args->words[i++];
	if (i < args->n_words)
		diag_hint(diag_error(diags, nowhere, "unknown word '%s' after 'backends'",
				     args->words[i]),
			  "dvsched backends %s", args->command->usage);
	else if (ret->is_check && !ret->name)
		diag_hint(
			diag_error(diags, nowhere, "'backends check' needs the name of a backend"),
			"`dvsched backends` lists them");
	return diags->n_errors ? -1 : 0;
}

static void backends_print_row(const char *name, const char *type, const char *help)
{
	_cleanup_(str_done) struct str line = {0};

	str_printf(&line, "%-12s %-8s %s\n", name, type, help);
	final_write(line.s, line.len);
}

static void backends_list(const struct roster *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->at[i].type != ROSTER_NO_TYPE)
			backends_print_row(r->at[i].name, r->types[r->at[i].type],
					   backend_types[r->at[i].type]->help);
}

/* Of types that run no commands. NULL: it does. */
static const char *backends_instead(const char *type)
{
	if (str_eq(type, "chips"))
		return "`dvsched chips probe` opens devices, `dvsched chips check` tests a driver";
	return str_eq(type, "fake") ? "they run nothing" : NULL;
}

static int backends_check(const struct args *args, const struct roster *r,
			  const struct backends_words *w, struct diags *diags)
{
	const struct roster_entry *e = roster_find(r, w->name);

	if (e && e->type != ROSTER_NO_TYPE) {
		const char *type = r->types[e->type], *instead = backends_instead(type);

		if (!instead)
			return check_backend(args, r, e, type);
		diag_hint(diag_error(diags, nowhere, "backends of type %s have no check", type),
			  "%s", instead);
		return EXIT_USAGE;
	}
	roster_hint(r, w->name, diag_error(diags, nowhere, "there is no backend '%s'", w->name));
	return EXIT_USAGE;
}

int cmd_backends(const struct args *args)
{
	struct loaded l = {0};
	struct backends_words w;
	int rc = EXIT_USAGE, rc_load;

	diags_init(&l.diags);
	if (load_common(args, &l.diags) == 0 && backends_read_words(args, &w, &l.diags) == 0) {
		const struct roster *r;

		if (w.cfg)
			l.cfg = load_cfg_settings(args, w.cfg, &l.diags);
		r = roster_read(args->mem, l.cfg, backend_names);
		rc = EXIT_PASSED;
		if (l.diags.n_errors == 0 && w.is_check)
			rc = backends_check(args, r, &w, &l.diags);
		else if (l.diags.n_errors == 0)
			backends_list(r);
	}
	rc_load = load_report(args, &l);
	load_done(&l);
	return rc_load != EXIT_PASSED ? rc_load : rc;
}
