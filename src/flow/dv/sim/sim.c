/* SPDX-License-Identifier: Apache-2.0 */
/* `flow: sim`: DVSim's simulation flow. */
#include "flow/dv/sim/sim.h"

#include <string.h>

#include "base/mem.h"
#include "flow/dv/defaults.h"
#include "flow/dv/flow.h"
#include "flow/types.h"

/* Names whose values differ by job. */
static const char *const job_names[] = {
	"build_mode",	"index",	 "test",	"seed",	     "svseed",
	"uvm_test",	"uvm_test_seq",	 "cov_db_dirs", "sw_images", "sw_build_device",
	"sw_build_cmd", "sw_build_opts", NULL,
};

static const char *const empty_texts[] = {"variant",
					  "tb",
					  "testplan",
					  "run_cmd",
					  "testplan_doc_path",
					  "book",
					  "cov_report_dir",
					  "cov_report_page",
					  "dut_instance",
					  "build_opts_file",
					  NULL};

static const char *const empty_lists[] = {"pre_build_cmds",
					  "post_build_cmds",
					  "post_build_opts",
					  "pre_run_cmds",
					  "post_run_cmds",
					  "run_opts",
					  "sw_images",
					  "sw_build_opts",
					  "en_run_modes",
					  "cov_vplan_prepare_opts",
					  "cov_vplan_process_opts",
					  NULL};

static void enable_modes(struct dv_cfg *s)
{
	const struct dv_options *dv = s->dv;
	enum { OF_OPTIONS = 7 }; /* gui, gui_debug, waves, cov, profile, xprop, build_seed */
	_cleanup_(freep) const char **names = NULL;
	size_t n = 0;

	while (dv->build_modes && dv->build_modes[n])
		n++;
	names = xcalloc(n + OF_OPTIONS + 1, sizeof(*names));
	if (n)
		memcpy(names, dv->build_modes, n * sizeof(*names));
	if (dv->gui)
		names[n++] = "gui";
	if (dv->gui_debug)
		names[n++] = "gui_debug";
	names[n++] = dv->waves ? "waves" : "waves_off";
	if (dv->cov)
		names[n++] = "cov";
	if (dv->profile)
		names[n++] = "profile";
	if (!dv->xprop_off)
		names[n++] = "xprop";
	if (dv->build_seed)
		names[n++] = "build_seed";
	dv_put_first(s, "en_build_modes", names);
	dv_put_first(s, "en_run_modes", dv->run_modes);
}

static void set_defaults(struct dv_cfg *s)
{
	const struct dv_options *dv = s->dv;

	dv_put_first(s, "build_opts", dv->build_opts);
	dv_put_first(s, "run_opts", dv->run_opts);
	enable_modes(s);
	dv_set_empty(s, empty_texts, empty_lists);
	dv_set_flag(s, "run_only", dv->run_only);
	dv_set_flag(s, "xprop_off", dv->xprop_off);
	dv_set_text(s, "waves", dv->waves ? dv->waves : "none");
	dv_set_text(s, "profile",
		    dv->profile ? dv->profile : "(cfg uses profile without --profile)");
	if (dv->build_seed)
		dv_set_text(s, "build_seed", dv->build_seed);
	if (dv->verbosity)
		dv_set_node(s, "verbosity", dv_new_text(s, dv->verbosity));
	if (!*dv_cfg_text(s, "build_opts_file", ""))
		dv_set_node(s, "build_opts_file", dv_new_text(s, "{build_dir}/build_opts.f"));
}

/* ---- a leaf ---- */

static bool check_waves(struct dv_cfg *s)
{
	struct hjson_node *formats = dv_cfg_value(s, "supported_wave_formats"), *f;

	if (!s->dv->waves || !formats || formats->type != HJSON_ARRAY || formats->n == 0)
		return true;
	hjson_for_each (f, formats)
		if (f->type == HJSON_STRING &&
		    strcmp(cfg_string(s->reader.cfg, f), s->dv->waves) == 0)
			return true;
	cfg_error(s->reader.cfg, s->reader.diags, formats,
		  "the tool '%s' does not write waves as '%s'", dv_cfg_text(s, "tool", "?"),
		  s->dv->waves);
	return false;
}

static void list_objects(struct dv_cfg *s)
{
	const struct flow_listing listing = {
		.block = s->full_name,
		.names = {modes_names(&s->reader, &s->build_modes),
			  modes_names(&s->reader, &s->sim->run_modes),
			  modes_names(&s->reader, &s->sim->tests),
			  modes_names(&s->reader, &s->sim->regressions)},
	};

	s->options->list(s->options->list_ctx, &listing);
}

static bool check_gui_debug(struct dv_cfg *s)
{
	struct diag *e;

	if (!s->dv->gui_debug || strcmp(dv_cfg_text(s, "tool", ""), "xcelium") == 0)
		return true;
	e = diag_error(s->reader.diags, cfg_start(s->reader.cfg),
		       "the tool '%s' has no --gui-debug", dv_cfg_text(s, "tool", ""));
	diag_hint(e, "it is for xcelium; --gui is for all");
	return false;
}

static void begin_jobs(struct dv_cfg *s, struct plan *plan)
{
	struct diags *diags = s->reader.diags;
	unsigned n_before = diags->n_errors;

	s->sim = arena_zalloc(s->reader.mem, sizeof(*s->sim));
	if (!plan->seed_base)
		plan->seed_base = arena_strdup(plan->mem, s->all->seeds.base);
	if (!check_gui_debug(s))
		return;
	s->sim->primary_build_mode = dv_cfg_text(s, "primary_build_mode",
						 dv_cfg_text(s, "build_mode", "default"));
	sim_read_objects(s);
	if (s->options->list) {
		list_objects(s);
		return;
	}
	if (diags->n_errors == n_before && !sim_is_on_coverage(s))
		sim_select(s);
	if (sim_is_on_coverage(s))
		plan->report = PLAN_NO_REPORT; /* DVSim reports on tests only */
	if (diags->n_errors == n_before && (s->sim->n_runs || sim_is_on_coverage(s)))
		sim_deploy_begin(s, plan);
}

static void make_jobs(struct dv_cfg *s, struct plan *plan)
{
	(void)plan;
	sim_deploy_end(s);
	modes_done(&s->sim->run_modes);
	modes_done(&s->sim->tests);
	modes_done(&s->sim->regressions);
	map_done(&s->sim->test_builds);
}

static const struct dv_flow sim = {
	.kind = DV_SIM,
	.selects = "test or regression",
	.ignored = job_names,
	.set_defaults = set_defaults,
	.check = check_waves,
	.begin = begin_jobs,
	.make = make_jobs,
};

const struct flow_type flow_sim = {
	DV_FLOW_TYPE,
	.name = "sim",
	.help = "builds, tests with seeds, and coverage, as DVSim has them",
	.report = "sim",
	.dv = &sim,
};
