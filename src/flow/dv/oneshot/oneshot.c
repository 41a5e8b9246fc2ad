/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/oneshot/oneshot.h"

#include <string.h>
#include <strings.h>

#include "flow/again.h"
#include "flow/dv/defaults.h"
#include "flow/dv/flow.h"
#include "flow/dv/job/job.h"

static const char *const job_names[] = {"build_mode", "index", "test", NULL};

static const char *const empty_texts[] = {"proj_root", "build_log",	   "report_cmd",
					  "verbosity", "sv_flist_gen_dir", NULL};

static const char *const empty_lists[] = {"report_opts", NULL};

/* Of lint, cdc and rdc. */
static const char *const lint_texts[] = {"is_style_lint", "additional_fusesoc_argument", NULL};
static const char *const lint_lists[] = {"report_severities", "fail_severities", "message_buckets",
					 NULL};

static void set_defaults(struct dv_cfg *s)
{
	dv_put_first(s, "build_opts", s->dv->build_opts);
	dv_set_empty(s, empty_texts, empty_lists);
}

static void set_lint_defaults(struct dv_cfg *s)
{
	set_defaults(s);
	dv_set_empty(s, lint_texts, lint_lists);
}

/* As DVSim's check_bool(): Hjson reads `True` as a text, which is accepted as true. */
static bool check_lint(struct dv_cfg *s)
{
	struct hjson_node *n = dv_cfg_value(s, "is_style_lint"), *flag;
	const char *text = dv_cfg_text(s, "is_style_lint", NULL);
	bool is_on = text && strcasecmp(text, "true") == 0;

	if (!n || n->type == HJSON_BOOL || (text && !*text))
		return true;
	if (!is_on && !(text && strcasecmp(text, "false") == 0)) {
		cfg_error(s->reader.cfg, s->reader.diags, n,
			  "'is_style_lint' must be true or false");
		return false;
	}
	flag = hjson_new_node(cfg_doc(s->reader.cfg), HJSON_BOOL, n->pos);
	flag->i = is_on;
	dv_set_node(s, "is_style_lint", flag);
	return true;
}

static void set_rdc_defaults(struct dv_cfg *s)
{
	set_lint_defaults(s);
	dv_set_text(s, "waves", s->dv->waves ? s->dv->waves : "");
}

static void set_formal_defaults(struct dv_cfg *s)
{
	set_defaults(s);
	dv_set_text(s, "batch_mode_prefix", s->dv->gui ? "" : "-batch");
}

/* ---- jobs ---- */

static const char *const keys[] = {
	"build_cmd",	    "build_dir",	  "build_log",
	"build_opts",	    "build_timeout_mins", "post_build_cmds",
	"post_build_opts",  "pre_build_cmds",	  "proj_root",
	"report_cmd",	    "report_opts",	  "sv_flist_gen_cmd",
	"sv_flist_gen_dir", "sv_flist_gen_opts",  NULL,
};

static const struct job_kind kind = {
	.target = "build",
	.odir_key = "build_dir",
	.timeout_key = "build_timeout_mins",
	.pass_key = "build_pass_patterns",
	.fail_key = "build_fail_patterns",
	.keys = keys,
	.weight = 1,
	.reuse = true,
	.has_gui = true,
};

/* Options of the configuration come after a mode's own. */
static void add_options(struct dv_cfg *s, struct mode *mode)
{
	struct hjson_node *list = dv_cfg_value(s, "build_opts"), *e;

	if (list && list->type == HJSON_ARRAY)
		hjson_for_each (e, list)
			node_list_add(&s->reader, &mode->lists[LIST_BUILD_OPTS], e);
}

static void read_modes(struct dv_cfg *s)
{
	modes_add(&s->reader, &s->build_modes, "default", MODE_BUILD);
	modes_read(&s->reader, MODE_BUILD, dv_cfg_value(s, "build_modes"), &s->build_modes);
	modes_resolve(&s->reader, &s->build_modes);
	for (size_t i = 0; i < s->build_modes.n; i++)
		add_options(s, s->build_modes.at[i]);
}

static void list_modes(struct dv_cfg *s)
{
	const struct flow_listing listing = {
		.block = s->full_name,
		.names[FLOW_BUILD_MODES] = modes_names(&s->reader, &s->build_modes),
	};

	s->options->list(s->options->list_ctx, &listing);
}

static void make_job(struct job_maker *m, struct job_spec *job, const struct mode *mode)
{
	job_maker_begin(m, &kind, mode);
	job_names_set(&m->names, "build_mode", mode->name);
	if (m->cfg->dv->build_timeout_mins)
		job_names_set_number(&m->names, "build_timeout_mins",
				     m->cfg->dv->build_timeout_mins);
	job_maker_finish(m, job, mode->name);
}

/* A word of -x matches the name of the mode, that of the configuration, or the job's id. */
static bool is_excluded(struct dv_cfg *s, const struct mode *mode)
{
	const char *id = arena_printf(s->reader.mem, "%s:%s", s->full_name, mode->name);
	bool is_out = false;

	for (const char *const *w = s->options->excluded; w && *w; w++)
		if (str_glob(*w, mode->name) || str_glob(*w, s->full_name) || str_glob(*w, id)) {
			map_set(&s->all->excluded, *w, s);
			is_out = true;
		}
	if (is_out && s->options->again)
		again_leave_out(s->options->again, id);
	return is_out;
}

static void make_jobs(struct dv_cfg *s, struct plan *plan)
{
	unsigned n_before = s->reader.diags->n_errors;
	struct job_spec *jobs;
	struct job_maker m;
	size_t n = 0;

	read_modes(s);
	if (s->options->list) {
		list_modes(s);
		return;
	}
	if (s->reader.diags->n_errors > n_before)
		return;
	jobs = arena_array(s->reader.mem, s->build_modes.n, sizeof(*jobs));
	job_maker_init(&m, s, plan);
	for (size_t i = 0; i < s->build_modes.n; i++) {
		if (is_excluded(s, s->build_modes.at[i]))
			continue;
		jobs[n] = (struct job_spec){0};
		make_job(&m, &jobs[n++], s->build_modes.at[i]);
	}
	if (!m.texts.is_wrong)
		job_maker_add_jobs(&m, jobs, n);
	job_maker_done(&m);
	if (n == 0 && !s->is_child)
		diag_error(s->reader.diags, cfg_start(s->reader.cfg),
			   "no job is left to run: all are excluded");
}

/* DVSim reads the results of one job only, and every configuration has the mode `default`. */
static void make_formal_job(struct dv_cfg *s, struct plan *plan)
{
	struct diag *e;

	make_jobs(s, plan);
	if (s->build_modes.n < 2)
		return;
	e = cfg_error(s->reader.cfg, s->reader.diags, dv_cfg_value(s, "build_modes"),
		      "a formal configuration has one build mode, 'default', but here are %zu",
		      s->build_modes.n);
	diag_hint(e, "make each of them a configuration of its own");
}

/* ---- the flows ---- */

/* Of all but formal: a job for each build mode. */
#define MODE_JOBS(of_kind)                                                                 \
	.kind = (of_kind), .selects = "build mode or configuration", .ignored = job_names, \
	.make = make_jobs

static const struct dv_flow lint = {
	MODE_JOBS(DV_LINT),
	.set_defaults = set_lint_defaults,
	.check = check_lint,
};
static const struct dv_flow cdc = {
	MODE_JOBS(DV_CDC),
	.set_defaults = set_lint_defaults,
	.check = check_lint,
};
static const struct dv_flow rdc = {
	MODE_JOBS(DV_RDC),
	.set_defaults = set_rdc_defaults,
	.check = check_lint,
};
static const struct dv_flow syn = {MODE_JOBS(DV_SYN), .set_defaults = set_defaults};
static const struct dv_flow formal = {
	.kind = DV_FORMAL,
	.selects = "build mode or configuration",
	.ignored = job_names,
	.set_defaults = set_formal_defaults,
	.make = make_formal_job,
};

const struct flow_type flow_lint = {
	DV_FLOW_TYPE,	     .name = "lint", .help = "lint, one job per build mode",
	.report = "oneshot", .dv = &lint,
};
const struct flow_type flow_cdc = {
	DV_FLOW_TYPE,	     .name = "cdc", .help = "clock domain crossings, likewise",
	.report = "oneshot", .dv = &cdc,
};
const struct flow_type flow_rdc = {
	DV_FLOW_TYPE,	     .name = "rdc", .help = "reset domain crossings, likewise",
	.report = "oneshot", .dv = &rdc,
};
const struct flow_type flow_syn = {
	DV_FLOW_TYPE, .name = "syn", .help = "synthesis, likewise", .report = "oneshot", .dv = &syn,
};
const struct flow_type flow_formal = {
	DV_FLOW_TYPE,	     .name = "formal", .help = "formal verification, one job",
	.report = "oneshot", .dv = &formal,
};
