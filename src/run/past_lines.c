/* SPDX-License-Identifier: Apache-2.0 */
#include "run/past_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "run/past_run.h"
#include "run/results.h"
#include "run/run_names.h"

/* Of this configuration; looked at. */
enum { RUNS_MOST = 4, LOOKS_MOST = 50 };

static const char line_start[] = "{\"id\":\"";

void past_family(const char *id, size_t n, struct str *ret)
{
	str_clear(ret);
	str_add(ret, "");
	for (size_t i = 0; i < n; i++) {
		bool is_digit = id[i] >= '0' && id[i] <= '9';

		if (!is_digit)
			str_addc(ret, id[i]);
		else if (i == 0 || id[i - 1] < '0' || id[i - 1] > '9')
			str_addc(ret, '0');
	}
}

const char *past_line_id(const char *line, size_t *ret_n)
{
	const char *id = line + strlen(line_start);

	if (!str_starts(line, line_start))
		return NULL;
	*ret_n = strcspn(id, "\"\\");
	return id[*ret_n] == '"' ? id : NULL;
}

/* A quote in a text has a backslash before it, so no text looks like a key. */
double past_line_largest(const char *line, const char *key)
{
	double most = 0;
	size_t n = strlen(key);

	for (const char *at = line; (at = strstr(at, key)) != NULL; at += n) {
		double value = strtod(at + n, NULL);

		most = value > most ? value : most;
	}
	return most;
}

static void past_lines_read_file(const char *path, past_take_line *take, void *ctx)
{
	FILE *f = fopen(path, "re");
	size_t size = 0;
	char *line = NULL;

	while (f && getline(&line, &size, f) > 0)
		if (!take(ctx, line))
			break;
	free(line);
	if (f)
		fclose(f);
}

static bool past_lines_are_of(const struct plan *plan, const char *run_path)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct error err = {0};
	struct past_run run;
	bool is_of;

	is_of = past_run_peek(run_path, mem, &run, &err) == 0 &&
		str_eq(run.cfg_path, plan->cfg_path) && run.is_nested == plan->is_nested &&
		!run.is_rehearsal;
	error_done(&err);
	return is_of;
}

void past_lines_read(const struct plan *plan, past_take_line *take, void *ctx)
{
	_cleanup_(freep) char *runs = xasprintf("%s/.dvsched/runs", plan->scratch_root);
	struct run_names names = {0};
	unsigned n = 0;

	if (plan->cfg_path)
		run_names_read(runs, "", &names);
	for (size_t i = names.n; i > 0 && i + LOOKS_MOST > names.n && n < RUNS_MOST; i--) {
		_cleanup_(freep) char *run = xasprintf("%s/%s", runs, names.at[i - 1]);
		_cleanup_(freep) char *path = xasprintf("%s/%s", run, RESULTS_NAME);

		if (!past_lines_are_of(plan, run))
			continue;
		past_lines_read_file(path, take, ctx);
		n++;
	}
	run_names_done(&names);
}
