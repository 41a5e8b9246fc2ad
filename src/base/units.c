/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <string.h>

#include "base/attr.h"

struct unit {
	const char *name;
	double factor;
};

static const struct unit sizes[] = {
	{"", 1},	 {"B", 1},	{"K", 1024.0},	 {"KiB", 1024.0}, {"kB", 1e3},
	{"KB", 1e3},	 {"M", 0x1p20}, {"MiB", 0x1p20}, {"MB", 1e6},	  {"G", 0x1p30},
	{"GiB", 0x1p30}, {"GB", 1e9},	{"T", 0x1p40},	 {"TiB", 0x1p40}, {"TB", 1e12},
};

/* Digits with at most one point between them; not strtod(), which follows the locale and takes
 * "inf", "0x1" and "1e3". */
static bool units_take_number(const char **at, double *ret)
{
	double value = 0, scale = 1;
	const char *s = *at;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (*s - '0');
	if (*s == '.') {
		s++;
		if (*s < '0' || *s > '9')
			return false;
		for (; *s >= '0' && *s <= '9'; s++)
			value += (*s - '0') * (scale /= 10);
	}
	*at = s;
	*ret = value;
	return true;
}

static const struct unit *find_unit(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		if (strcmp(sizes[i].name, name) == 0)
			return &sizes[i];
	return NULL;
}

bool units_size(const char *text, uint64_t *ret_bytes)
{
	const struct unit *unit;
	double value;

	if (!units_take_number(&text, &value))
		return false;
	while (*text == ' ')
		text++;
	unit = find_unit(text);
	if (!unit || value * unit->factor >= 0x1p63)
		return false;
	*ret_bytes = (uint64_t)(value * unit->factor);
	return true;
}
