/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/defaults.h"

#include <string.h>

#include "base/fs.h"
#include "config/fields.h"

struct hjson_node *dv_cfg_value(const struct dv_cfg *s, const char *key)
{
	struct hjson_node *n = hjson_get(cfg_root(s->reader.cfg), key);

	return n && n->type != HJSON_NULL ? n : NULL;
}

const char *dv_cfg_text(const struct dv_cfg *s, const char *key, const char *otherwise)
{
	struct hjson_node *n = dv_cfg_value(s, key);

	return n && n->type == HJSON_STRING ? cfg_string(s->reader.cfg, n) : otherwise;
}

void dv_set_node(struct dv_cfg *s, const char *key, struct hjson_node *value)
{
	hjson_set(cfg_doc(s->reader.cfg), cfg_root(s->reader.cfg), key, strlen(key), value);
}

struct hjson_node *dv_new_text(struct dv_cfg *s, const char *text)
{
	return hjson_new_string(cfg_doc(s->reader.cfg), text, strlen(text), 0);
}

void dv_set_missing_text(struct dv_cfg *s, const char *key, const char *text)
{
	if (!dv_cfg_value(s, key))
		dv_set_node(s, key, dv_new_text(s, text));
}

void dv_set_text(struct dv_cfg *s, const char *key, const char *text)
{
	struct hjson_node *n = dv_cfg_value(s, key);
	struct diag *e;

	if (!n || (n->type == HJSON_STRING && n->n == 0)) {
		dv_set_node(s, key, dv_new_text(s, text));
	} else if (*text && strcmp(dv_cfg_text(s, key, ""), text) != 0) {
		e = cfg_error(s->reader.cfg, s->reader.diags, n,
			      "'%s' is '%s' on the command line, but '%s' here", key, text,
			      dv_cfg_text(s, key, "something else"));
		diag_hint(e, "remove the key, or the option");
	}
}

void dv_set_flag(struct dv_cfg *s, const char *key, bool on)
{
	struct hjson_doc *doc = cfg_doc(s->reader.cfg);
	struct hjson_node *n = dv_cfg_value(s, key);

	if (!n || (on && n->i == 0)) {
		n = hjson_new_node(doc, HJSON_BOOL, 0);
		n->i = on;
		dv_set_node(s, key, n);
	}
}

void dv_put_first(struct dv_cfg *s, const char *key, const char *const *words)
{
	struct hjson_doc *doc = cfg_doc(s->reader.cfg);
	struct hjson_node *old = dv_cfg_value(s, key), *list, *e;

	if (old && old->type != HJSON_ARRAY) {
		cfg_error(s->reader.cfg, s->reader.diags, old, "'%s' must be a list", key);
		return;
	}
	if (!words || !words[0])
		return;
	list = hjson_new_node(doc, HJSON_ARRAY, 0);
	for (; *words; words++)
		hjson_append(doc, list, dv_new_text(s, *words));
	while (old && (e = hjson_take(doc, old)))
		hjson_append(doc, list, e);
	dv_set_node(s, key, list);
}

static void set_flags(struct dv_cfg *s)
{
	const struct dv_options *dv = s->dv;

	dv_set_flag(s, "cov", dv->cov);
	dv_set_flag(s, "gui", dv_has_gui(dv));
	dv_set_flag(s, "gui_debug", dv->gui_debug);
	dv_set_flag(s, "interactive", s->options->is_interactive);
	dv_set_flag(s, "dry_run", dv->is_dry_run);
	dv_set_flag(s, "build_only", dv->build_only);
	dv_set_flag(s, "run_only", dv->run_only);
	dv_set_flag(s, "build_unique", dv->build_unique);
	dv_set_flag(s, "xprop_off", dv->xprop_off);
	dv_set_flag(s, "cov_merge_previous", dv->cov_merge_previous);
	dv_set_flag(s, "map_full_testplan", dv->map_full_testplan);
	dv_set_flag(s, "is_primary_cfg", false);
}

static void set_rel_path(struct dv_cfg *s)
{
	const char *root = dv_cfg_text(s, "proj_root", ""), *dir = cfg_dir(s->reader.cfg);
	size_t n = strlen(root);

	if (*dv_cfg_text(s, "rel_path", "") || !path_is_below(dir, root))
		return;
	dv_set_node(s, "rel_path", dv_new_text(s, dir[n] == '/' ? dir + n + 1 : "."));
}

void dv_set_empty(struct dv_cfg *s, const char *const *texts, const char *const *lists)
{
	for (; *texts; texts++)
		dv_set_missing_text(s, *texts, "");
	for (; *lists; lists++)
		if (!dv_cfg_value(s, *lists))
			dv_set_node(s, *lists,
				    hjson_new_node(cfg_doc(s->reader.cfg), HJSON_ARRAY, 0));
}

static void set_missing_number(struct dv_cfg *s, const char *key, uint32_t number)
{
	struct hjson_node *n;

	if (dv_cfg_value(s, key))
		return;
	n = hjson_new_node(cfg_doc(s->reader.cfg), HJSON_INT, 0);
	n->i = number;
	dv_set_node(s, key, n);
}

/* Keys of all flows. */
static const char *const common_texts[] = {"name",
					   "variant_name",
					   "results_dir",
					   "results_page",
					   "results_md",
					   "publish_results_md",
					   "results_summary_md",
					   "project",
					   "scratch_path",
					   "scratch_base_path",
					   "flow_makefile",
					   "build_dir",
					   "run_dir",
					   "dut",
					   "build_cmd",
					   "fusesoc_core",
					   "ral_spec",
					   "flist_gen_cmd",
					   "flist_file",
					   "results_title",
					   "revision",
					   "results_html_name",
					   "rel_path",
					   "job_prefix",
					   "scratch_root",
					   "branch",
					   NULL};
static const char *const common_lists[] = {
	"exports",	  "overrides",	    "build_opts", "pass_patterns",
	"fail_patterns",  "build_modes",    "run_modes",  "regressions",
	"en_build_modes", "flist_gen_opts", NULL};

void dv_set_common(struct dv_cfg *s)
{
	const struct dv_options *dv = s->dv;

	dv_set_empty(s, common_texts, common_lists);
	set_flags(s);
	set_missing_number(s, "max_waves", dv->max_waves);
	dv_set_missing_text(s, "flow_cfg_file", cfg_path(s->reader.cfg));
	dv_set_text(s, "job_prefix", dv->job_prefix ? dv->job_prefix : "");
	if (dv->timestamp) {
		dv_set_text(s, "timestamp", dv->timestamp);
		dv_set_text(s, "timestamp_long", dv->timestamp_long);
	}
	if (dv->dump_script)
		dv_set_node(s, "run_script",
			    dv_new_text(s, arena_printf(s->reader.mem, "{proj_root}/%s",
							dv->dump_script)));
	set_rel_path(s);
}

static bool is_on(const struct dv_cfg *s, const char *key)
{
	const struct hjson_node *n = dv_cfg_value(s, key);

	return n && (n->type == HJSON_BOOL || n->type == HJSON_INT) && n->i != 0;
}

static void take_build_seed(struct dv_cfg *s, struct dv_options *own)
{
	struct hjson_node *n = dv_cfg_value(s, "build_seed");
	const char *text = n ? cfg_scalar_text(s->reader.cfg, n) : NULL;

	if (text && n->type == HJSON_INT)
		own->build_seed = arena_strdup(s->reader.mem, text);
}

void dv_take_options(struct dv_cfg *s)
{
	struct dv_options *own = arena_alloc(s->reader.mem, sizeof(*own));

	*own = *s->dv;
	own->build_unique = is_on(s, "build_unique");
	own->build_only = is_on(s, "build_only");
	own->run_only = is_on(s, "run_only");
	own->is_dry_run = is_on(s, "dry_run");
	own->cov_merge_previous = is_on(s, "cov_merge_previous");
	own->map_full_testplan = is_on(s, "map_full_testplan");
	take_build_seed(s, own);
	s->dv = own;
	if (own->build_unique && own->timestamp)
		dv_set_node(s, "build_dir",
			    dv_new_text(s, arena_printf(s->reader.mem, "%s_%s",
							dv_cfg_text(s, "build_dir", ""),
							own->timestamp)));
}
