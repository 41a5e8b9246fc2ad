/* SPDX-License-Identifier: Apache-2.0 */
#include "job/resource_units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* "3" or "0-7" */
static bool read_range(const char **at, unsigned long *ret_first, unsigned long *ret_last)
{
	if (!read_number(at, ret_first))
		return false;
	*ret_last = *ret_first;
	if (**at != '-')
		return true;
	(*at)++;
	return read_number(at, ret_last) && *ret_last >= *ret_first;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool has_twins(const uint32_t *sorted, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (sorted[i] == sorted[i - 1])
			return true;
	return false;
}

bool resource_units_parse(struct arena *mem, const char *text, const uint32_t **ret,
			  uint32_t *ret_n)
{
	unsigned long first, last;
	const char *at = text;
	uint32_t *units, n = 0;

	for (bool is_more = true; is_more; is_more = *at++ == ',') {
		if (!read_range(&at, &first, &last) || last - first >= RESOURCE_UNITS_MOST - n)
			return false;
		n += (uint32_t)(last - first) + 1;
	}
	if (at[-1] != '\0')
		return false;
	units = arena_array(mem, n, sizeof(*units));
	n = 0;
	at = text;
	do
		for (read_range(&at, &first, &last); first <= last; first++)
			units[n++] = (uint32_t)first;
	while (*at++ == ',');
	qsort(units, n, sizeof(*units), compare);
	*ret = units;
	*ret_n = n;
	return !has_twins(units, n);
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
