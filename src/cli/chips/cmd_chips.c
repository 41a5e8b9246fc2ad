/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched chips`: lists, tests and quarantines devices, and lists and checks drivers. */
#include <string.h>

#include "cli/chips/chips_cmd.h"
#include "cli/load/load.h"

static const struct src_pos nowhere;

enum takes { TAKES_NOTHING, TAKES_CONFIG, TAKES_DEVICES };

static const struct part {
	const char *name;
	enum takes takes; /* TAKES_DEVICES: also a configuration */
	bool has_json;
	int (*run)(const struct args *args, const struct chips_words *w, struct diags *diags);
} parts[] = {
	{"list", TAKES_CONFIG, true, chips_list},
	{"drivers", TAKES_NOTHING, true, chips_drivers},
	{"probe", TAKES_DEVICES, true, chips_probe},
	{"clear", TAKES_DEVICES, false, chips_clear},
	{"quarantine", TAKES_DEVICES, false, chips_quarantine},
	{"check", TAKES_NOTHING, false, chips_check},
};

static bool is_config(const char *word)
{
	return str_ends(word, ".hjson") || str_ends(word, ".json");
}

/* The subcommand; list for `chips` and `chips cfg.hjson`. */
static const struct part *find_part(const struct args *args, size_t *ret_first, struct diags *diags)
{
	const char *word = args->n_words ? args->words[0] : "list", *names[ARRAY_LEN(parts)], *near;
	struct diag *e;

	*ret_first = args->n_words ? 1 : 0;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (strcmp(parts[i].name, word) == 0)
			return &parts[i];
		names[i] = parts[i].name;
	}
	*ret_first = 0;
	if (is_config(word))
		return &parts[0];
	e = diag_error(diags, nowhere, "unknown word '%s' after 'chips'", word);
	near = str_suggest(word, names, ARRAY_LEN(parts));
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	else
		diag_hint(e, "dvsched chips %s", args->command->usage);
	return NULL;
}

static void one_too_many(const struct part *p, const char *word, struct diags *diags)
{
	diag_error(diags, nowhere, "'chips %s': '%s' is one word too many", p->name, word);
}

static void sort_words(const struct args *args, const struct part *p, size_t first,
		       struct chips_words *ret, struct diags *diags)
{
	const char **devices = arena_array(args->mem, args->n_words + 1, sizeof(*devices));

	*ret = (struct chips_words){.devices = devices};
	for (size_t i = first; i < args->n_words; i++) {
		const char *word = args->words[i];
		bool may_be_config = p->takes == TAKES_CONFIG ||
				     (p->takes == TAKES_DEVICES && is_config(word));

		if (may_be_config && !ret->cfg)
			ret->cfg = word;
		else if (p->takes == TAKES_DEVICES && !may_be_config)
			devices[ret->n_devices++] = word;
		else
			one_too_many(p, word, diags);
	}
	devices[ret->n_devices] = NULL;
	if (p->takes == TAKES_DEVICES && ret->n_devices == 0)
		diag_hint(diag_error(diags, nowhere, "'chips %s' needs a device", p->name),
			  "chips %s POOL/NUMBER …, named as in `dvsched chips`", p->name);
}

int cmd_chips(const struct args *args)
{
	struct loaded l = {0};
	struct chips_words words;
	const struct part *part;
	size_t first;
	int rc = EXIT_USAGE, rc_load;

	diags_init(&l.diags);
	part = load_common(args, &l.diags) == 0 ? find_part(args, &first, &l.diags) : NULL;
	if (part)
		sort_words(args, part, first, &words, &l.diags);
	if (part && opt_has(args, OPT_JSON) && !part->has_json)
		diag_error(&l.diags, nowhere, "'chips %s' prints no JSON", part->name);
	if (part && l.diags.n_errors == 0)
		rc = part->run(args, &words, &l.diags);
	rc_load = load_report(args, &l);
	load_done(&l);
	return rc_load != EXIT_PASSED ? rc_load : rc;
}
