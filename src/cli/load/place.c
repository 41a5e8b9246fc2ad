/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/confine.h"
#include "base/fs.h"
#include "base/log.h"
#include "cli/load/cfg_stream.h"
#include "cli/load/here.h"
#include "cli/load/outcome.h"
#include "cli/load/remote.h"
#include "config/config.h"
#include "flow/flow.h"

static const struct src_pos nowhere;

const char *place_scratch(const struct args *args, const char *dir)
{
	const char *given = opt_word(args, OPT_SCRATCH_ROOT, NULL), *env = getenv("SCRATCH_ROOT");

	if (given && *given)
		return path_absolute(args->mem, given);
	if (env && *env)
		return path_absolute(args->mem, env);
	return path_absolute(args->mem, path_join(args->mem, dir, "scratch"));
}

static const char *find_project(const struct args *args, const struct tool_config *tool)
{
	const char *given = opt_word(args, OPT_PROJ_ROOT, NULL), *home = getenv("HOME");

	if (given && given[0] == '~' && (given[1] == '/' || !given[1]) && home)
		given = arena_printf(args->mem, "%s%s", home, given + 1);
	if (given && *given)
		return path_absolute(args->mem, given);
	return tool->proj_root ? tool->proj_root : cfg_proj_root(args->mem);
}

/* --branch, with '/' replaced, since it is the name of one directory. NULL: not given. */
static const char *given_branch(const struct args *args)
{
	const char *given = opt_word(args, OPT_BRANCH, NULL);
	char *branch = arena_strdup_or_null(args->mem, given);

	for (char *p = branch; p && (p = strchr(p, '/'));)
		*p = '-';
	return branch;
}

/* DVSim needs a project. Under the name dvsched the files may define it. */
static int check_project(const struct place *p, struct diags *diags)
{
	struct diag *e;

	if (p->proj_root || p->is_native || !p->args->is_dvsim)
		return 0;
	e = diag_error(diags, nowhere,
		       "there is no project: the current directory is in no git "
		       "work tree");
	diag_hint(e, "name it: --proj-root DIR");
	return -1;
}

int place_find(const struct args *args, const char *word, struct place *ret, struct diags *diags)
{
	static const char *const none[] = {NULL};

	*ret = (struct place){
		.args = args,
		.cfg_path = word,
		.branch = given_branch(args),
		.tool = {.mappings = none, .roots = none},
	};
	if (cfg_stream_read(args->mem, word, &ret->text, diags) < 0)
		return -1;
	if (ret->text) /* like a file of this name in the current directory */
		ret->cfg_path = path_absolute(args->mem, "stdin");
	return 0;
}

static void set_scratch(struct place *p)
{
	const char *dir = path_dir(p->args->mem, p->cfg_path);

	p->scratch_root = place_scratch(p->args,
					!p->is_native && p->proj_root ? p->proj_root : dir);
}

/* Sets members of p from the first file of the configuration. Files of dvsched's own flows mostly
 * contain the key `flow`. */
static int place_settle(struct place *p, const struct cfg *c, struct hjson_node *root,
			struct diags *diags)
{
	p->is_native = flow_is_native(c, root);
	/* DVSim's imports, commands and project are relative to the current directory. */
	if (!p->is_native &&
	    (here_require(diags) < 0 || tool_config_read(p->args, &p->tool, diags) < 0))
		return -1;
	if (p->tool.path)
		log_info("[dvsim_config]: %s", p->tool.path);
	p->proj_root = find_project(p->args, &p->tool);
	set_scratch(p);
	p->is_settled = true;
	return check_project(p, diags);
}

static int begin_load(void *ctx, const struct cfg *c, struct hjson_node *root,
		      struct cfg_options *options, struct diags *diags)
{
	struct place *p = ctx;

	if (!p->is_settled && place_settle(p, c, root, diags) < 0)
		return -1;
	options->proj_root = p->proj_root;
	options->scratch_root = p->scratch_root;
	options->branch = p->branch;
	return 0;
}

struct cfg *place_load(struct place *p, struct diags *diags)
{
	const struct args *args = p->args;
	const struct cfg_options options = {
		.text = p->text,
		.tool = opt_word(args, OPT_TOOL, NULL),
		.ret_eval_status = args->facts ? &args->facts->eval_status : NULL,
		.begin = begin_load,
		.begin_ctx = p,
	};
	struct cfg *cfg = cfg_load(p->cfg_path, &options, diags);

	/* If an imported file sets one of dvsched's own flows, output goes beside the
	 * configuration. */
	if (cfg && !p->is_native && flow_is_native(cfg, cfg_root(cfg))) {
		p->is_native = true;
		set_scratch(p);
	}
	return cfg;
}

/* --purge also removes the copy. */
static int purge_copy(const struct place *p, const char *copy, struct diags *diags)
{
	struct error err = {0};
	struct confine c;
	int rc = 0;

	if (!fs_exists(copy))
		return 0;
	confine_init(&c, p->scratch_root);
	rc = confine_trash(&c, copy, &err);
	if (rc < 0)
		diag_from_error(diags, &err);
	confine_done(&c);
	return rc;
}

/* Sets members of p from the original configuration; the copy is loaded later. */
static int settle_alone(struct place *p, struct diags *diags)
{
	struct cfg *c = p->text ? cfg_parse_text(p->text->shown, p->text->bytes, p->text->n, diags)
				: cfg_parse(p->cfg_path, diags);
	int rc = c ? place_settle(p, c, cfg_root(c), diags) : -1;

	cfg_free(c);
	return rc;
}

int place_go_remote(struct place *p, struct diags *diags)
{
	struct arena *mem = p->args->mem;
	const char *cfg = path_absolute(mem, p->cfg_path), *copy;
	struct remote remote;

	if (settle_alone(p, diags) < 0)
		return -1;
	remote = (struct remote){.project = p->proj_root, .scratch_root = p->scratch_root};
	if (p->is_native || p->text || !p->proj_root || !path_is_below(cfg, p->proj_root)) {
		diag_error(diags, nowhere,
			   "--remote is for a DVSim configuration that is in its project");
		return -1;
	}
	if (!p->branch)
		p->branch = cfg_branch(mem, p->proj_root);
	copy = path_join(mem, path_join(mem, p->scratch_root, p->branch), "repo_top");
	if (opt_has(p->args, OPT_PURGE) && purge_copy(p, copy, diags) < 0)
		return -1;
	remote.to = copy;
	if (remote_copy(mem, &remote, diags) < 0)
		return -1;
	p->cfg_path = path_join(mem, copy, cfg + strlen(p->proj_root) + 1);
	p->proj_root = copy;
	return 0;
}
