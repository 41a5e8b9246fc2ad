/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of a simulation's tests, each with its seed. */
#include <stdlib.h>
#include <string.h>

#include "flow/dv/sim/run_mould.h"
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

/* z01x simulates twice: the options go to the good machine by the environment, and the command
 * gets those of the fault simulation. */
static void set_fault_simulation(struct maker *m)
{
	const struct hjson_node *none = hjson_new_node(cfg_doc(m->sim->reader.cfg), HJSON_ARRAY, 0);
	const struct hjson_node *opts = sim_value(m->sim, "run_opts_fi_sim");

	maker_set_export(m, "sim_run_opts", maker_text(m, "run_opts"));
	m->run_opts = opts && opts->type == HJSON_ARRAY ? opts : none;
}

static void make_run(struct maker *m, struct job_spec *job, const struct sim_test *t,
		     const char *build, const struct run_values *v)
{
	const char *dir;

	maker_begin(m, &sim_run_kind, t->mode);
	maker_set_name(m, "index", v->text[RUN_INDEX]);
	maker_set_name(m, "test", t->mode->name);
	maker_set_name(m, "build_mode", build);
	maker_set_name(m, "seed", v->text[RUN_SEED]);
	maker_set_name(m, "svseed", v->text[RUN_SVSEED]);
	dir = maker_text(m, "run_dir_name");
	if (strcmp(sim_text(m->sim, "tool", ""), "z01x") == 0)
		set_fault_simulation(m);
	maker_finish(m, job, arena_printf(m->plan->mem, "%s.%s", dir, v->text[RUN_SEED]));
	sim_add_run_steps(m, job);
}

static int by_index(const void *a, const void *b)
{
	const struct sim_run *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->test < y->test ? -1 : x->test > y->test;
}

static size_t keep_one(struct sim *s, const struct sim_run *runs, size_t n)
{
	if (!dv_has_gui(s->dv) || n < 2)
		return n;
	diag_warning(s->reader.diags, (struct src_pos){0},
		     "--gui shows one run: of the %zu that are selected it is '%s'", n,
		     runs[0].test->mode->name);
	return 1;
}

struct sim_run *sim_list_runs(struct maker *m, size_t *ret_n)
{
	struct sim *s = m->sim;
	struct sim_run *runs;
	size_t n = 0;

	for (size_t i = 0; i < s->n_runs; i++)
		n += s->runs[i].reseed;
	runs = arena_array(s->reader.mem, n + 1, sizeof(*runs));
	n = 0;
	for (size_t i = 0; i < s->n_runs; i++)
		for (uint32_t k = 0; k < s->runs[i].reseed; k++)
			runs[n++] = (struct sim_run){.test = &s->runs[i],
						     .index = k,
						     .seed = seeds_next(s->seeds, s->full_name,
									s->runs[i].mode->name, k)};
	if (s->options->again)
		runs = sim_again_runs(m, runs, &n);
	if (n)
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
	return (struct run_values){{put_digits(room[0], run->index), run->seed,
				    put_digits(room[1], seed_low_bits(run->seed))}};
}

void sim_rehearse_runs(struct maker *m, const struct sim_run *runs, size_t n)
{
	struct sim *s = m->sim;
	bool *own = arena_array(s->reader.mem, s->n_runs + 1, sizeof(*own));
	bool all = sim_kind_has_command(s, &sim_run_kind);

	for (size_t i = 0; i < n; i++) {
		const struct sim_test *t = runs[i].test;
		struct job_spec scrap = {0};
		struct run_values v;
		char room[2][DIGITS_MOST + 1];

		if (runs[i].index > 0 && !own[t - s->runs])
			continue;
		if (!all && !sim_mode_has_command(s, t->mode))
			continue;
		v = values_of(&runs[i], room);
		m->has_own_commands = false;
		make_run(m, &scrap, t, t->build->name, &v);
		own[t - s->runs] |= m->has_own_commands;
	}
}

/*
 * The mould for all further runs of the test: one more run, made with words in place of the values
 * that differ. Nothing that it would be wrong about is told, and no command is run for it.
 */
static struct run_mould *make_mould(struct maker *m, const struct job_spec *first,
				    const struct sim_test *t, const char *build,
				    const struct run_values *v)
{
	struct diags *real = m->sim->reader.diags, none;
	struct run_values words = run_mould_words();
	struct run_mould *mould = NULL;
	struct job_spec job = {0};

	if (m->is_wrong || m->is_hostile || !maker_shares_rules(m))
		return NULL;
	diags_init(&none);
	m->sim->reader.diags = &none;
	m->subst.no_new_eval = true;
	make_run(m, &job, t, build, &words);
	m->subst.no_new_eval = false;
	m->sim->reader.diags = real;
	if (!m->is_wrong && none.n_errors + none.n_warnings == 0 && job.rules == first->rules)
		mould = run_mould_new(m->plan->mem, &job, first, v);
	m->is_wrong = false;
	diags_done(&none);
	return mould;
}

/* The first of a test is made in full; what can be, is cast after it. */
static void make_next_run(struct maker *m, struct run_mould **mould, const char *build,
			  const struct sim_run *run, struct job_spec *job)
{
	struct run_values v;
	char room[2][DIGITS_MOST + 1];

	v = values_of(run, room);
	if (*mould) {
		run_mould_cast(*mould, m->plan->mem, &v, job);
	} else {
		make_run(m, job, run->test, build, &v);
		if (run->index == 0 && run->test->reseed > 2)
			*mould = make_mould(m, job, run->test, build, &v);
	}
	job->seed = seed_number(m->plan->mem, run->seed);
}

void sim_make_runs(struct maker *m, const struct job_spec *builds, const struct sim_run *runs,
		   size_t n, struct job_spec *ret)
{
	struct sim *s = m->sim;
	struct run_mould **moulds = arena_array(s->reader.mem, s->n_runs + 1, sizeof(*moulds));
	uint32_t *deps = arena_array(m->plan->mem, n + 1, sizeof(*deps));

	for (size_t i = 0; i < n && s->reader.diags->n_errors < FAULTS_MOST; i++) {
		make_next_run(m, &moulds[runs[i].test - s->runs], builds[runs[i].build].name,
			      &runs[i], &ret[i]);
		if (s->dv->run_only)
			continue;
		deps[i] = runs[i].build;
		ret[i].deps = &deps[i];
		ret[i].n_needs = 1;
	}
}
