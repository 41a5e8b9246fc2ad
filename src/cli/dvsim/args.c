/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two passes, as in argparse: first every word is classified as an option, a value or "--"; then
 * each option takes the values that follow it, as many as it accepts, and the word that is left is
 * the configuration.
 */
#include "cli/dvsim/args.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "cli/args/dvsim_table.h"

enum { MOST_NAMES = 128 };

/* A name of an option, and the option. */
struct name {
	char text[40];
	const struct dvsim_option *option;
	bool is_dvsim; /* may be abbreviated */
};

enum word_kind { WORD_VALUE, WORD_OPTION, WORD_DASHES };

struct word {
	enum word_kind kind;
	const char *text;
	const struct name *name; /* WORD_OPTION: NULL is an unknown option */
	const char *attached;	 /* the text after '=' or the letter; NULL: none */
};

struct parser {
	struct args *args;
	struct name names[MOST_NAMES + OPT_COUNT * 3];
	size_t n_names;
	struct dvsim_option own[OPT_COUNT]; /* dvsched's own options, in the form of DVSim's */
	struct word *words;
	size_t n_words, at;
	struct str *fault, unknown;
	bool is_over; /* --help or --version */
};

/* ---- names of options ---- */

static void add_names(struct parser *p, const struct dvsim_option *o, const char *names,
		      const char *dashes, bool is_dvsim)
{
	for (const char *s = names; *s; s += strcspn(s, " "), s += *s == ' ') {
		struct name *n = &p->names[p->n_names++];

		snprintf(n->text, sizeof(n->text), "%s%.*s", dashes, (int)strcspn(s, " "), s);
		n->option = o;
		n->is_dvsim = is_dvsim;
	}
}

static const struct name *args_find_exact(const struct parser *p, const char *text, size_t len)
{
	for (size_t i = 0; i < p->n_names; i++)
		if (strlen(p->names[i].text) == len && memcmp(p->names[i].text, text, len) == 0)
			return &p->names[i];
	return NULL;
}

/* Short names that only dvsched has, of options that DVSim has, too: -j. */
static void add_own_shorts(struct parser *p, const struct dvsim_option *o)
{
	const char *s = option_table[o->opt].shorts;

	for (; s && *s; s += strcspn(s, " "), s += *s == ' ') {
		char name[8];

		snprintf(name, sizeof(name), "-%.*s", (int)strcspn(s, " "), s);
		if (!args_find_exact(p, name, strlen(name)))
			add_names(p, o, arena_strdup(p->args->mem, name), "", false);
	}
}

static bool is_dvsims(enum opt opt)
{
	for (const struct dvsim_option *d = dvsim_options; d->names; d++)
		if (d->opt == opt)
			return true;
	return false;
}

static void args_add_own(struct parser *p, enum opt opt)
{
	static const char nargs[] = {
		[OPT_FLAG] = '0',   [OPT_WORD] = '1',  [OPT_MAYBE] = '?',
		[OPT_REPEAT] = '1', [OPT_WORDS] = '*',
	};
	const struct option *row = &option_table[opt];
	struct dvsim_option *o = &p->own[opt];
	char name[40];

	snprintf(name, sizeof(name), "--%s", row->name);
	*o = (struct dvsim_option){opt,
				   arena_strdup(p->args->mem, name),
				   nargs[row->kind],
				   row->kind == OPT_REPEAT,
				   DVSIM_TEXT,
				   NULL};
	add_names(p, o, row->name, "--", false);
	/* Without -x: it would match words that DVSim rejects or takes for an option of a tool:
	 * -nx, -xlrm. */
	if (row->shorts && !option_dvsim_help(row))
		add_names(p, o, row->shorts, "-", false);
}

static void collect_names(struct parser *p)
{
	for (const struct dvsim_option *o = dvsim_options; o->names; o++)
		add_names(p, o, o->names, "", true);
	for (const struct dvsim_option *o = dvsim_options; o->names; o++)
		add_own_shorts(p, o);
	for (int i = 0; i < OPT_COUNT; i++)
		if ((option_table[i].commands & CMD_RUN) && !is_dvsims((enum opt)i))
			args_add_own(p, (enum opt)i);
}

/* ---- errors, with the words of argparse ---- */

static int args_fault(struct parser *p, const struct dvsim_option *o, const char *fmt, ...)
	_printf_(3, 4);

static int args_fault(struct parser *p, const struct dvsim_option *o, const char *fmt, ...)
{
	va_list ap;

	if (o) {
		str_add(p->fault, "argument ");
		for (const char *s = o->names; *s; s++)
			str_addc(p->fault, *s == ' ' ? '/' : *s);
		str_add(p->fault, ": ");
	}
	va_start(ap, fmt);
	str_vprintf(p->fault, fmt, ap);
	va_end(ap);
	return -1;
}

static int fault_choice(struct parser *p, const struct dvsim_option *o, const char *value)
{
	args_fault(p, o, "invalid choice: '%s' (choose from ", value);
	for (const char *s = o->choices; *s; s += strcspn(s, " "), s += *s == ' ')
		str_printf(p->fault, "%s'%.*s'", s == o->choices ? "" : ", ", (int)strcspn(s, " "),
			   s);
	str_addc(p->fault, ')');
	return -1;
}

/* ---- first pass: classify each word ---- */

/* -1, -.5: a value, because no option looks like that. */
static bool is_negative_number(const char *s)
{
	size_t n = strspn(s + 1, "0123456789");

	if (!s[1 + n])
		return n > 0;
	return s[1 + n] == '.' && s[2 + n] && !s[2 + n + strspn(s + 2 + n, "0123456789")];
}

struct match {
	const struct name *name;
	const char *attached;
};

/*
 * May text be this option with its value? A text with a blank is not, if only dvsched has the
 * option: DVSim reads such a text as a value. Example: -bo '-DX=1 -DY=2' has no option -D.
 */
static bool may_hold(const struct name *name, const char *text)
{
	return name->is_dvsim || !strchr(text, ' ');
}

/* Finds the options that text may abbreviate. Returns how many; *ret is the last one. */
static unsigned find_matches(const struct parser *p, const char *text, struct match *ret,
			     struct str *ret_list)
{
	bool is_long = text[1] == '-';
	const char *equals = is_long ? strchr(text, '=') : NULL;
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	unsigned n = 0;

	for (size_t i = 0; i < p->n_names; i++) {
		const struct name *name = &p->names[i];
		struct match m = {name, equals ? equals + 1 : NULL};

		if (!name->is_dvsim && (is_long || strlen(name->text) != 2))
			continue;
		if (!may_hold(name, text))
			continue;
		if (!is_long && strlen(name->text) == 2 && name->text[1] == text[1])
			m.attached = text + 2;
		else if (!name->is_dvsim || strncmp(name->text, text, len) != 0)
			continue;
		*ret = m;
		str_printf(ret_list, "%s%s", n++ ? ", " : "", name->text);
	}
	return n;
}

static int classify_option(struct parser *p, struct word *w)
{
	const char *text = w->text, *equals = strchr(text, '=');
	_cleanup_(str_done) struct str list = {0};
	struct match m = {0};
	unsigned n;

	w->kind = WORD_OPTION;
	w->name = args_find_exact(p, text, strlen(text));
	if (w->name)
		return 0;
	if (equals)
		w->name = args_find_exact(p, text, (size_t)(equals - text));
	if (w->name && may_hold(w->name, text)) {
		w->attached = equals + 1;
		return 0;
	}
	n = find_matches(p, text, &m, &list);
	if (n > 1)
		return args_fault(p, NULL, "ambiguous option: %s could match %s", text, list.s);
	w->name = m.name;
	w->attached = m.attached;
	if (n == 0 && (is_negative_number(text) || strchr(text, ' ')))
		w->kind = WORD_VALUE;
	return 0;
}

static int args_classify(struct parser *p)
{
	bool is_after = false;

	for (size_t i = 0; i < p->n_words; i++) {
		struct word *w = &p->words[i];

		if (is_after)
			continue;
		if (strcmp(w->text, "--") == 0) {
			w->kind = WORD_DASHES;
			is_after = true;
		} else if (w->text[0] == '-' && w->text[1] && classify_option(p, w) < 0) {
			return -1;
		}
	}
	return 0;
}

/* ---- values ---- */

static bool is_int(const struct parser *p, const char *s)
{
	return number_int(p->args->mem, s);
}

static bool is_positive(const struct parser *p, const char *s)
{
	const char *number = number_int(p->args->mem, s);

	return number && *number != '-' && *number != '0';
}

static bool is_real(const struct parser *p, const char *s, double *ret)
{
	const char *number = number_real(p->args->mem, s);

	*ret = number ? strtod(number, NULL) : 0;
	return number;
}

static int fault_limit(struct parser *p, const struct dvsim_option *o, const char *s)
{
	return args_fault(p, o, "Invalid resource format: %s, expected RESOURCE=COUNT", s);
}

static int check_limit(struct parser *p, const struct dvsim_option *o, const char *s)
{
	static const char *const unlimited[] = {"all", "any",  "inf",  "infinite", "many",
						"max", "none", "null", "unlimited"};
	const char *equals = strchr(s, '='), *value, *number;

	if (!equals || equals == s || strchr(equals + 1, '='))
		return fault_limit(p, o, s);
	value = equals + 1 + strspn(equals + 1, " ");
	for (size_t i = 0; i < ARRAY_LEN(unlimited); i++)
		if (strcasecmp(value, unlimited[i]) == 0)
			return 0;
	number = number_int(p->args->mem, value);
	if (!number)
		return fault_limit(p, o, s);
	if (!is_positive(p, number))
		return args_fault(p, o,
				  "Resource values should be positive integers or 'INF' / 'NONE', "
				  "not %s.",
				  number);
	return 0;
}

static bool is_chosen(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *s = choices; *s; s += strcspn(s, " "), s += *s == ' ')
		if (strcspn(s, " ") == n && memcmp(s, value, n) == 0)
			return true;
	return false;
}

static int check_value(struct parser *p, const struct dvsim_option *o, const char *value)
{
	double x;

	if (o->type == DVSIM_INT && !is_int(p, value))
		return args_fault(p, o, "invalid int value: '%s'", value);
	if (o->type == DVSIM_REAL && !is_real(p, value, &x))
		return args_fault(p, o, "invalid float value: '%s'", value);
	if (o->type == DVSIM_PARALLEL && !is_positive(p, value))
		return args_fault(
			p, o, "Bad argument for --max-parallel ('%s'): must be a positive integer.",
			value);
	if (o->type == DVSIM_MULTIPLIER && !is_real(p, value, &x))
		return args_fault(p, o, "Invalid reseed multiplier: '%s'. Must be a float.", value);
	if (o->type == DVSIM_MULTIPLIER && x <= 0)
		return args_fault(p, o, "Reseed multiplier must be positive.");
	if (o->type == DVSIM_LIMIT && check_limit(p, o, value) < 0)
		return -1;
	if (o->choices && !is_chosen(o->choices, value))
		return fault_choice(p, o, value);
	return 0;
}

/* Stores n values of an option. */
static int args_store(struct parser *p, const struct dvsim_option *o, const char *const *values,
		      size_t n)
{
	struct opt_value *v = &p->args->opt[o->opt];
	size_t n_old = o->is_append ? v->n : 0;
	const char **all = arena_array(p->args->mem, n_old + n + 1, sizeof(*all));

	for (size_t i = 0; i < n_old; i++)
		all[i] = v->words[i];
	for (size_t i = 0; i < n; i++) {
		all[n_old + i] = o->type == DVSIM_LOWER
					 ? arena_strdup_lower(p->args->mem, values[i])
					 : values[i];
		if (check_value(p, o, all[n_old + i]) < 0)
			return -1;
	}
	*v = (struct opt_value){all, n_old + n, true};
	p->is_over = o->opt == OPT_HELP || o->opt == OPT_VERSION;
	return 0;
}

/* ---- second pass ---- */

/* -nc is -n -c: a flag's attached text is the next flag's letter. */
static int store_flags(struct parser *p, const struct name *name, const char *attached)
{
	for (;;) {
		const struct name *next;
		char text[3] = "-?";

		if (!attached)
			return args_store(p, name->option, NULL, 0);
		if (name->text[1] == '-' || !*attached)
			return args_fault(p, name->option, "ignored explicit argument '%s'",
					  attached);
		text[1] = *attached;
		next = args_find_exact(p, text, 2);
		if (!next)
			return args_fault(p, name->option, "ignored explicit argument '%s'",
					  attached);
		if (args_store(p, name->option, NULL, 0) < 0 || p->is_over)
			return p->is_over ? 0 : -1;
		name = next;
		attached = attached[1] ? attached + 1 : NULL;
		if (next->option->nargs != '0')
			return attached ? args_store(p, next->option, &attached, 1)
					: args_fault(p, next->option, "expected one argument");
	}
}

static int take_option(struct parser *p, const struct word *w)
{
	const struct dvsim_option *o = w->name->option;
	const char **values;
	size_t n = 0, most = o->nargs == '1' || o->nargs == '?' ? 1 : SIZE_MAX;

	if (o->nargs == '0')
		return store_flags(p, w->name, w->attached);
	if (w->attached)
		return args_store(p, o, &w->attached, 1);
	values = arena_array(p->args->mem, p->n_words + 1, sizeof(*values));
	while (n < most && p->at < p->n_words && p->words[p->at].kind == WORD_VALUE)
		values[n++] = p->words[p->at++].text;
	if (n == 0 && o->nargs == '1')
		return args_fault(p, o, "expected one argument");
	if (n == 0 && o->nargs == '+')
		return args_fault(p, o, "expected at least one argument");
	return args_store(p, o, values, n);
}

static void add_unknown(struct parser *p, const char *text)
{
	str_printf(&p->unknown, "%s%s", p->unknown.len ? " " : "", text);
}

static int take_words(struct parser *p)
{
	const char **cfg = arena_array(p->args->mem, 2, sizeof(*cfg));

	p->args->words = cfg;
	while (p->at < p->n_words && !p->is_over) {
		size_t first = p->at++;
		const struct word *w = &p->words[first];

		if (w->kind == WORD_OPTION && w->name) {
			if (take_option(p, w) < 0)
				return -1;
			for (size_t i = first; i < p->at; i++)
				p->args->owners[i + 1] = w->name->option->opt;
		} else if (w->kind == WORD_DASHES) {
			continue;
		} else if (w->kind == WORD_VALUE && p->args->n_words == 0) {
			cfg[p->args->n_words++] = w->text;
		} else {
			add_unknown(p, w->text);
		}
	}
	if (p->is_over)
		return 0;
	if (p->args->n_words == 0)
		return args_fault(p, NULL,
				  "the following arguments are required: <cfg-hjson-file>");
	if (p->unknown.len)
		return args_fault(p, NULL, "unrecognized arguments: %s", p->unknown.s);
	return 0;
}

int dvsim_args_parse(struct args *args, int argc, char **argv, struct str *ret_fault)
{
	struct parser *p;
	int rc;

	*args = (struct args){
		.mem = arena_new(),
		.command = command_find("run"),
		.argv = (const char *const *)argv,
		.is_dvsim = true,
	};
	args_set_owners(args, argc);
	p = arena_alloc(args->mem, sizeof(*p));
	*p = (struct parser){.args = args, .fault = ret_fault, .n_words = (size_t)argc - 1};
	p->words = arena_array(args->mem, (size_t)argc, sizeof(*p->words));
	for (size_t i = 0; i < p->n_words; i++)
		p->words[i] = (struct word){.text = argv[i + 1]};
	collect_names(p);
	rc = args_classify(p) < 0 ? -1 : take_words(p);
	str_done(&p->unknown);
	return rc;
}
