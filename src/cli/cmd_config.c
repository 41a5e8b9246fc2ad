/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched config dump|show|keys`: prints a parsed file, a merged configuration, or the list of
 * keys. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/backends.h"
#include "cli/commands.h"
#include "cli/load/cfg_stream.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "flow/flow.h"

static const struct src_pos nowhere;

static bool cmd_config_add_bytes(void *out, const char *bytes, size_t len)
{
	str_addn(out, bytes, len);
	return true;
}

static void cmd_config_dump(const struct args *args, struct loaded *l)
{
	const struct cfg_text *text;
	struct str out = {0};

	if (cfg_stream_read(args->mem, args->words[1], &text, &l->diags) < 0)
		return;
	l->cfg = cfg_parse_as_is(args->words[1], text, &l->diags);
	if (!l->cfg)
		return;
	hjson_to_json(cfg_doc(l->cfg), cfg_root(l->cfg), 2, cmd_config_add_bytes, &out);
	str_addc(&out, '\n');
	final_write(out.s, out.len);
	str_done(&out);
}

/* Prints the merged tree as the flow gets it. DVSim's flows define more names before they expand
 * it, so unknown names are left as they are. */
static void cmd_config_show(const struct args *args, struct loaded *l)
{
	struct flow_options options = {
		.defines = opt_words(args, OPT_DEFINE),
		.backend_types = backend_names,
		.job_keys = backend_job_keys,
	};
	struct args one_word = *args;
	struct str out = {0};

	one_word.words++;
	one_word.n_words--;
	l->cfg = load_cfg(&one_word, &l->diags);
	if (!l->cfg || cfg_override(l->cfg, &l->diags) < 0)
		return;
	options.scratch_root = cfg_dir(l->cfg);
	if (!opt_has(args, OPT_RAW) && flow_resolve(l->cfg, &options, &l->diags) < 0)
		return;
	if (opt_has(args, OPT_JSON))
		hjson_to_json(cfg_doc(l->cfg), cfg_root(l->cfg), 2, cmd_config_add_bytes, &out);
	else
		cfg_show(l->cfg, &out);
	if (out.len && out.s[out.len - 1] != '\n')
		str_addc(&out, '\n');
	final_write(out.s ? out.s : "", out.len);
	str_done(&out);
	if (!opt_has(args, OPT_RAW))
		flow_warn(l->cfg, &options, &l->diags);
}

static void print_keys(const char *title, enum flow_key_place place, struct str *out)
{
	const struct flow_key *k;

	str_printf(out, "%s\n", title);
	for (size_t n = 0; (k = flow_jobs_key(n)) != NULL; n++)
		if (k->place == place)
			str_printf(out, "  %-15s %s%s%s\n%18s%s\n", k->key, k->type,
				   k->otherwise ? "; default: " : "",
				   k->otherwise ? k->otherwise : "", "", k->help);
}

static void cmd_config_keys(const struct args *args, struct loaded *l)
{
	struct str out = {0};

	(void)args;
	(void)l;
	print_keys("Keys of a configuration (flow: jobs):", FLOW_KEY_TOP, &out);
	print_keys("\nKeys of a job:", FLOW_KEY_JOB, &out);
	print_keys("\nKeys of a job or of `defaults`:", FLOW_KEY_SETTING, &out);
	final_write(out.s, out.len);
	str_done(&out);
}

static const struct verb {
	const char *name;
	size_t n_words; /* its own name included */
	void (*run)(const struct args *args, struct loaded *l);
} verbs[] = {
	{"dump", 2, cmd_config_dump}, {"show", 2, cmd_config_show}, {"keys", 1, cmd_config_keys}};

static const struct verb *cmd_config_find_verb(const struct args *args, struct diags *diags)
{
	static const char *const names[] = {"dump", "show", "keys"};
	const char *word = args->n_words ? args->words[0] : "", *near;
	struct diag *e;

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].name, word) != 0)
			continue;
		if (args->n_words == verbs[i].n_words)
			return &verbs[i];
		diag_error(diags, nowhere, "'config %s' takes %s", word,
			   verbs[i].n_words == 2 ? "one file" : "no further word");
		return NULL;
	}
	e = diag_error(diags, nowhere,
		       *word ? "unknown word '%s' after 'config'" : "'config' needs a subcommand%s",
		       word);
	near = str_suggest(word, names, ARRAY_LEN(names));
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else
		diag_hint(e, "dvsched config dump FILE | show CONFIG | keys");
	return NULL;
}

int cmd_config(const struct args *args)
{
	struct loaded l = {0};
	const struct verb *verb;
	int rc;

	diags_init(&l.diags);
	verb = load_common(args, &l.diags) == 0 ? cmd_config_find_verb(args, &l.diags) : NULL;
	if (verb)
		verb->run(args, &l);
	rc = load_report(args, &l);
	load_done(&l);
	return rc;
}
