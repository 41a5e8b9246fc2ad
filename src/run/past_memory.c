/* SPDX-License-Identifier: Apache-2.0 */
#include "run/past_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "run/past_lines.h"

struct past_memory {
	struct arena *mem;
	uint64_t least_kib;
	struct map by_id, by_family; /* KiB */
};

static uint64_t past_memory_get(const struct map *map, const char *key, size_t n)
{
	return (uintptr_t)map_get_n(map, key, n);
}

static void past_memory_set(struct past_memory *m, struct map *map, const char *key, size_t n,
			    uint64_t kib)
{
	map_set_n(map, arena_strndup(m->mem, key, n), n, (void *)(uintptr_t)kib);
}

/* A job that was killed for lack of memory wanted more than it had: its family knows better, and if
 * not, half as much again is a guess. */
static void past_memory_add(struct past_memory *m, const char *id, size_t n, uint64_t kib,
			    bool was_killed)
{
	_cleanup_(str_done) struct str family = {0};

	if (past_memory_get(&m->by_id, id, n))
		return; /* a newer run has it */
	if (was_killed)
		kib += kib / 2;
	else
		past_memory_set(m, &m->by_id, id, n, kib);
	past_family(id, n, &family);
	if (kib > past_memory_get(&m->by_family, family.s, family.len))
		past_memory_set(m, &m->by_family, family.s, family.len, kib);
}

static bool past_memory_take_line(void *ctx, const char *line)
{
	static const char peak[] = "\"peak_memory_kib\":";
	struct past_memory *m = ctx;
	double kib;
	size_t n;
	const char *id = past_line_id(line, &n);

	if (!id)
		return !str_starts(line, "\"run\":") || !strstr(line, peak) ||
		       past_line_largest(line, peak) >= (double)m->least_kib;
	kib = past_line_largest(id, "\"max_rss_kib\":");
	if (past_line_largest(id, peak) > kib)
		kib = past_line_largest(id, peak);
	if (kib >= (double)m->least_kib)
		past_memory_add(m, id, n, (uint64_t)kib,
				strstr(id, "\"reason\":\"memory\"") != NULL);
	return true;
}

struct past_memory *past_memory_read(const struct plan *plan, uint64_t least_kib)
{
	struct past_memory *m = xcalloc(1, sizeof(*m));

	m->mem = arena_new();
	m->least_kib = least_kib;
	past_lines_read(plan, past_memory_take_line, m);
	if (m->by_family.n_live)
		return m;
	past_memory_free(m);
	return NULL;
}

uint64_t past_memory_kib(const struct past_memory *m, const char *id)
{
	_cleanup_(str_done) struct str family = {0};
	uint64_t kib = past_memory_get(&m->by_id, id, strlen(id));

	if (kib)
		return kib;
	past_family(id, strlen(id), &family);
	return past_memory_get(&m->by_family, family.s, family.len);
}

void past_memory_free(struct past_memory *m)
{
	if (!m)
		return;
	map_done(&m->by_id);
	map_done(&m->by_family);
	arena_free(m->mem);
	free(m);
}
