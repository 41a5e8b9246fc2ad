/* SPDX-License-Identifier: Apache-2.0 */
/* An object on the command line: written in Hjson, or in a file. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chips/chips_cmd.h"
#include "cli/load/cfg_stream.h"
#include "config/fields.h"

static struct cfg *parse_object(const struct args *args, enum opt opt, const char *word,
				struct diags *diags)
{
	const char *shown = arena_printf(args->mem, "--%s", option_table[opt].name);
	const struct cfg_text *text;

	if (word[strspn(word, " \t\n")] == '{')
		return cfg_parse_text(shown, word, strlen(word), diags);
	word += *word == '@';
	if (cfg_stream_read(args->mem, word, &text, diags) < 0)
		return NULL;
	return cfg_parse_as_is(word, text, diags);
}

/* Without blanks, as a pool passes it to the driver. */
static const char *object_compact(struct arena *mem, const char *json)
{
	json_t *j = json_loads(json, 0, NULL);
	char *text = json_dumps(j, JSON_COMPACT);
	const char *copy = text ? arena_strdup(mem, text) : json;

	free(text);
	json_decref(j);
	return copy;
}

const char *chips_object(const struct args *args, enum opt opt, const char *otherwise,
			 struct diags *diags)
{
	const char *word = opt_word(args, opt, NULL), *json = otherwise;
	struct cfg *cfg = word ? parse_object(args, opt, word, diags) : NULL;

	if (cfg)
		json = object_compact(args->mem,
				      arena_strdup(args->mem, cfg_json(cfg, cfg_root(cfg))));
	cfg_free(cfg);
	return json;
}
