/* SPDX-License-Identifier: Apache-2.0 */
/* Parses a command line, with the rules of argparse. */
#include <string.h>

#include "base/str.h"
#include "cli/args/options.h"

static const struct src_pos nowhere;

/* The option whose shorts hold the n letters at name. */
static enum opt find_short(const char *name, size_t n)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		const char *s = option_table[i].shorts;

		for (; s && *s; s += strcspn(s, " "), s += *s == ' ')
			if (strcspn(s, " ") == n && memcmp(s, name, n) == 0)
				return (enum opt)i;
	}
	return OPT_COUNT;
}

/* State of the parser. */
struct reader {
	struct args *args;
	char **argv;
	int argc, at, first; /* first: the option's own word */
	const char **words[OPT_COUNT];
	const char **positional;
	struct diags *diags;
};

static void args_add_value(struct reader *r, enum opt o, const char *word)
{
	struct opt_value *v = &r->args->opt[o];

	for (int i = r->first; i < r->at; i++)
		r->args->owners[i] = o;
	if (!r->words[o]) {
		r->words[o] = arena_array(r->args->mem, (size_t)r->argc + 1, sizeof(char *));
		v->words = r->words[o];
	}
	v->is_set = true;
	if (word)
		r->words[o][v->n++] = word;
}

static bool is_value(const struct reader *r)
{
	const char *next = r->at < r->argc ? r->argv[r->at] : NULL;

	return next && (next[0] != '-' || next[1] == '\0');
}

static void take_values(struct reader *r, enum opt o, const char *shown, const char *attached)
{
	const struct option *row = &option_table[o];

	if (row->kind == OPT_FLAG) {
		if (attached)
			diag_error(r->diags, nowhere, "option '%s' takes no value", shown);
		args_add_value(r, o, NULL);
		return;
	}
	if (attached) {
		args_add_value(r, o, attached);
		return;
	}
	args_add_value(r, o, NULL);
	if (row->kind == OPT_WORDS) {
		while (is_value(r))
			args_add_value(r, o, r->argv[r->at++]);
	} else if (is_value(r)) {
		args_add_value(r, o, r->argv[r->at++]);
		return;
	}
	if (r->args->opt[o].n == 0 && row->kind != OPT_MAYBE) {
		struct diag *e = diag_error(r->diags, nowhere, "option '%s' needs a value: %s %s",
					    shown, shown, row->metavar);

		diag_hint(e, "a value that starts with '-' is written --%s=VALUE", row->name);
	}
}

static void read_long(struct reader *r, const char *word)
{
	const char *equals = strchr(word, '=');
	char *name = equals ? arena_strndup(r->args->mem, word + 2, (size_t)(equals - word) - 2)
			    : arena_strdup(r->args->mem, word + 2);
	enum opt o = opt_resolve(name, r->args->command->bit, r->diags);

	if (o != OPT_COUNT)
		take_values(r, o, arena_printf(r->args->mem, "--%s", option_table[o].name),
			    equals ? equals + 1 : NULL);
}

static void read_short(struct reader *r, const char *word)
{
	size_t n = strcspn(word + 1, "=");
	const char *attached = word[1 + n] ? word + 1 + n + 1 : NULL;
	enum opt o = find_short(word + 1, n);
	struct diag *e;

	if (o == OPT_COUNT) {
		/* -j8, -DNAME=VALUE: one letter, and the value without a blank */
		o = find_short(word + 1, 1);
		attached = word + 2;
		n = 1;
	}
	if (o != OPT_COUNT && (option_table[o].commands & r->args->command->bit) &&
	    (n > 1 || option_table[o].kind != OPT_FLAG || !attached)) {
		take_values(r, o, arena_printf(r->args->mem, "-%.*s", (int)n, word + 1), attached);
		return;
	}
	if (o != OPT_COUNT && !(option_table[o].commands & r->args->command->bit)) {
		e = diag_error(r->diags, nowhere, "option '%s' does not go with '%s'", word,
			       r->args->command->name);
		if (r->args->command->bit & CMD_RESUME)
			diag_hint(e,
				  "a resumed run keeps its selection and its values; `dvsched "
				  "run CONFIG %s … --skip-passed RUN` starts another one",
				  word);
		return;
	}
	e = diag_error(r->diags, nowhere, "unknown option '%s'", word);
	diag_hint(e, "`dvsched %s --help` lists them; long options start with two dashes",
		  r->args->command->name);
}

static void args_read_words(struct reader *r)
{
	while (r->at < r->argc) {
		const char *word = r->argv[r->at++];

		r->first = r->at - 1;
		if (strcmp(word, "--") == 0) {
			r->args->after = (const char *const *)r->argv + r->at;
			r->args->n_after = (size_t)(r->argc - r->at);
			return;
		}
		if (word[0] == '-' && word[1] == '-')
			read_long(r, word);
		else if (word[0] == '-' && word[1])
			read_short(r, word);
		else
			r->positional[r->args->n_words++] = word;
	}
}

static int unknown_command(const char *word, struct diags *diags)
{
	struct diag *e = diag_error(diags, nowhere, "unknown command '%s'", word);
	const char *names[16], *near;
	size_t n = 0;

	for (const struct command *c = commands; c->name; c++)
		names[n++] = c->name;
	near = str_suggest(word, names, n);
	if (near)
		diag_hint(e, "did you mean 'dvsched %s'?", near);
	else if (str_ends(word, ".hjson"))
		diag_hint(e, "to run a configuration: dvsched run %s", word);
	else
		diag_hint(e, "`dvsched --help` lists the commands");
	return -1;
}

void args_set_owners(struct args *args, int argc)
{
	args->owners = arena_array(args->mem, (size_t)argc + 1, sizeof(*args->owners));
	for (int i = 0; i < argc; i++)
		args->owners[i] = OPT_COUNT;
}

int args_parse(struct args *args, int argc, char **argv, struct diags *diags)
{
	struct reader r = {.args = args, .argv = argv, .argc = argc, .at = 2, .diags = diags};

	*args = (struct args){.mem = arena_new(), .argv = (const char *const *)argv};
	args_set_owners(args, argc);
	if (argc < 2)
		return 0;
	args->command = command_find(argv[1]);
	if (!args->command)
		return unknown_command(argv[1], diags);
	r.positional = arena_array(args->mem, (size_t)argc + 1, sizeof(char *));
	args->words = r.positional;
	args_read_words(&r);
	return diags->n_errors ? -1 : 0;
}

const char *args_program(const struct args *args)
{
	return args->is_dvsim ? "dvsim" : args->is_admin ? "dvsim-admin" : "dvsched";
}

void args_done(struct args *args)
{
	arena_free(args->mem);
	args->mem = NULL;
}
