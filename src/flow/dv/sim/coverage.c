/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage of all runs: merged, reported, compared with a verification plan. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "flow/dv/sim/jobs.h"

static const char *const no_keys[] = {NULL};
static const char *const merge_keys[] = {"cov_merge_cmd", "cov_merge_opts", NULL};
static const char *const report_keys[] = {"cov_report_cmd", "cov_report_opts", NULL};

static const struct job_kind merge_kind = {
	.target = "cov_merge",
	.odir_key = "cov_merge_db_dir",
	.keys = merge_keys,
	.weight = 10,
	.renew = true,
	.plain_stamps = true,
	.max_odirs = SIM_MERGES_KEPT,
};
static const struct job_kind report_kind = {
	.target = "cov_report",
	.odir_key = "cov_report_dir",
	.keys = report_keys,
	.weight = 10,
};

const char *sim_coverage_dirs(struct job_maker *m, const struct job_spec *builds, size_t n_builds,
			      const struct sim_run *runs, size_t n_runs)
{
	_cleanup_(str_done) struct str text = {0};
	const char **dirs = arena_array(m->cfg->reader.mem, n_builds + 1, sizeof(*dirs));
	size_t n = 0, first = 0;

	for (size_t b = 0; b < n_builds; b++)
		for (size_t i = 0; i < n_runs; i++) {
			bool is_there = false;
			const char *dir;

			if (runs[i].build != b)
				continue;
			job_maker_begin(m, &sim_run_kind, runs[i].test->mode);
			job_names_set(&m->names, "build_mode", builds[b].name);
			dir = key_text(&m->texts, "cov_db_dir");
			for (size_t k = 0; k < n && !is_there; k++)
				is_there = strcmp(dirs[k], dir) == 0;
			if (is_there)
				break;
			if (strcmp(builds[b].name, m->cfg->sim->primary_build_mode) == 0)
				first = n;
			dirs[n++] = dir;
			break;
		}
	if (n > 1) {
		const char *tmp = dirs[0];

		dirs[0] = dirs[first];
		dirs[first] = tmp;
		qsort(dirs + 1, n - 1, sizeof(*dirs), str_compare_texts);
	}
	str_reserve(&text, 0);
	for (size_t i = 0; i < n; i++)
		str_printf(&text, "%s%s", i ? " " : "", dirs[i]);
	return arena_strndup(m->plan->mem, text.s, text.len);
}

void sim_make_coverage(struct job_maker *m, struct job_spec *merge, const char *dirs,
		       uint32_t first_run, size_t n_runs)
{
	_cleanup_(str_done) struct str quoted = {0};
	uint32_t *deps = arena_array(m->plan->mem, n_runs + 1, sizeof(*deps));
	struct job_spec *report = merge + 1;

	job_maker_begin(m, &merge_kind, NULL);
	if (m->cfg->dv->cov_merge_previous)
		dirs = sim_add_merged(m, dirs);
	job_names_set(&m->names, "cov_db_dirs", dirs);
	str_add_shell_word(&quoted, dirs);
	job_maker_set_export(m, "cov_db_dirs", arena_strndup(m->plan->mem, quoted.s, quoted.len));
	job_maker_finish(m, merge, "cov_merge");
	for (size_t i = 0; i < n_runs; i++)
		deps[i] = first_run + (uint32_t)i;
	merge->deps = deps;
	merge->n_any = (uint32_t)n_runs;
	job_maker_begin(m, &report_kind, NULL);
	job_maker_finish(m, report, "cov_report");
	sim_add_report_steps(m, report);
	deps = arena_array(m->plan->mem, 1, sizeof(*deps));
	deps[0] = first_run + (uint32_t)n_runs;
	report->deps = deps;
	report->n_needs = 1;
}

/* Words with single blanks between, stripped: DVSim's " ".join(text.split()). */
static void add_words(struct job_maker *m, struct str *out, const char *key)
{
	const char *text = key_text(&m->texts, key);
	size_t n;

	for (; *text; text += n) {
		text += strspn(text, " \t\n");
		n = strcspn(text, " \t\n");
		if (n)
			str_addc(out, ' ');
		str_addn(out, text, n);
	}
}

static bool is_on_path(struct arena *mem, const char *program)
{
	const char *at = getenv("PATH");
	size_t n;

	for (; at && *at; at += n + (at[n] == ':')) {
		n = strcspn(at, ":");
		if (access(arena_printf(mem, "%.*s/%s", (int)n, at, program), X_OK) == 0)
			return true;
	}
	return false;
}

/* The script that annotates a verification plan; files in dir. */
static void add_vplan_script(struct job_maker *m, const char *dir, struct str *out)
{
	struct arena *mem = m->cfg->reader.mem;
	const char *vplan = key_text(&m->texts, "vplan");

	if (!is_on_path(mem, "dvplan")) {
		str_add(out, "echo 'WARNING: dvplan tool not installed in PATH. Skipping vPlan "
			     "generation.'");
		return;
	}
	str_printf(out, "set -e; mkdir -p %s; dvplan prepare_vplan", dir);
	add_words(m, out, "cov_vplan_prepare_opts");
	str_printf(out, " %s %s %s/vplan_annotated.hjson && dvplan process_results",
		   path_dir(mem, path_dir(mem, vplan)), vplan, dir);
	add_words(m, out, "cov_vplan_process_opts");
	str_printf(out, " --coverage %s_report %s -R %s/vplan_annotated.html -s %s",
		   dv_cfg_text(m->cfg, "tool", ""), key_text(&m->texts, "cov_report_dir"), dir,
		   m->cfg->name);
	add_words(m, out, "dut_instance");
	str_printf(out, " %s/vplan_annotated.hjson", dir);
}

static void set_bash_script(struct arena *mem, struct job_spec *job, const char *script)
{
	_cleanup_(str_done) struct str line = {0};
	const char **argv = arena_array(mem, 5, sizeof(*argv));

	str_add(&line, "/usr/bin/env bash -c ");
	str_add_shell_word(&line, script);
	argv[0] = "/usr/bin/env";
	argv[1] = "bash";
	argv[2] = "-c";
	argv[3] = arena_strdup(mem, script);
	job->argv = argv;
	job->is_split = false;
	job->command = arena_strdup(mem, line.s);
}

/* The one coverage job without a makefile: a verification plan annotated by dvplan. */
void sim_make_vplan(struct job_maker *m, struct job_spec *job, uint32_t report)
{
	static const struct job_kind vplan_kind = {
		.target = "cov_vplan",
		.odir_key = "cov_vplan_dir",
		.keys = no_keys,
		.weight = 10,
	};
	_cleanup_(str_done) struct str script = {0};
	const char *dir = arena_printf(m->plan->mem, "%s/cov_vplan",
				       dv_cfg_text(m->cfg, "scratch_path", ""));
	uint32_t *deps = arena_array(m->plan->mem, 1, sizeof(*deps));

	job_maker_begin(m, &vplan_kind, NULL);
	job_names_set(&m->names, "cov_vplan_dir", dir);
	job_maker_finish(m, job, "cov_vplan");
	sim_add_vplan_steps(m, job);
	add_vplan_script(m, dir, &script);
	set_bash_script(m->plan->mem, job, script.s);
	deps[0] = report;
	job->deps = deps;
	job->n_needs = 1;
}

static bool has_unr(const char *tool)
{
	return strcmp(tool, "vcs") == 0 || strcmp(tool, "xcelium") == 0;
}

void sim_make_unr(struct job_maker *m, struct job_spec *job)
{
	static const char *const keys[] = {
		"build_dir",	      "cov_unr_build_cmd",
		"cov_unr_build_opts", "cov_unr_run_cmd",
		"cov_unr_run_opts",   "proj_root",
		"sv_flist_gen_cmd",   "sv_flist_gen_dir",
		"sv_flist_gen_opts",  NULL,
	};
	static const struct job_kind kind = {.target = "cov_unr",
					     .odir_key = "cov_unr_dir",
					     .fail_key = "build_fail_patterns",
					     .keys = keys,
					     .weight = 1};
	const char *tool = dv_cfg_text(m->cfg, "tool", "");

	if (!has_unr(tool)) {
		struct diag *e = diag_error(m->texts.diags, cfg_start(m->cfg->reader.cfg),
					    "the tool '%s' has no analysis of unreachable code",
					    tool);

		diag_hint(e, "--cov-unr is for vcs and xcelium");
		m->texts.is_wrong = true;
		return;
	}
	job_maker_begin(m, &kind, NULL);
	job_maker_finish(m, job, "cov_unr");
}

void sim_make_analyze(struct job_maker *m, struct job_spec *job)
{
	static const char *const keys[] = {"cov_analyze_cmd", "cov_analyze_opts", "proj_root",
					   NULL};
	static const struct job_kind kind = {
		.target = "cov_analyze", .odir_key = "cov_analyze_dir", .keys = keys, .weight = 1};

	job_maker_begin(m, &kind, NULL);
	job_maker_finish(m, job, "cov_analyze");
}
