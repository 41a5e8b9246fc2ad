/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options, converted to types and checked. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/str.h"
#include "base/units.h"
#include "cli/args/options.h"

static const struct src_pos nowhere;

bool opt_has(const struct args *a, enum opt o)
{
	return a->opt[o].is_set;
}

const char *opt_word(const struct args *a, enum opt o, const char *otherwise)
{
	return a->opt[o].n ? a->opt[o].words[a->opt[o].n - 1] : otherwise;
}

void opt_set(struct args *a, enum opt o, const char *word)
{
	const char **words = arena_array(a->mem, 2, sizeof(*words));

	words[0] = word;
	a->opt[o] = (struct opt_value){words, word != NULL, word != NULL};
}

const char *const *opt_words(const struct args *a, enum opt o)
{
	return a->opt[o].is_set ? a->opt[o].words : NULL;
}

unsigned opt_uint(const struct args *a, enum opt o, unsigned least, unsigned most,
		  unsigned otherwise, struct diags *diags)
{
	const char *word = opt_word(a, o, NULL), *number = word ? number_int(a->mem, word) : NULL;
	unsigned long v;

	if (!word)
		return otherwise;
	v = number ? strtoul(number, NULL, 10) : 0;
	if (!number || *number == '-' || v < least || v > most) {
		if (most == UINT_MAX)
			diag_error(diags, nowhere,
				   "'--%s' must be a whole number of at least %u, not '%s'",
				   option_table[o].name, least, word);
		else
			diag_error(diags, nowhere,
				   "'--%s' must be a whole number from %u to %u, not '%s'",
				   option_table[o].name, least, most, word);
		return otherwise;
	}
	return (unsigned)v;
}

double opt_real(const struct args *a, enum opt o, double least, double otherwise,
		struct diags *diags)
{
	const char *word = opt_word(a, o, NULL), *number = word ? number_real(a->mem, word) : NULL;
	double v;

	if (!word)
		return otherwise;
	v = number ? strtod(number, NULL) : NAN;
	if (v >= least && v < 1e9)
		return v;
	diag_error(diags, nowhere, "'--%s' must be a number of at least %g, not '%s'",
		   option_table[o].name, least, word);
	return otherwise;
}

double opt_duration(const struct args *a, enum opt o, double otherwise, struct diags *diags)
{
	const char *word = opt_word(a, o, NULL);
	double s;

	if (!word)
		return otherwise;
	if (duration_parse(word, &s))
		return s;
	diag_error(diags, nowhere, "'--%s' must be a duration such as 90s, 5m or 0.5, not '%s'",
		   option_table[o].name, word);
	return otherwise;
}

uint64_t opt_size(const struct args *a, enum opt o, uint64_t otherwise, struct diags *diags)
{
	const char *word = opt_word(a, o, NULL);
	uint64_t bytes;

	if (!word)
		return otherwise;
	if (units_size(word, &bytes))
		return bytes;
	diag_error(diags, nowhere, "'--%s' must be a size such as 500M or 2G, or 0, not '%s'",
		   option_table[o].name, word);
	return otherwise;
}

int opt_choice(const struct args *a, enum opt o, const char *const *choices, int otherwise,
	       struct diags *diags)
{
	const char *word = opt_word(a, o, NULL), *near;
	struct diag *e;
	int n = 0;

	if (!word)
		return otherwise;
	for (; choices[n]; n++)
		if (strcmp(choices[n], word) == 0)
			return n;
	e = diag_error(diags, nowhere, "'--%s' must be one of %s, not '%s'", option_table[o].name,
		       option_table[o].metavar, word);
	near = str_suggest(word, choices, (size_t)n);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
	return otherwise;
}

bool opt_split_pair(struct arena *mem, const char *word, char **ret_name, char **ret_value)
{
	const char *equals = strchr(word, '='), *end = equals, *value;

	if (!equals)
		return false;
	while (end > word && end[-1] == ' ')
		end--;
	value = equals + 1 + strspn(equals + 1, " ");
	*ret_name = arena_strndup(mem, word, (size_t)(end - word));
	*ret_value = arena_strdup(mem, value);
	return **ret_name && **ret_value;
}
