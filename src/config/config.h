/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration: files -> one merged, substituted tree, each value with the place it came from.
 * The rules (imports, merge, wildcards, eval_cmd, overrides) are DVSim's: docs/reference/config.md.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/str.h"
#include "hjson.h"

struct cfg; /* owns a hjson_doc, an arena and everything that comes out of it */

/* A configuration that is in no file. Lives as long as what is loaded of it. */
struct cfg_text {
	const char *shown; /* what messages call it */
	const char *bytes;
	size_t n;
};

struct cfg_options {
	/* What the configuration's path is said to hold: it is not read, and need not exist. NULL:
	 * it is read. */
	const struct cfg_text *text;
	const char *proj_root; /* initial value of {proj_root}; NULL: git work tree of the current
				  directory, if any */
	const char *scratch_root; /* initial value of {scratch_root}, {scratch_path}…; NULL: none */
	const char *branch;	  /* NULL: of the git work tree, else "default" */
	const char *tool;	  /* --tool: locks the key `tool`; NULL: files decide */
	/* More initial values, name and value in turn, NULL-terminated; or NULL. */
	const char *const *initial;
	struct cfg *parent; /* what its {eval_cmd} have run is not run again, and the other way
			       round; must outlive this one. Or NULL. */
	bool shares_doc; /* with parent: a node of either may be asked of both, for its place too */
	/* Set by cfg_load(): the exit status of an {eval_cmd} in an import that failed, else 0.
	 * Or NULL. */
	int *ret_eval_status;
	/* Called once the first file is read, before anything of it is used: may set what stands
	 * above, by what root, which is that file alone, says. -1 after an error. Or NULL. */
	int (*begin)(void *ctx, const struct cfg *c, struct hjson_node *root,
		     struct cfg_options *options, struct diags *diags);
	void *begin_ctx;
};

/* The git work tree of the current directory, arena-owned; NULL: there is none. */
const char *cfg_proj_root(struct arena *mem);
/* The branch of the work tree around dir, fit for a file name; "default" if there is none. */
const char *cfg_branch(struct arena *mem, const char *dir);

/* What git tells of a work tree; its files are read by `git`, once. All arena-owned. */
struct cfg_revision {
	const char *commit, *commit_short; /* "" where there is no commit, or no git */
	const char *url; /* of the commit at its origin, without credentials; NULL: no origin */
	bool is_dirty;	 /* tracked files differ from the commit */
};
struct cfg_revision_query;
/* Asks git, and does not wait for it: that takes longer than to read most configurations. */
struct cfg_revision_query *cfg_ask_revision(const char *root);
/* Waits, and frees q. */
void cfg_read_revision(struct cfg_revision_query *q, struct arena *mem, struct cfg_revision *ret);

/* Loads path and all it imports. NULL after errors were added; warnings (duplicate keys …) are
 * added too. */
struct cfg *cfg_load(const char *path, const struct cfg_options *options, struct diags *diags);
/*
 * A configuration that stands as an object in options->parent, in the file that was loaded first:
 * DVSim's inline children. Its {self_dir} is options->scratch_root. Needs a name.
 */
struct cfg *cfg_load_inline(const struct hjson_node *object, const struct cfg_options *options,
			    struct diags *diags);
/* One file as it was written: no imports, no merge, any root. NULL after errors. */
struct cfg *cfg_parse(const char *path, struct diags *diags);
/* The same (of text, where it is not NULL: path is not read), but strings and keys may hold \u0000:
 * for those who only show them. */
struct cfg *cfg_parse_as_is(const char *path, const struct cfg_text *text, struct diags *diags);
/* The same for text that stands in no file; shown: what messages call it. */
struct cfg *cfg_parse_text(const char *shown, const char *text, size_t n, struct diags *diags);
void cfg_free(struct cfg *c); /* accepts NULL */
/* child is freed with c, not before. */
void cfg_keep(struct cfg *c, struct cfg *child);

struct hjson_node *cfg_root(const struct cfg *c); /* an object; not yet expanded */
struct hjson_doc *cfg_doc(const struct cfg *c);
struct arena *cfg_mem(const struct cfg *c);
const char *cfg_path(const struct cfg *c); /* absolute */
const char *cfg_dir(const struct cfg *c);  /* absolute */

/* Adds the absolute path of each file that it was read from: imports and kept children, too. */
void cfg_add_files(const struct cfg *c, struct map *to);

/* Applies `overrides: [{name, value}…]` to the root. Returns 0, or -1 after errors. */
int cfg_override(struct cfg *c, struct diags *diags);

/* Which names stay as they are although they have no value yet. */
struct cfg_expand_options {
	bool is_lenient;	    /* unknown wildcards stay */
	const char *const *ignored; /* NULL-terminated, or NULL */
};
/* Expands {wildcards} and {eval_cmd} in all strings of the root, with the root as table of values.
 */
int cfg_expand(struct cfg *c, const struct cfg_expand_options *options, struct diags *diags);

/* The same in two steps: what needs no command, whose commands then run while others take a step;
 * and the rest, after waiting for them. */
struct cfg_expansion;
struct cfg_expansion *cfg_expand_begin(struct cfg *c, const struct cfg_expand_options *options,
				       struct diags *diags);
int cfg_expand_end(struct cfg_expansion *x); /* frees x */

/* How many different {eval_cmd} c, its parent and that one's children have had so far. */
size_t cfg_n_commands(const struct cfg *c);
/* Waits until the first n of them are done. */
void cfg_wait_commands(struct cfg *c, size_t n);
/* How long commands have been waited for so far, while there was nothing else to do. */
double cfg_waited_s(const struct cfg *c);

/* The exit status of the first {eval_cmd} that failed (128 + its signal if one ended it); 0: none
 * did. */
int cfg_eval_status(const struct cfg *c);

/* Runs no more eval_cmd and ends the ones that run: for signal handlers of the command
 * (async-signal-safe). */
void cfg_interrupt(void);

/* Position of a node or its key, for messages; and messages with the line and a caret under it. */
struct src_pos cfg_pos(const struct cfg *c, hjson_pos pos);
/* Where the configuration begins: the place of what is missing in it. */
struct src_pos cfg_start(const struct cfg *c);
struct diag *cfg_error(const struct cfg *c, struct diags *diags, const struct hjson_node *at,
		       const char *fmt, ...) _printf_(4, 5);
struct diag *cfg_key_error(const struct cfg *c, struct diags *diags,
			   const struct hjson_node *member, const char *fmt, ...) _printf_(4, 5);
struct diag *cfg_warning(const struct cfg *c, struct diags *diags, const struct hjson_node *at,
			 const char *fmt, ...) _printf_(4, 5);

/*
 * value in the place of string, a text with {words}; value is not to be used again. Messages about
 * it point there, and say what cfg_add_origin() was given.
 */
void cfg_replace(struct cfg *c, struct hjson_node *string, struct hjson_node *value);
void cfg_add_origin(struct cfg *c, const struct hjson_node *value, struct src_pos pos,
		    const char *text);
/* text as a value of like's kind, a number or true or false; a string if like is one or NULL, or
 * if text is none of that kind. */
struct hjson_node *cfg_value_like(const struct cfg *c, const struct hjson_node *like,
				  const char *text, hjson_pos pos);
/* The text that was in its place; NULL: it was not replaced. */
const char *cfg_written(const struct cfg *c, const struct hjson_node *value);

/* Prints the tree, one `path = value   # file:line:col` per leaf. */
void cfg_show(const struct cfg *c, struct str *out);
/* Only what was replaced. */
void cfg_show_replaced(const struct cfg *c, struct str *out);

/* ---- wildcards by themselves (flows expand per job) ---- */
/* The value of a name, or NULL: not there. Owned by the table. */
typedef const struct hjson_node *cfg_lookup(void *ctx, const char *name, size_t len);
struct cfg_subst {
	cfg_lookup *lookup;
	void *ctx;
	struct cfg_expand_options options;
	bool no_env;  /* do not fall back to the environment */
	bool no_eval; /* {eval_cmd} is an ordinary name */
	/* A text whose command has not run yet is "", the command begins, and this is set; NULL: it
	 * waits for the command. */
	bool *waits;
};
/* text with all wildcards expanded, arena-owned; NULL with err (no position: the caller knows it),
 * for which cfg_hint_output() may have more to say. */
const char *cfg_subst_text(struct cfg *c, const struct cfg_subst *s, const char *text,
			   struct error *err);
/* If it was a command that failed: the last lines of its output. */
void cfg_hint_output(const struct cfg *c, struct diag *e);

#endif
