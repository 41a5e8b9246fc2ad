/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --failed of simulations. An earlier run is known by its id, "<block>:<run_dir_name>.<seed>". Its
 * test and index are found by trying the names of tests and the numbers that occur in the id.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "flow/again.h"
#include "flow/dv/sim/jobs.h"

enum { DIGITS_MOST = 9 };

/* The runs to make. */
struct run_list {
	struct sim_run *at;
	size_t n, cap;
};

/* "0.uart_smoke" of "uart:0.uart_smoke.17"; *ret_seed: the seed as it is written there. NULL: the
 * job is not of this block, or not a run. */
static const char *run_dir_of(const struct dv_cfg *s, const struct flow_again_job *job,
			      const char **ret_seed)
{
	size_t n = strlen(s->full_name);
	const char *name = job->id + n + 1, *dot;

	if (!job->seed || strncmp(job->id, s->full_name, n) != 0 || job->id[n] != ':')
		return NULL;
	dot = strrchr(name, '.');
	if (!dot || !str_eq(seed_number(s->reader.mem, dot + 1), job->seed))
		return NULL;
	*ret_seed = dot + 1;
	return arena_strndup(s->reader.mem, name, (size_t)(dot - name));
}

static struct mode *find_longest(const struct dv_cfg *s, const char *dir)
{
	struct mode *best = NULL;

	for (size_t i = 0; i < s->sim->tests.n; i++)
		if (strstr(dir, s->sim->tests.at[i]->name) &&
		    (!best || strlen(s->sim->tests.at[i]->name) > strlen(best->name)))
			best = s->sim->tests.at[i];
	return best;
}

struct mode *sim_again_missing(struct dv_cfg *s, size_t i)
{
	const char *seed, *dir = run_dir_of(s, &s->options->again->jobs[i], &seed);

	for (size_t k = 0; dir && k < s->sim->n_runs; k++)
		if (strstr(dir, s->sim->runs[k].mode->name))
			return NULL;
	return dir ? find_longest(s, dir) : NULL;
}

/* ---- the run of an earlier job ---- */

static bool is_called(struct job_maker *m, const struct sim_run *run, const char *dir)
{
	const struct chosen_test *t = run->test;
	char digits[DIGITS_MOST + 2];

	snprintf(digits, sizeof(digits), "%u", run->index);
	job_maker_begin(m, &sim_run_kind, t->mode);
	job_names_set(&m->names, "index", digits);
	job_names_set(&m->names, "test", t->mode->name);
	job_names_set(&m->names, "build_mode", t->build->name);
	job_names_set(&m->names, "seed", run->seed);
	snprintf(digits, sizeof(digits), "%u", seed_low_bits(run->seed));
	job_names_set(&m->names, "svseed", digits);
	return strcmp(key_text(&m->texts, "run_dir_name"), dir) == 0;
}

/* Tries each number in dir, and last 0, for names without an index. */
static bool find_index(struct job_maker *m, struct sim_run *run, const char *dir)
{
	for (const char *at = dir; *at;) {
		size_t n = strspn(at, "0123456789");

		run->index = n && n <= DIGITS_MOST ? (uint32_t)strtoul(at, NULL, 10) : 0;
		if (n && n <= DIGITS_MOST && is_called(m, run, dir))
			return true;
		at += n ? n : 1;
	}
	run->index = 0;
	return is_called(m, run, dir);
}

static bool find_run(struct job_maker *m, const char *dir, struct sim_run *run)
{
	const struct dv_cfg *s = m->cfg;

	for (size_t i = 0; i < s->sim->n_runs; i++) {
		run->test = &s->sim->runs[i];
		if (strstr(dir, run->test->mode->name) && find_index(m, run, dir))
			return true;
	}
	return false;
}

/* ---- all of them ---- */

static void mark_builds(struct dv_cfg *s)
{
	for (size_t i = 0; i < s->sim->n_builds; i++) {
		struct flow_again_job *job = again_find(
			s->options->again, arena_printf(s->reader.mem, "%s:%s", s->full_name,
							s->sim->builds[i]->name));
		bool is_asked = false;

		if (!job)
			continue;
		job->is_there = true;
		for (size_t k = 0; k < s->sim->n_runs && !is_asked; k++)
			is_asked = s->sim->runs[k].build == s->sim->builds[i] &&
				   sim_is_asked(s, s->sim->runs[k].mode);
		job->is_left_out = !is_asked;
	}
}

static bool has_run(const struct run_list *l, const struct sim_run *run)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].test == run->test && l->at[i].index == run->index)
			return true;
	return false;
}

struct sim_run *sim_again_runs(struct job_maker *m, const struct sim_run *runs, size_t *n)
{
	struct dv_cfg *s = m->cfg;
	struct flow_again *again = s->options->again;
	struct run_list l = {0};
	size_t n_again;

	mark_builds(s);
	for (size_t i = 0; i < again->n; i++) {
		struct sim_run run = {0};
		const char *dir = run_dir_of(s, &again->jobs[i], &run.seed);

		if (!dir || !find_run(m, dir, &run))
			continue;
		again->jobs[i].is_there = true;
		again->jobs[i].is_left_out = !sim_is_asked(s, run.test->mode);
		if (!again->jobs[i].is_left_out)
			vec_push_in(s->reader.mem, &l, run);
	}
	/* The coverage of all runs is merged, whether they run again or not. */
	n_again = l.n;
	for (size_t i = 0; dv_cfg_value(s, "cov")->i && !dv_has_gui(s->dv) && i < *n; i++) {
		struct run_list those = {l.at, n_again, 0};

		if (!has_run(&those, &runs[i]))
			vec_push_in(s->reader.mem, &l, runs[i]);
	}
	*n = l.n;
	return l.at;
}
