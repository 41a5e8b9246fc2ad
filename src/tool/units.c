/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/units.h"

#include <string.h>
#include <strings.h>

#include "base/attr.h"

static const struct {
	const char *name;
	enum time_unit unit;
} names[] = {
	{"h", UNIT_H},	     {"m", UNIT_M},   {"s", UNIT_S},	   {"ms", UNIT_MS},
	{"us", UNIT_US},     {"ns", UNIT_NS}, {"ps", UNIT_PS},	   {"fs", UNIT_FS},
	{"seconds", UNIT_S}, {"sec", UNIT_S}, {"minutes", UNIT_M}, {"hours", UNIT_H},
};

/* How many of a unit make one of the unit before it. */
static const double steps[UNIT_COUNT] = {
	[UNIT_H] = 60,	  [UNIT_M] = 60,    [UNIT_S] = 60,    [UNIT_MS] = 1000,
	[UNIT_US] = 1000, [UNIT_NS] = 1000, [UNIT_PS] = 1000, [UNIT_FS] = 1000,
};

enum time_unit unit_find(struct span text)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i].name) == text.n &&
		    strncasecmp(names[i].name, text.s, text.n) == 0)
			return names[i].unit;
	return UNIT_COUNT;
}

double unit_convert(double value, enum time_unit from, enum time_unit to)
{
	unsigned unit = from;

	for (; unit > UNIT_H && value >= steps[unit]; unit--)
		value /= steps[unit];
	for (; unit < to; unit++)
		value *= steps[unit + 1];
	for (; unit > to; unit--)
		value /= steps[unit];
	return value;
}
