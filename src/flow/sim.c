/* SPDX-License-Identifier: Apache-2.0 */
/* `flow: sim`: DVSim's simulation flow. */
#include "flow/sim.h"

#include <string.h>

#include "base/fs.h"
#include "flow/dv_block.h"
#include "flow/fusesoc.h"
#include "flow/load.h"
#include "flow/names.h"
#include "flow/types.h"

static const struct dv_options no_options;

/* Names that get their values job by job. */
static const char *const job_names[] = {
	"build_mode",	"index",	 "test",	"seed",	     "svseed",
	"uvm_test",	"uvm_test_seq",	 "cov_db_dirs", "sw_images", "sw_build_device",
	"sw_build_cmd", "sw_build_opts", NULL,
};

static const char *const empty_texts[] = {
	"project",
	"scratch_path",
	"scratch_base_path",
	"flow_makefile",
	"build_dir",
	"run_dir",
	"variant",
	"dut",
	"tb",
	"testplan",
	"build_cmd",
	"run_cmd",
	"fusesoc_core",
	"ral_spec",
	"testplan_doc_path",
	"book",
	"cov_report_dir",
	"cov_report_page",
	"dut_instance",
	"flist_gen_cmd",
	"flist_file",
	"results_title",
	"revision",
	"results_html_name",
	"rel_path",
	"build_opts_file",
	"job_prefix",
	"scratch_root",
	"branch",
};

static const char *const empty_lists[] = {
	"exports",
	"overrides",
	"pre_build_cmds",
	"post_build_cmds",
	"build_opts",
	"post_build_opts",
	"pre_run_cmds",
	"post_run_cmds",
	"run_opts",
	"sw_images",
	"sw_build_opts",
	"pass_patterns",
	"fail_patterns",
	"build_modes",
	"run_modes",
	"regressions",
	"en_build_modes",
	"en_run_modes",
	"cov_vplan_prepare_opts",
	"cov_vplan_process_opts",
	"flist_gen_opts",
};

struct hjson_node *sim_value(const struct sim *s, const char *key)
{
	struct hjson_node *n = hjson_get(cfg_root(s->reader.cfg), key);

	return n && n->type != HJSON_NULL ? n : NULL;
}

const char *sim_text(const struct sim *s, const char *key, const char *otherwise)
{
	struct hjson_node *n = sim_value(s, key);

	return n && n->type == HJSON_STRING ? hjson_cstr(cfg_doc(s->reader.cfg), n) : otherwise;
}

/* ---- what is there before the files speak ---- */

static void set_node(struct sim *s, const char *key, struct hjson_node *value)
{
	hjson_set(cfg_doc(s->reader.cfg), cfg_root(s->reader.cfg), key, strlen(key), value);
}

static struct hjson_node *new_text(struct sim *s, const char *text)
{
	return hjson_new_string(cfg_doc(s->reader.cfg), text, strlen(text), 0);
}

static void set_missing_text(struct sim *s, const char *key, const char *text)
{
	if (!sim_value(s, key))
		set_node(s, key, new_text(s, text));
}

/* The command line's value stands first; the file's may agree with it or be empty. */
static void set_text(struct sim *s, const char *key, const char *text)
{
	struct hjson_node *n = sim_value(s, key);
	struct diag *e;

	if (!n || (n->type == HJSON_STRING && n->n == 0)) {
		set_node(s, key, new_text(s, text));
	} else if (*text && strcmp(sim_text(s, key, ""), text) != 0) {
		e = cfg_error(s->reader.cfg, s->reader.diags, n,
			      "'%s' is '%s' by the command line, but '%s' here", key, text,
			      sim_text(s, key, "something else"));
		diag_hint(e, "remove the key, or the option");
	}
}

static void set_flag(struct sim *s, const char *key, bool on)
{
	struct hjson_doc *doc = cfg_doc(s->reader.cfg);
	struct hjson_node *n = sim_value(s, key);

	if (!n || (on && n->i == 0)) {
		n = hjson_new_node(doc, HJSON_BOOL, 0);
		n->i = on;
		set_node(s, key, n);
	}
}

/* Options of the command line go before those of the files. */
static void put_first(struct sim *s, const char *key, const char *const *words)
{
	struct hjson_doc *doc = cfg_doc(s->reader.cfg);
	struct hjson_node *old = sim_value(s, key), *list, *e;

	if (old && old->type != HJSON_ARRAY) {
		cfg_error(s->reader.cfg, s->reader.diags, old, "'%s' must be a list", key);
		return;
	}
	if (!words || !words[0])
		return;
	list = hjson_new_node(doc, HJSON_ARRAY, 0);
	for (; *words; words++)
		hjson_append(doc, list, new_text(s, *words));
	while (old && (e = hjson_take(doc, old)))
		hjson_append(doc, list, e);
	set_node(s, key, list);
}

static void enable_modes(struct sim *s)
{
	const struct dv_options *dv = s->dv;
	const char *names[64];
	size_t n = 0;

	for (const char *const *m = dv->build_modes; m && *m && n < 50; m++)
		names[n++] = *m;
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
	names[n] = NULL;
	put_first(s, "en_build_modes", names);
	put_first(s, "en_run_modes", dv->run_modes);
}

static void set_flags(struct sim *s)
{
	const struct dv_options *dv = s->dv;

	set_flag(s, "cov", dv->cov);
	set_flag(s, "gui", dv->gui || dv->gui_debug);
	set_flag(s, "gui_debug", dv->gui_debug);
	set_flag(s, "interactive", dv->is_interactive);
	set_flag(s, "dry_run", dv->is_dry_run);
	set_flag(s, "build_only", dv->build_only);
	set_flag(s, "run_only", dv->run_only);
	set_flag(s, "build_unique", dv->build_unique);
	set_flag(s, "xprop_off", dv->xprop_off);
	set_flag(s, "is_primary_cfg", false);
}

static void set_rel_path(struct sim *s)
{
	const char *root = sim_text(s, "proj_root", ""), *dir = cfg_dir(s->reader.cfg);
	size_t n = strlen(root);

	if (*sim_text(s, "rel_path", "") || !path_is_below(dir, root))
		return;
	set_node(s, "rel_path", new_text(s, dir[n] == '/' ? dir + n + 1 : "."));
}

void sim_set_defaults(struct sim *s)
{
	const struct dv_options *dv = s->dv;

	for (size_t i = 0; i < ARRAY_LEN(empty_texts); i++)
		set_missing_text(s, empty_texts[i], "");
	put_first(s, "build_opts", dv->build_opts);
	put_first(s, "run_opts", dv->run_opts);
	enable_modes(s);
	for (size_t i = 0; i < ARRAY_LEN(empty_lists); i++)
		if (!sim_value(s, empty_lists[i]))
			set_node(s, empty_lists[i],
				 hjson_new_node(cfg_doc(s->reader.cfg), HJSON_ARRAY, 0));
	set_flags(s);
	set_text(s, "job_prefix", dv->job_prefix ? dv->job_prefix : "");
	set_text(s, "waves", dv->waves ? dv->waves : "none");
	set_text(s, "profile", dv->profile ? dv->profile : "(cfg uses profile without --profile)");
	if (dv->build_seed)
		set_text(s, "build_seed", dv->build_seed);
	if (dv->verbosity)
		set_node(s, "verbosity", new_text(s, dv->verbosity));
	if (dv->timestamp) {
		set_text(s, "timestamp", dv->timestamp);
		set_text(s, "timestamp_long", dv->timestamp_long);
	}
	if (dv->build_unique && dv->timestamp)
		set_node(s, "build_dir",
			 new_text(s, arena_printf(s->reader.mem, "%s_%s",
						  sim_text(s, "build_dir", ""), dv->timestamp)));
	if (dv->dump_script)
		set_node(s, "run_script",
			 new_text(s,
				  arena_printf(s->reader.mem, "{proj_root}/%s", dv->dump_script)));
	if (!*sim_text(s, "build_opts_file", ""))
		set_node(s, "build_opts_file", new_text(s, "{build_dir}/build_opts.f"));
	set_rel_path(s);
}

/* ---- a leaf ---- */

static bool check_waves(struct sim *s)
{
	struct hjson_node *formats = sim_value(s, "supported_wave_formats"), *f;

	if (!s->dv->waves || !formats || formats->type != HJSON_ARRAY || formats->n == 0)
		return true;
	hjson_for_each (f, formats)
		if (f->type == HJSON_STRING &&
		    strcmp(hjson_cstr(cfg_doc(s->reader.cfg), f), s->dv->waves) == 0)
			return true;
	cfg_error(s->reader.cfg, s->reader.diags, formats,
		  "the tool '%s' does not write waves as '%s'", sim_text(s, "tool", "?"),
		  s->dv->waves);
	return false;
}

static void read_name(struct sim *s)
{
	const char *variant = sim_text(s, "variant", ""), *fault;

	s->name = sim_text(s, "name", "");
	fault = name_cfg_fault(s->name);
	if (fault)
		cfg_error(s->reader.cfg, s->reader.diags, sim_value(s, "name"), "the name '%s' %s",
			  text_printable(s->reader.mem, s->name), fault);
	s->full_name = *variant ? arena_printf(s->reader.mem, "%s_%s", s->name, variant) : s->name;
}

/* Works on the coverage of earlier runs; no test is selected. */
static bool is_on_coverage(const struct dv_options *dv)
{
	return dv->cov_unr || dv->cov_analyze;
}

static const char *const *names_of(const struct sim *s, const struct modes *modes)
{
	const char **names = arena_array(s->reader.mem, modes->n + 1, sizeof(*names));

	for (size_t i = 0; i < modes->n; i++)
		names[i] = modes->at[i]->name;
	return names;
}

static void list_objects(const struct sim *s)
{
	const struct flow_listing listing = {
		.block = s->full_name,
		.names = {names_of(s, &s->build_modes), names_of(s, &s->run_modes),
			  names_of(s, &s->tests), names_of(s, &s->regressions)},
	};

	s->options->list(s->options->list_ctx, &listing);
}

static void make_leaf(struct sim *s, struct plan *plan)
{
	struct cfg_expand_options rules = {.ignored = job_names};
	struct diags *diags = s->reader.diags;
	unsigned n_before = diags->n_errors;

	s->plan_mem = plan->mem;
	sim_set_defaults(s);
	if (diags->n_errors > n_before || cfg_override(s->reader.cfg, diags) < 0 ||
	    !check_waves(s) || cfg_expand(s->reader.cfg, &rules, diags) < 0)
		return;
	if (!*sim_text(s, "tool", "")) {
		struct diag *e = diag_error(diags, cfg_start(s->reader.cfg),
					    "the configuration names no tool");

		diag_hint(e, "set the key 'tool', or give --tool");
		return;
	}
	fusesoc_rewrite(s->reader.cfg, s->dv, diags);
	read_name(s);
	set_missing_text(s, "build_mode", "default");
	s->primary_build_mode = sim_text(s, "primary_build_mode",
					 sim_text(s, "build_mode", "default"));
	sim_read_objects(s);
	if (s->options->list) {
		list_objects(s);
		return;
	}
	if (diags->n_errors == n_before && !is_on_coverage(s->dv))
		sim_select(s);
	if (diags->n_errors == n_before && (s->n_runs || is_on_coverage(s->dv)))
		sim_deploy(s, plan);
}

static void sim_done(struct sim *s)
{
	modes_done(&s->build_modes);
	modes_done(&s->run_modes);
	modes_done(&s->tests);
	modes_done(&s->regressions);
	map_done(&s->test_builds);
}

/* ---- a plan ---- */

static void fill_plan(struct plan *plan, struct cfg *c, const struct flow_options *options)
{
	struct hjson_node *name = hjson_get(cfg_root(c), "name");

	plan->flow = "sim";
	plan->name = arena_strdup(plan->mem, name && name->type == HJSON_STRING
						     ? hjson_cstr(cfg_doc(c), name)
						     : path_base(cfg_path(c)));
	plan->cfg_path = arena_strdup(plan->mem, cfg_path(c));
	plan->scratch_root = arena_strdup(plan->mem, options->scratch_root);
}

/* ---- a primary configuration: a list of others ---- */

struct primary {
	struct sim like; /* what children share */
	struct plan *plan;
	size_t n_selected;
};

static const struct hjson_node *find_value(void *ctx, const char *name, size_t len)
{
	const struct sim *s = ctx;

	return hjson_get_n(cfg_root(s->reader.cfg), name, len);
}

static struct cfg *load_child(struct primary *p, struct hjson_node *entry)
{
	struct sim *s = &p->like;
	struct cfg *parent = s->reader.cfg;
	const char *const initial[] = {"flow", "sim", NULL};
	struct cfg_options options = {
		.proj_root = sim_text(s, "proj_root", NULL),
		.scratch_root = s->options->scratch_root,
		.branch = s->dv->branch ? s->dv->branch : sim_text(s, "branch", NULL),
		.tool = s->dv->tool,
		.initial = initial,
		.parent = parent,
	};
	struct cfg_subst rules = {.lookup = find_value, .ctx = s, .options = {.is_lenient = true}};
	_cleanup_(error_done) struct error err = {0};
	const char *path;

	if (entry->type != HJSON_STRING) {
		cfg_error(parent, s->reader.diags, entry,
			  "a configuration in here is the path of a file: this version reads no "
			  "others");
		return NULL;
	}
	path = cfg_subst_text(parent, &rules, hjson_cstr(cfg_doc(parent), entry), &err);
	if (!path) {
		cfg_error(parent, s->reader.diags, entry, "%s", err.msg);
		return NULL;
	}
	return cfg_load(path, &options, s->reader.diags);
}

static bool is_selected(const struct primary *p, const struct sim *child)
{
	const char *name = sim_text(child, "name", ""), *variant = sim_text(child, "variant", "");
	const char *full = arena_printf(child->reader.mem, "%s/%s", name, variant);

	if (!p->like.dv->select_cfgs)
		return true;
	for (const char *const *w = p->like.dv->select_cfgs; *w; w++)
		if (strcmp(*w, name) == 0 || strcmp(*w, full) == 0)
			return true;
	return false;
}

static void make_child(struct primary *p, struct hjson_node *entry)
{
	struct diags *diags = p->like.reader.diags;
	unsigned n_before = diags->n_errors + diags->n_warnings;
	struct cfg *c = load_child(p, entry);
	struct sim s = p->like;
	struct hjson_node *more;

	if (!c)
		return;
	s.reader = (struct mode_reader){c, diags, arena_new()};
	s.is_child = true;
	more = hjson_get(cfg_root(c), "use_cfgs");
	if (more) {
		cfg_key_error(c, diags, more, "a list of configurations cannot be in another one");
	} else if (is_selected(p, &s)) {
		p->n_selected++;
		make_leaf(&s, p->plan);
	}
	sim_done(&s);
	arena_free(s.reader.mem);
	if (diags->n_errors + diags->n_warnings == n_before)
		cfg_free(c);
	else
		cfg_keep(p->like.reader.cfg, c); /* messages point into it */
}

static void make_primary(struct sim *like, struct plan *plan, struct hjson_node *children)
{
	struct primary p = {.like = *like, .plan = plan};
	unsigned n_before = like->reader.diags->n_errors;
	struct hjson_node *e;

	if (children->type != HJSON_ARRAY)
		return; /* said when it was loaded */
	dv_plan_set_top(plan, like->reader.cfg, like->dv);
	hjson_for_each (e, children)
		make_child(&p, e);
	if (like->reader.diags->n_errors > n_before)
		return;
	if (p.n_selected == 0)
		cfg_error(like->reader.cfg, like->reader.diags, children,
			  like->dv->select_cfgs ? "--select-cfgs selects none of these"
						: "there is no configuration in here");
	else if (plan->n_jobs == 0 && !like->options->list)
		diag_error(like->reader.diags, cfg_start(like->reader.cfg),
			   "nothing to do: no test was selected in any configuration");
}

static struct plan *sim_make(struct cfg *c, const struct flow_options *options, struct diags *diags)
{
	const struct dv_options *dv = options->dv ? options->dv : &no_options;
	unsigned n_before = diags->n_errors;
	struct arena *mem = arena_new();
	struct seeds seeds = {
		.given = dv->seeds, .fixed = dv->fixed_seed, .base = dv->seed_base, .mem = mem};
	struct sim s = {.reader = {c, diags, mem}, .options = options, .dv = dv, .seeds = &seeds};
	struct hjson_node *children = hjson_get(cfg_root(c), "use_cfgs");
	struct plan *plan = plan_new();

	if (!seeds.base)
		seeds.base = seeds_new_base(mem);
	fill_plan(plan, c, options);
	dv_plan_begin(plan, c, dv);
	if (children)
		make_primary(&s, plan, children);
	else if (dv->select_cfgs)
		diag_error(diags, cfg_start(c),
			   "--select-cfgs is for a list of configurations (use_cfgs), which this "
			   "is not");
	else
		make_leaf(&s, plan);
	if (diags->n_errors > n_before) {
		plan_free(plan);
		plan = NULL;
	}
	sim_done(&s);
	arena_free(mem);
	return plan;
}

const struct flow_type flow_sim = {
	.name = "sim",
	.help = "builds, tests with seeds, and coverage, as DVSim has them",
	.make = sim_make,
};
