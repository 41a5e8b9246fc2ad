/* SPDX-License-Identifier: Apache-2.0 */
#include "run/past_duration.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "run/past_lines.h"

struct past_duration {
	struct arena *mem;
	struct map by_id, by_family; /* double, in mem */
};

/* The value of key, made if there is none. */
static double *past_duration_slot(struct past_duration *d, struct map *map, const char *key,
				  size_t n, bool *ret_is_new)
{
	double *s = map_get_n(map, key, n);

	*ret_is_new = !s;
	if (!s) {
		s = arena_zalloc(d->mem, sizeof(*s));
		map_set_n(map, arena_strndup(d->mem, key, n), n, s);
	}
	return s;
}

static bool past_duration_take_line(void *ctx, const char *line)
{
	struct past_duration *d = ctx;
	_cleanup_(str_done) struct str family = {0};
	double duration_s, *s;
	bool is_new;
	size_t n;
	const char *id = past_line_id(line, &n);

	if (!id)
		return true;
	duration_s = past_line_largest(id, "\"duration_s\":");
	if (duration_s <= 0)
		return true; /* it did not run */
	s = past_duration_slot(d, &d->by_id, id, n, &is_new);
	if (!is_new)
		return true; /* a newer run has it */
	*s = duration_s;
	past_family(id, n, &family);
	s = past_duration_slot(d, &d->by_family, family.s, family.len, &is_new);
	if (duration_s > *s)
		*s = duration_s;
	return true;
}

struct past_duration *past_duration_read(const struct plan *plan)
{
	struct past_duration *d = xcalloc(1, sizeof(*d));

	d->mem = arena_new();
	past_lines_read(plan, past_duration_take_line, d);
	return d;
}

double past_duration_s(const struct past_duration *d, const char *id)
{
	_cleanup_(str_done) struct str family = {0};
	const double *s = map_get_n(&d->by_id, id, strlen(id));

	if (!s) {
		past_family(id, strlen(id), &family);
		s = map_get_n(&d->by_family, family.s, family.len);
	}
	return s ? *s : 0;
}

void past_duration_free(struct past_duration *d)
{
	if (!d)
		return;
	map_done(&d->by_id);
	map_done(&d->by_family);
	arena_free(d->mem);
	free(d);
}
