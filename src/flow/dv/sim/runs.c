/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of a simulation's tests, each with its seed. */
#include <stdlib.h>
#include <string.h>

#include "flow/dv/job/template.h"
#include "flow/dv/sim/jobs.h"

enum { FAULTS_MOST = 20 };

static const char *const run_keys[] = {
	"build_seed",	 "post_run_cmds", "pre_run_cmds", "proj_root",	  "run_cmd",
	"run_dir",	 "run_opts",	  "seed",	  "sw_build_cmd", "sw_build_device",
	"sw_build_opts", "sw_images",	  "uvm_test",	  "uvm_test_seq", NULL,
};

const struct job_kind sim_run_kind = {
	.target = "run",
	.odir_key = "run_dir",
	.timeout_key = "run_timeout_mins",
	.pass_key = "run_pass_patterns",
	.fail_key = "run_fail_patterns",
	.keys = run_keys,
	.weight = 1,
	.renew = true,
	.joins_cmds = true,
	.is_run = true,
	.has_gui = true,
};

/* z01x simulates twice. The options of the first simulation, of the good machine, are in the
 * environment; those of the fault simulation are in the command. */
static void set_fault_simulation(struct job_maker *m)
{
	const struct hjson_node *none = hjson_new_node(cfg_doc(m->cfg->reader.cfg), HJSON_ARRAY, 0);
	const struct hjson_node *opts = dv_cfg_value(m->cfg, "run_opts_fi_sim");

	job_maker_set_export(m, "sim_run_opts", key_text(&m->texts, "run_opts"));
	m->names.run_opts = opts && opts->type == HJSON_ARRAY ? opts : none;
}

static void make_run(struct job_maker *m, struct job_spec *job, const struct chosen_test *t,
		     const struct test_jobs *j, const struct run_values *v)
{
	const char *dir;

	job_maker_begin(m, &sim_run_kind, t->mode);
	job_maker_set_rules(m, j->rules);
	job_names_set(&m->names, "index", v->text[RUN_INDEX]);
	job_names_set(&m->names, "test", t->mode->name);
	job_names_set(&m->names, "build_mode", j->build);
	job_names_set(&m->names, "seed", v->text[RUN_SEED]);
	job_names_set(&m->names, "svseed", v->text[RUN_SVSEED]);
	dir = key_text(&m->texts, "run_dir_name");
	if (strcmp(dv_cfg_text(m->cfg, "tool", ""), "z01x") == 0)
		set_fault_simulation(m);
	job_maker_finish(m, job, arena_printf(m->cfg->reader.mem, "%s.%s", dir, v->text[RUN_SEED]));
	sim_add_run_steps(m, job);
}

static int by_index(const void *a, const void *b)
{
	const struct sim_run *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->test < y->test ? -1 : x->test > y->test;
}

static size_t keep_one(struct dv_cfg *s, const struct sim_run *runs, size_t n)
{
	if (!dv_has_gui(s->dv) || n < 2)
		return n;
	diag_warning(s->reader.diags, (struct src_pos){0},
		     "--gui shows one run: of the %zu that are selected it is '%s'", n,
		     runs[0].test->mode->name);
	return 1;
}

/* Runs are in the order of their indices. Returns, for each index, the place of its first run.
 */
static size_t *find_places(const struct dv_cfg *s, size_t *ret_n)
{
	uint32_t most = 0;
	size_t *ret, n_tests = s->sim->n_runs, at = 0;

	for (size_t i = 0; i < s->sim->n_runs; i++)
		most = s->sim->runs[i].reseed > most ? s->sim->runs[i].reseed : most;
	ret = arena_array(s->reader.mem, (size_t)most + 1, sizeof(*ret));
	for (size_t i = 0; i < s->sim->n_runs; i++)
		ret[s->sim->runs[i].reseed]++;
	for (uint32_t k = 0; k <= most; k++) {
		n_tests -= ret[k]; /* those without a run of index k */
		ret[k] = at;
		at += n_tests;
	}
	*ret_n = at;
	return ret;
}

struct sim_run *sim_list_runs(struct job_maker *m, size_t *ret_n)
{
	struct dv_cfg *s = m->cfg;
	size_t n, *place = find_places(s, &n);
	struct sim_run *runs = arena_array(s->reader.mem, n + 1, sizeof(*runs));

	for (size_t i = 0; i < s->sim->n_runs; i++) {
		uint64_t of_test = seeds_of_test(&s->all->seeds, s->full_name,
						 s->sim->runs[i].mode->name);

		for (uint32_t k = 0; k < s->sim->runs[i].reseed; k++)
			runs[place[k]++] = (struct sim_run){
				.test = &s->sim->runs[i],
				.index = k,
				.seed = seeds_next(&s->all->seeds, of_test, k)};
	}
	if (s->options->again)
		runs = sim_again_runs(m, runs, &n);
	if (s->options->again && n)
		qsort(runs, n, sizeof(*runs), by_index);
	*ret_n = s->dv->build_only ? 0 : keep_one(s, runs, n);
	return runs;
}

enum { DIGITS_MOST = 10 };

static const char *put_digits(char room[DIGITS_MOST + 1], uint32_t n)
{
	char *p = room + DIGITS_MOST;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	return p;
}

/* room: for the numbers. */
static struct run_values values_of(const struct sim_run *run, char room[2][DIGITS_MOST + 1])
{
	return (struct run_values){.text = {put_digits(room[0], run->index), run->seed,
					    put_digits(room[1], seed_low_bits(run->seed))}};
}

/* ---- templates ---- */

/* Also sets is_settled: is another try useful? */
static void try_template(struct job_maker *m, struct test_jobs *j, const struct chosen_test *t,
			 bool waits)
{
	struct job_spec job = {0};

	j->template = NULL;
	j->template_build = j->build;
	j->is_settled = true;
	if (!job_maker_may_stand(m))
		return;
	job_maker_begin_standing(m, waits);
	make_run(m, &job, t, j, &standing_words);
	if (job_maker_end_attempt(m))
		j->template = job_template_new(m->cfg->reader.mem, m->plan->mem, &job);
	j->is_settled = !m->texts.waits && !m->has_warned;
	j->has_own_commands = m->texts.has_own_commands;
}

static bool is_template_wanted(const struct test_jobs *j)
{
	return !j->is_settled || strcmp(j->template_build, j->build) != 0;
}

void sim_begin_runs(struct job_maker *m, struct test_jobs *tests, const struct sim_run *runs,
		    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct test_jobs *j = &tests[runs[i].test - m->cfg->sim->runs];
		struct job_spec scrap = {0};
		char room[2][DIGITS_MOST + 1];
		struct run_values v;

		if (!j->template_build)
			try_template(m, j, runs[i].test, true);
		if (!j->has_own_commands)
			continue;
		v = values_of(&runs[i], room);
		job_maker_begin_attempt(m, m->cfg->reader.mem);
		make_run(m, &scrap, runs[i].test, j, &v);
		job_maker_end_attempt(m);
	}
}

/* ---- jobs ---- */

/* Templates are valid for values of digits only. */
static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static void make_next_run(struct job_maker *m, struct test_jobs *j, const struct sim_run *run,
			  struct job_spec *job)
{
	char room[2][DIGITS_MOST + 1];
	struct run_values v = values_of(run, room);
	const char *seed = seed_number(m->plan->mem, run->seed);

	if (is_template_wanted(j))
		try_template(m, j, run->test, false);
	if (j->template && is_digits(run->seed)) {
		v.is_kept[RUN_SEED] = strcmp(seed, v.text[RUN_SEED]) == 0;
		v.text[RUN_SEED] = v.is_kept[RUN_SEED] ? seed : v.text[RUN_SEED];
		job_template_render(j->template, m->plan->mem, &v, job);
	} else {
		make_run(m, job, run->test, j, &v);
		j->rules = job->rules;
	}
	job->seed = seed;
}

void sim_make_runs(struct job_maker *m, struct test_jobs *tests, const struct sim_run *runs,
		   size_t n, struct job_spec *ret)
{
	struct dv_cfg *s = m->cfg;
	uint32_t *deps = arena_array(m->plan->mem, n + 1, sizeof(*deps));

	for (size_t i = 0; i < n && s->reader.diags->n_errors < FAULTS_MOST; i++) {
		make_next_run(m, &tests[runs[i].test - s->sim->runs], &runs[i], &ret[i]);
		if (s->dv->run_only)
			continue;
		deps[i] = runs[i].build;
		ret[i].deps = &deps[i];
		ret[i].n_needs = 1;
	}
}
