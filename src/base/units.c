/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <string.h>

#include "base/attr.h"

struct unit {
	const char *name;
	double factor;
};

static const struct unit times[] = {
	{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400},
};

static const struct unit sizes[] = {
	{"", 1},	 {"B", 1},	{"K", 1024.0},	 {"KiB", 1024.0}, {"kB", 1e3},
	{"KB", 1e3},	 {"M", 0x1p20}, {"MiB", 0x1p20}, {"MB", 1e6},	  {"G", 0x1p30},
	{"GiB", 0x1p30}, {"GB", 1e9},	{"T", 0x1p40},	 {"TiB", 0x1p40}, {"TB", 1e12},
};

/* Digits with at most one point between them; not strtod(), which follows the locale and takes
 * "inf", "0x1" and "1e3". */
static bool take_number(const char **at, double *ret)
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

static const struct unit *find_unit(const struct unit *units, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, s, len) == 0)
			return &units[i];
	return NULL;
}

bool units_duration(const char *text, double *ret_s)
{
	double sum = 0, last = 0;

	do {
		const struct unit *unit;
		double value;
		size_t len;

		if (!take_number(&text, &value))
			return false;
		len = strcspn(text, "0123456789");
		unit = find_unit(times, ARRAY_LEN(times), text, len);
		if (!unit || (last > 0 && unit->factor >= last))
			return false; /* "30m1h" and "1m1m" are slips of the pen */
		last = unit->factor;
		sum += value * unit->factor;
		text += len;
	} while (*text);
	*ret_s = sum;
	return true;
}

bool units_size(const char *text, uint64_t *ret_bytes)
{
	const struct unit *unit;
	double value;

	if (!take_number(&text, &value))
		return false;
	while (*text == ' ')
		text++;
	unit = find_unit(sizes, ARRAY_LEN(sizes), text, strlen(text));
	if (!unit || value * unit->factor >= 0x1p63)
		return false;
	*ret_bytes = (uint64_t)(value * unit->factor);
	return true;
}
