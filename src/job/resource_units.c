/* SPDX-License-Identifier: Apache-2.0 */
#include "job/resource_units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct range {
	const char *text; /* "0-7", to its ',' or the end */
	unsigned long first, last;
};

static bool read_number(const char **at, unsigned long *ret)
{
	char *end;

	*at += strspn(*at, " ");
	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*ret = strtoul(*at, &end, 10);
	*at = end + strspn(end, " ");
	return errno == 0 && *ret < UINT32_MAX;
}

/* Reads "3" or "0-7", followed by ',' or the end, and moves *at behind it. */
static bool read_range(const char **at, struct range *ret)
{
	ret->text = *at;
	if (!read_number(at, &ret->first))
		return false;
	ret->last = ret->first;
	if (**at == '-') {
		(*at)++;
		if (!read_number(at, &ret->last))
			return false;
	}
	return **at == ',' || **at == '\0';
}

static int resource_units_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static const char *find_duplicate_unit(struct arena *mem, const uint32_t *sorted, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (sorted[i] == sorted[i - 1])
			return arena_printf(mem, "%u is listed twice", sorted[i]);
	return NULL;
}

static const char *check_range(struct arena *mem, const char **at, uint32_t n, struct range *ret)
{
	if (!read_range(at, ret))
		return arena_printf(mem, "'%.*s' is neither a number nor FIRST-LAST",
				    (int)strcspn(ret->text, ","), ret->text);
	if (ret->last < ret->first)
		return arena_printf(mem, "%lu-%lu begins with the larger number", ret->first,
				    ret->last);
	if (ret->last - ret->first >= RESOURCE_UNITS_MOST - n)
		return arena_printf(mem, "there are more than %d numbers", RESOURCE_UNITS_MOST);
	return NULL;
}

const char *resource_units_parse(struct arena *mem, const char *text, const uint32_t **ret,
				 uint32_t *ret_n)
{
	const char *at = text, *why;
	struct range range;
	uint32_t *units, n = 0;

	for (bool is_more = true; is_more; is_more = *at++ == ',') {
		why = check_range(mem, &at, n, &range);
		if (why)
			return why;
		n += (uint32_t)(range.last - range.first) + 1;
	}
	units = arena_array(mem, n, sizeof(*units));
	n = 0;
	at = text;
	do
		for (read_range(&at, &range); range.first <= range.last; range.first++)
			units[n++] = (uint32_t)range.first;
	while (*at++ == ',');
	qsort(units, n, sizeof(*units), resource_units_compare);
	*ret = units;
	*ret_n = n;
	return find_duplicate_unit(mem, units, n);
}

void resource_units_add(struct str *out, const uint32_t *units, uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		uint32_t last = i;

		while (last + 1 < n && units[last + 1] == units[last] + 1)
			last++;
		str_printf(out, "%s%u", i ? "," : "", units[i]);
		if (last > i)
			str_printf(out, "-%u", units[last]);
		i = last + 1;
	}
}
