/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/flow.h"

#include <string.h>

#include "base/fs.h"
#include "flow/again.h"
#include "flow/dv/block.h"
#include "flow/dv/defaults.h"
#include "flow/dv/fusesoc.h"
#include "flow/dv/words.h"
#include "flow/generated.h"
#include "flow/names.h"
#include "flow/text.h"

static const struct dv_options no_options;

/* ---- a leaf ---- */

static void read_name(struct dv_cfg *s)
{
	const char *variant = dv_cfg_text(s, "variant", ""), *fault;

	s->name = dv_cfg_text(s, "name", "");
	fault = *s->name ? name_cfg_fault(s->name) : NULL; /* DVSim's default is "" */
	if (fault)
		cfg_error(s->reader.cfg, s->reader.diags, dv_cfg_value(s, "name"),
			  "the name '%s' %s", text_printable(s->reader.mem, s->name), fault);
	s->full_name = *variant ? arena_printf(s->reader.mem, "%s_%s", s->name, variant) : s->name;
}

static bool has_tool(struct dv_cfg *s)
{
	struct diag *e;

	if (*dv_cfg_text(s, "tool", ""))
		return true;
	e = diag_error(s->reader.diags, cfg_start(s->reader.cfg),
		       "the configuration names no tool");
	diag_hint(e, "set the key 'tool', or give --tool");
	return false;
}

/* Prepares the tree from which jobs are made, and starts its commands. NULL after errors. */
static struct cfg_expansion *leaf_prepare(struct dv_cfg *s)
{
	struct cfg_expand_options rules = {.ignored = s->flow->ignored};
	struct diags *diags = s->reader.diags;
	unsigned n_before = diags->n_errors;

	s->flow->set_defaults(s);
	dv_set_common(s);
	if (diags->n_errors > n_before || cfg_override(s->reader.cfg, diags) < 0)
		return NULL;
	dv_define(s->reader.cfg, s->options->defines, &s->all->defined, diags);
	dv_take_options(s);
	dv_words_in_backends(s->reader.cfg, false, diags);
	if (s->flow->check && !s->flow->check(s))
		return NULL;
	return cfg_expand_begin(s->reader.cfg, &rules, diags);
}

/* The step after leaf_prepare(), which may wait for commands. false: no jobs can be made. */
static bool leaf_begin(struct dv_cfg *s, struct cfg_expansion *x, struct plan *plan)
{
	if (!x || cfg_expand_end(x) < 0 || !has_tool(s))
		return false;
	if (!s->is_child)
		dv_plan_place_reports(plan, s->reader.cfg, s->reader.diags);
	plan->may_share &= s->dv->build_unique;
	fusesoc_rewrite(s->reader.cfg, s->dv, s->reader.diags);
	read_name(s);
	dv_set_missing_text(s, "build_mode", "default");
	if (s->flow->begin)
		s->flow->begin(s, plan);
	return true;
}

static void make_leaf(struct dv_cfg *s, struct plan *plan)
{
	if (!leaf_begin(s, leaf_prepare(s), plan))
		return;
	cfg_wait_commands(s->reader.cfg, cfg_n_commands(s->reader.cfg));
	s->flow->make(s, plan);
}

static void dv_cfg_done(struct dv_cfg *s)
{
	modes_done(&s->build_modes);
	map_done(&s->root_keys);
}

/* A key of dvsched, which DVSim ignores. */
static void read_keep_runs(struct plan *plan, struct cfg *c, struct diags *diags)
{
	struct hjson_node *n = hjson_get(cfg_root(c), "keep_runs");

	if (!n)
		return;
	if (n->type == HJSON_INT && n->i >= 0 && n->i <= UINT32_MAX)
		plan->keep_runs = (uint32_t)n->i;
	else
		cfg_error(c, diags, n, "'keep_runs' must be a whole number, 0 or more");
}

static struct plan *new_plan(const struct dv_planning *p, struct cfg *c,
			     const struct flow_options *options, struct diags *diags)
{
	struct hjson_node *name = hjson_get(cfg_root(c), "name");
	struct plan *plan = plan_new();

	plan->flow = p->type->name;
	plan->may_share = true; /* until a configuration forbids it */
	plan->has_passed_links = true;
	plan->is_by_id = true;
	plan->name = arena_strdup(plan->mem, name && name->type == HJSON_STRING
						     ? cfg_string(c, name)
						     : path_base(cfg_path(c)));
	plan->cfg_path = arena_strdup(plan->mem, cfg_path(c));
	plan->scratch_root = arena_strdup(plan->mem, options->scratch_root);
	read_keep_runs(plan, c, diags);
	return plan;
}

/* ---- a primary configuration: a list of others ---- */

enum { LEFT_OUT_SHOWN = 5 };

struct primary {
	struct dv_cfg like; /* what children share */
	struct plan *plan;
	size_t n_selected, n_left_out;
	struct str left_out; /* names of some of those */
	struct map names;    /* what --select-cfgs can name */
};

static const struct hjson_node *find_value(void *ctx, const char *name, size_t len)
{
	const struct dv_cfg *s = ctx;

	return hjson_get_n(cfg_root(s->reader.cfg), name, len);
}

static struct cfg *load_child(struct primary *p, struct hjson_node *entry, struct diags *diags)
{
	struct dv_cfg *s = &p->like;
	struct cfg *parent = s->reader.cfg;
	const char *const initial[] = {"flow", s->all->type->name, NULL};
	struct cfg_options options = {
		.proj_root = dv_cfg_text(s, "proj_root", NULL),
		.scratch_root = s->options->scratch_root,
		.branch = s->dv->branch ? s->dv->branch : dv_cfg_text(s, "branch", NULL),
		.tool = s->dv->tool,
		.initial = initial,
		.parent = parent,
	};
	struct cfg_subst rules = {.lookup = find_value, .ctx = s, .options = {.is_lenient = true}};
	_cleanup_(error_done) struct error err = {0};
	const char *path;
	struct diag *e;

	if (entry->type == HJSON_OBJECT)
		return cfg_load_inline(entry, &options, diags);
	if (entry->type != HJSON_STRING) {
		e = cfg_error(parent, diags, entry,
			      "an element of 'use_cfgs' must be the path of a file, or an object");
		diag_hint(e, "\"{proj_root}/…/NAME_cfg.hjson\", or { name: NAME, … }");
		return NULL;
	}
	path = cfg_subst_text(parent, &rules, cfg_string(parent, entry), &err);
	if (!path) {
		cfg_hint_output(parent, cfg_error(parent, diags, entry, "%s", err.msg));
		return NULL;
	}
	return cfg_load(path, &options, diags);
}

static bool is_selected(const struct primary *p, const struct dv_cfg *child)
{
	const char *name = dv_cfg_text(child, "name", ""),
		   *variant = dv_cfg_text(child, "variant", "");
	const char *full = arena_printf(child->reader.mem, "%s/%s", name, variant);

	if (!p->like.dv->select_cfgs)
		return true;
	for (const char *const *w = p->like.dv->select_cfgs; *w; w++)
		if (strcmp(*w, name) == 0 || strcmp(*w, full) == 0)
			return true;
	return false;
}

/* Several configurations may share the file with an error, so a note names the configuration. */
static void name_child(const struct primary *p, struct hjson_node *entry, const struct cfg *child,
		       struct diag *first)
{
	struct cfg *list = p->like.reader.cfg;
	const char *own = child ? cfg_start(child).file : NULL;
	const char *name = entry->type == HJSON_STRING ? cfg_string(list, entry)
						       : "a configuration";

	for (struct diag *e = first; e; e = e->next)
		if (e->level == DIAG_ERROR && !(own && str_eq(e->pos.file, own)))
			diag_note(e, cfg_pos(list, entry->pos), "in '%s', which is listed here",
				  name);
}

static void note_name(struct primary *p, const struct dv_cfg *child)
{
	struct arena *mem = p->like.reader.mem;
	const char *name = dv_cfg_text(child, "name", ""),
		   *variant = dv_cfg_text(child, "variant", "");

	map_set(&p->names, arena_strdup(mem, name), p);
	if (*variant)
		map_set(&p->names, arena_printf(mem, "%s/%s", name, variant), p);
}

/* Reports words of --select-cfgs that select nothing. */
static void warn_of_selection(struct primary *p, struct hjson_node *children)
{
	const struct dv_cfg *s = &p->like;
	const char **names = arena_array(s->reader.mem, p->names.n_live + 1, sizeof(*names)), *near;
	const struct map_entry *e;
	size_t at = 0, n = 0;
	struct diag *d;

	while ((e = map_next(&p->names, &at)))
		names[n++] = e->key;
	for (const char *const *w = s->dv->select_cfgs; w && *w; w++) {
		if (map_has(&p->names, *w))
			continue;
		d = cfg_warning(s->reader.cfg, s->reader.diags, children,
				"--select-cfgs: there is no configuration '%s' in here", *w);
		near = str_suggest(*w, names, n);
		if (near)
			diag_hint(d, "did you mean '%s'?", near);
	}
}

/*
 * Planning spends most of its time in {eval_cmd}. So all children take one step, then all take the
 * next, and the commands of a child run while the others take their step.
 */
struct child {
	struct hjson_node *entry;
	struct cfg *cfg; /* NULL: it could not be loaded */
	struct dv_cfg leaf;
	struct diags diags;
	struct cfg_expansion *expansion;
	size_t n_commands; /* to wait for before the next step */
	bool is_begun;
};

static void load_step(struct primary *p, struct child *ch)
{
	struct hjson_node *more;

	diags_init(&ch->diags);
	ch->cfg = load_child(p, ch->entry, &ch->diags);
	if (!ch->cfg)
		return;
	ch->leaf = p->like;
	ch->leaf.reader = (struct mode_reader){ch->cfg, &ch->diags, arena_new()};
	ch->leaf.is_child = true;
	note_name(p, &ch->leaf);
	more = hjson_get(cfg_root(ch->cfg), "use_cfgs");
	if (more) {
		cfg_key_error(ch->cfg, &ch->diags, more,
			      "a list of configurations cannot be in another one");
	} else if (is_selected(p, &ch->leaf)) {
		p->n_selected++;
		ch->expansion = leaf_prepare(&ch->leaf);
	}
}

/* Returns about how many jobs it will have. */
static size_t begin_step(struct primary *p, struct child *ch)
{
	if (!ch->expansion)
		return 0;
	ch->is_begun = leaf_begin(&ch->leaf, ch->expansion, p->plan);
	ch->n_commands = cfg_n_commands(ch->cfg);
	return ch->leaf.n_jobs_most;
}

static void make_step(struct primary *p, struct child *ch)
{
	if (!ch->is_begun)
		return;
	cfg_wait_commands(ch->cfg, ch->n_commands);
	p->like.flow->make(&ch->leaf, p->plan);
}

static void leave_out(struct primary *p, const struct dv_cfg *child)
{
	if (p->n_left_out++ < LEFT_OUT_SHOWN)
		str_printf(&p->left_out, "%s'%s'", p->left_out.len ? ", " : "", child->full_name);
}

static void warn_of_left_out(struct primary *p, struct hjson_node *children)
{
	size_t n = p->n_left_out;

	if (n == 0 || p->plan->n_jobs == 0)
		return;
	cfg_warning(p->like.reader.cfg, p->like.reader.diags, children,
		    n == 1 ? "no test was selected in %s%s, which is left out"
			   : "no test was selected in %s%s, which are left out",
		    p->left_out.s, n > LEFT_OUT_SHOWN ? ", …" : "");
}

/* A configuration in which nothing is selected reports only its errors: DVSim loads it, too. */
static void end_child(struct primary *p, struct child *ch)
{
	bool is_silent;

	if (ch->diags.n_errors == 0 && (!ch->is_begun || ch->leaf.is_left_out))
		diags_done(&ch->diags);
	if (ch->is_begun && ch->leaf.is_left_out)
		leave_out(p, &ch->leaf);
	is_silent = ch->diags.n_errors + ch->diags.n_warnings == 0;
	name_child(p, ch->entry, ch->cfg, ch->diags.first);
	diags_move(p->like.reader.diags, &ch->diags);
	if (!ch->cfg)
		return;
	dv_cfg_done(&ch->leaf);
	arena_free(ch->leaf.reader.mem);
	if (is_silent)
		cfg_free(ch->cfg);
	else
		cfg_keep(p->like.reader.cfg, ch->cfg); /* messages point into it */
}

static void make_children(struct primary *p, const struct hjson_node *list)
{
	struct child *all = arena_array(p->like.reader.mem, list->n + 1, sizeof(*all));
	struct hjson_node *e;
	size_t n = 0, n_jobs = 0;

	hjson_for_each (e, list) {
		all[n].entry = e;
		load_step(p, &all[n++]);
	}
	/* It may wait for a command, which its members have started. */
	dv_plan_set_top(p->plan, p->like.reader.cfg, p->like.dv);
	for (size_t i = 0; i < n; i++)
		n_jobs += begin_step(p, &all[i]);
	dv_plan_reserve(p->plan, n_jobs);
	for (size_t i = 0; i < n; i++) {
		make_step(p, &all[i]);
		end_child(p, &all[i]);
	}
}

/* Applies the overrides of the list itself, for example of the path of its reports. */
static bool override_primary(struct dv_cfg *s)
{
	if (!dv_cfg_value(s, "overrides"))
		return true;
	s->flow->set_defaults(s);
	dv_set_common(s);
	return cfg_override(s->reader.cfg, s->reader.diags) == 0;
}

static void make_primary(struct dv_cfg *like, struct plan *plan, struct hjson_node *children)
{
	struct primary p = {.like = *like, .plan = plan};
	unsigned n_before = like->reader.diags->n_errors;

	if (children->type != HJSON_ARRAY)
		return; /* reported when it was loaded */
	if (!override_primary(like))
		return;
	dv_define(like->reader.cfg, like->options->defines, &like->all->defined,
		  like->reader.diags);
	dv_words_in_backends(like->reader.cfg, false, like->reader.diags);
	dv_plan_place_reports(plan, like->reader.cfg, like->reader.diags);
	make_children(&p, children);
	warn_of_selection(&p, children);
	warn_of_left_out(&p, children);
	str_done(&p.left_out);
	map_done(&p.names);
	if (like->reader.diags->n_errors > n_before)
		return;
	if (p.n_selected == 0)
		cfg_error(like->reader.cfg, like->reader.diags, children,
			  like->dv->select_cfgs ? "--select-cfgs selects none of these"
						: "'use_cfgs' is empty");
	else if (p.n_selected > 1 && (dv_has_gui(like->dv) || like->options->is_interactive))
		diag_hint(
			cfg_error(like->reader.cfg, like->reader.diags, children,
				  "--gui and --interactive are for one configuration, but %zu are "
				  "selected",
				  p.n_selected),
			"choose one with --select-cfgs");
}

/* Reports a plan without errors and without jobs. */
static void check_jobs(const struct dv_cfg *s, const struct plan *plan)
{
	struct diag *e;

	if (plan->n_jobs || s->options->list || s->options->again)
		return;
	e = diag_error(s->reader.diags, cfg_start(s->reader.cfg), "nothing to do: %s",
		       s->dv->build_only && s->dv->run_only
			       ? "neither builds nor runs are wanted"
			       : "nothing was selected in any configuration");
	if (s->dv->build_only && s->dv->run_only)
		diag_hint(e, "give --build-only or --run-only, not both");
}

/* Reports words of -x that match nothing in any configuration. */
static void check_excluded(struct dv_cfg *s)
{
	for (const char *const *w = s->options->excluded; w && *w; w++)
		if (!map_has(&s->all->excluded, *w))
			diag_error(s->reader.diags, (struct src_pos){0},
				   "cannot leave out %s: no %s matches", *w, s->flow->selects);
}

/* Jobs of configurations that --select-cfgs leaves out still exist. */
static void mark_unselected(struct flow_again *again, const struct plan *plan)
{
	for (size_t i = 0; i < again->n; i++) {
		const char *id = again->jobs[i].id;
		size_t len = strcspn(id, ":"), k = 0;

		for (; k < plan->dv->n_blocks; k++) {
			const struct dv_block *b = plan->dv->blocks[k];
			size_t n = strlen(b->name);

			if (strncmp(id, b->name, n) == 0 &&
			    (b->variant ? id[n] == '_' && strlen(b->variant) == len - n - 1 &&
						  strncmp(id + n + 1, b->variant, len - n - 1) == 0
					: n == len))
				break;
		}
		again->jobs[i].is_there |= k == plan->dv->n_blocks;
	}
}

static void select_again(const struct dv_cfg *s, struct plan *plan)
{
	struct flow_again *again = s->options->again;

	again_mark(again, plan);
	if (s->dv->select_cfgs)
		mark_unselected(again, plan);
	again_select(again, plan);
	dv_plan_drop_idle(plan);
}

/* Makes the jobs of the configuration, or of those that it lists. */
static void make_all(struct dv_cfg *s)
{
	struct cfg *c = s->reader.cfg;
	struct hjson_node *children = hjson_get(cfg_root(c), "use_cfgs");

	if (children)
		make_primary(s, s->all->plan, children);
	else if (s->dv->select_cfgs)
		diag_error(s->reader.diags, cfg_start(c),
			   "--select-cfgs is for a list of configurations, but this file has no "
			   "'use_cfgs'");
	else
		make_leaf(s, s->all->plan);
	sim_items_warn(s->all->items, s->reader.diags, cfg_start(c),
		       children ? "in any of these configurations" : "here");
}

/* Words of options are checked after all configurations were read, and only if there is no other
 * error. */
static void check_options(struct dv_cfg *s, unsigned n_errors_before)
{
	struct diags *diags = s->reader.diags;

	if (diags->n_errors == n_errors_before && !s->options->list)
		check_excluded(s);
	if (diags->n_errors == n_errors_before)
		dv_define_check(s->options->defines, &s->all->defined, diags);
}

static void planning_init(struct dv_planning *p, const struct flow_type *type, struct cfg *c,
			  const struct flow_options *options, const struct dv_options *dv)
{
	struct arena *mem = arena_new();

	*p = (struct dv_planning){
		.type = type,
		.mem = mem,
		.items = sim_items_new(mem, options->items),
		.seeds = {.given = dv->seeds,
			  .fixed = dv->fixed_seed,
			  .base = dv->seed_base ? dv->seed_base : seeds_new_base(mem),
			  .mem = mem},
		.testplan_files = {.owner = c},
	};
}

static void planning_done(struct dv_planning *p)
{
	map_done(&p->ids);
	map_done(&p->excluded);
	map_done(&p->defined);
	map_done(&p->testplan_files.by_path);
	arena_free(p->mem);
}

struct plan *dv_flow_plan(const struct flow_type *type, struct cfg *c,
			  const struct flow_options *options, struct diags *diags)
{
	const struct dv_options *dv = options->dv ? options->dv : &no_options;
	unsigned n_before = diags->n_errors;
	struct cfg_revision_query *revision;
	struct dv_planning all;
	struct dv_cfg s = {.all = &all, .flow = type->dv, .options = options, .dv = dv};

	planning_init(&all, type, c, options, dv);
	s.reader = (struct mode_reader){c, diags, all.mem};
	all.plan = new_plan(&all, c, options, diags);
	dv_plan_begin(all.plan, type->dv->kind, c, dv);
	generated_read_if_any(c, all.plan->dv->proj_root ? all.plan->dv->proj_root : cfg_dir(c),
			      all.plan, diags);
	revision = cfg_ask_revision(all.plan->dv->proj_root);
	make_all(&s);
	if (diags->n_errors == n_before)
		check_jobs(&s, all.plan);
	if (options->again)
		select_again(&s, all.plan);
	dv_plan_end(all.plan, revision);
	check_options(&s, n_before);
	if (diags->n_errors > n_before) {
		plan_free(all.plan);
		all.plan = NULL;
	}
	dv_cfg_done(&s);
	planning_done(&all);
	return all.plan;
}
