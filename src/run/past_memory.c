/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.json has one job per line (run/results.c), and may have 100 MB. So this reads lines and
 * finds the few members that it needs, and builds no tree. A file that was formatted anew teaches
 * nothing.
 */
#include "run/past_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "run/past_run.h"
#include "run/results.h"
#include "run/run_names.h"

/* Of this configuration; looked at. */
enum { RUNS_MOST = 4, LOOKS_MOST = 50 };

struct past_memory {
	struct arena *mem;
	struct map by_id, by_family; /* KiB */
};

/* Ids that differ in digits only have the same family. */
static void past_memory_family(const char *id, size_t n, struct str *ret)
{
	str_clear(ret);
	for (size_t i = 0; i < n; i++) {
		bool is_digit = id[i] >= '0' && id[i] <= '9';

		if (!is_digit)
			str_addc(ret, id[i]);
		else if (i == 0 || id[i - 1] < '0' || id[i - 1] > '9')
			str_addc(ret, '0');
	}
}

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
	past_memory_family(id, n, &family);
	if (kib > past_memory_get(&m->by_family, family.s ? family.s : "", family.len))
		past_memory_set(m, &m->by_family, family.s ? family.s : "", family.len, kib);
}

/* The largest number after any such key in the line. A quote in a text has a backslash before it,
 * so no text looks like a key. */
static uint64_t past_memory_largest(const char *line, const char *key)
{
	uint64_t most = 0;
	size_t n = strlen(key);

	for (const char *at = line; (at = strstr(at, key)) != NULL; at += n) {
		uint64_t kib = strtoull(at + n, NULL, 10);

		most = kib > most ? kib : most;
	}
	return most;
}

static void past_memory_take_job(struct past_memory *m, const char *line, uint64_t least_kib)
{
	const char *id = line + strlen("{\"id\":\"");
	size_t n = strcspn(id, "\"\\");
	uint64_t kib = past_memory_largest(id, "\"max_rss_kib\":");
	uint64_t peak_kib = past_memory_largest(id, "\"peak_memory_kib\":");

	if (peak_kib > kib)
		kib = peak_kib;
	if (id[n] == '"' && kib >= least_kib)
		past_memory_add(m, id, n, kib, strstr(id, "\"reason\":\"memory\"") != NULL);
}

static void past_memory_take_file(struct past_memory *m, const char *path, uint64_t least_kib)
{
	FILE *f = fopen(path, "re");
	size_t size = 0;
	char *line = NULL;

	while (f && getline(&line, &size, f) > 0)
		if (str_starts(line, "{\"id\":\""))
			past_memory_take_job(m, line, least_kib);
		else if (str_starts(line, "\"run\":") && strstr(line, "\"peak_memory_kib\":") &&
			 past_memory_largest(line, "\"peak_memory_kib\":") < least_kib)
			break;
	free(line);
	if (f)
		fclose(f);
}

static bool past_memory_is_of(const struct plan *plan, const char *run_path, struct arena *mem)
{
	struct error err = {0};
	struct past_run run;
	bool is_of;

	is_of = past_run_peek(run_path, mem, &run, &err) == 0 &&
		str_eq(run.cfg_path, plan->cfg_path) && run.is_nested == plan->is_nested &&
		!run.is_rehearsal;
	error_done(&err);
	return is_of;
}

struct past_memory *past_memory_read(const struct plan *plan, uint64_t least_kib)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", plan->scratch_root);
	struct past_memory *m = xcalloc(1, sizeof(*m));
	struct run_names names = {0};
	unsigned n = 0;

	m->mem = arena_new();
	if (plan->cfg_path)
		run_names_read(runs, "", &names);
	for (size_t i = names.n; i > 0 && i + LOOKS_MOST > names.n && n < RUNS_MOST; i--) {
		_cleanup_(freep) char *run = xasprintf("%s/%s", runs, names.at[i - 1]);
		_cleanup_(freep) char *path = xasprintf("%s/%s", run, RESULTS_NAME);

		if (!past_memory_is_of(plan, run, m->mem))
			continue;
		past_memory_take_file(m, path, least_kib);
		n++;
	}
	run_names_done(&names);
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
	past_memory_family(id, strlen(id), &family);
	return past_memory_get(&m->by_family, family.s ? family.s : "", family.len);
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
