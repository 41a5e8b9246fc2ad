/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/limits.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/str.h"
#include "job/resource_units.h"

static const struct src_pos nowhere;

static bool parse_limit(struct arena *mem, const char *value, uint32_t *ret)
{
	static const char *const unlimited[] = {"all", "any",  "inf",  "infinite", "many",
						"max", "none", "null", "unlimited"};
	const char *number;
	unsigned long n;

	for (size_t i = 0; i < ARRAY_LEN(unlimited); i++)
		if (strcasecmp(unlimited[i], value) == 0) {
			*ret = RESOURCE_UNLIMITED;
			return true;
		}
	number = number_int(mem, value);
	n = number && *number != '-' ? strtoul(number, NULL, 10) : 0;
	*ret = (uint32_t)n;
	return n > 0 && n < RESOURCE_UNLIMITED;
}

uint32_t limits_read(const struct args *args, struct resource_limit **ret, struct diags *diags)
{
	const struct opt_value *v = &args->opt[OPT_RESOURCE];
	uint32_t n = 0;

	*ret = arena_array(args->mem, v->n + 1, sizeof(**ret));
	for (size_t i = 0; i < v->n; i++) {
		struct resource_limit *limit = &(*ret)[n];
		const char *why = NULL;
		char *name, *value;
		bool is_pair = opt_split_pair(args->mem, v->words[i], &name, &value);

		if (is_pair && strpbrk(value + (*value == '-'), "-,"))
			why = resource_units_parse(args->mem, value, &limit->units, &limit->count);
		else if (!is_pair || !parse_limit(args->mem, value, &limit->count))
			why = "";
		if (why) {
			struct diag *e = diag_error(diags, nowhere,
						    "'--resource' must be NAME=N, not '%s'%s%s",
						    v->words[i], *why ? ": " : "", why);

			diag_hint(e, "N is a whole number above 0, 'unlimited', or the numbers of "
				     "units; "
				     "for example -R VCS=4, -R PORT=60000-60015");
			continue;
		}
		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		limit->name = name;
		n++;
	}
	return n;
}
