/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration: files are read into one merged tree with wildcards substituted, in which each
 * value has its position. The rules (imports, merge, wildcards, eval_cmd, overrides) are DVSim's:
 * docs/reference/config.md.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/str.h"
#include "hjson.h"

struct cfg; /* owns its tree, an arena and all results of the functions below */

/* A configuration that is not in a file. Must be valid as long as the struct cfg loaded from it. */
struct cfg_text {
	const char *shown; /* its name in messages */
	const char *bytes;
	size_t n;
};

struct cfg_options {
	/* The contents of the configuration's path, which then is not read and need not exist.
	 * NULL: the file is read. */
	const struct cfg_text *text;
	const char *proj_root;	  /* initial value of {proj_root}; NULL: the git work tree of the
				     current directory, if any */
	const char *scratch_root; /* initial value of {scratch_root}, {scratch_path}…; NULL: none */
	const char *branch;	  /* NULL: the branch of the git work tree, or "default" */
	const char *tool;	  /* --tool: overrides the key `tool`; NULL: not given */
	/* More initial values, name and value in turn, NULL-terminated; or NULL. */
	const char *const *initial;
	struct cfg *parent; /* shares its results of {eval_cmd}: no command runs twice. Must outlive
			       this one. Or NULL. */
	bool shares_doc; /* with parent: use its tree, so nodes and positions are valid in both */
	/* Set by cfg_load(): the exit status of an {eval_cmd} in an import that failed, else 0.
	 * Or NULL. */
	int *ret_eval_status;
	/* Called after the first file was read and before it is used. root has the contents of that
	 * file only. May set the options above. Returns 0, or -1 after an error. Or NULL. */
	int (*begin)(void *ctx, const struct cfg *c, struct hjson_node *root,
		     struct cfg_options *options, struct diags *diags);
	void *begin_ctx;
};

/* The git work tree of the current directory, in mem; NULL: there is none. */
const char *cfg_proj_root(struct arena *mem);
/* The branch of the work tree that contains dir, with '/' as '-'; "default" if there is none. */
const char *cfg_branch(struct arena *mem, const char *dir);

/* The state of a git work tree, as reported by the command `git`. Texts are in the arena. */
struct cfg_revision {
	const char *commit, *commit_short; /* "" if there is no commit, or no git */
	const char *url; /* URL of the commit at the origin, without credentials; NULL: no origin */
	bool is_dirty;	 /* tracked files differ from the commit */
};
struct cfg_revision_query;
/* Starts git and does not wait for it, because it takes longer than reading most configurations. */
struct cfg_revision_query *cfg_ask_revision(const char *root);
/* Waits for git to end, sets *ret, and frees q. */
void cfg_read_revision(struct cfg_revision_query *q, struct arena *mem, struct cfg_revision *ret);

/* Loads path and its imports. NULL after errors were added to diags; warnings (duplicate keys …)
 * are added, too. */
struct cfg *cfg_load(const char *path, const struct cfg_options *options, struct diags *diags);
/*
 * Loads a configuration that is an object in the first file of options->parent: an inline child of
 * DVSim's. Its {self_dir} is options->scratch_root. It must have a name.
 */
struct cfg *cfg_load_inline(const struct hjson_node *object, const struct cfg_options *options,
			    struct diags *diags);
/* Reads one file as it is: without imports and merging, with a root of any type. NULL
 * after errors. */
struct cfg *cfg_parse(const char *path, struct diags *diags);
/* The same (if text is not NULL, path is not read), but strings and keys may contain \u0000: for
 * code that only shows them. */
struct cfg *cfg_parse_as_is(const char *path, const struct cfg_text *text, struct diags *diags);
/* Like cfg_parse() for a text that is not in a file. shown: its name in messages. */
struct cfg *cfg_parse_text(const char *shown, const char *text, size_t n, struct diags *diags);
void cfg_free(struct cfg *c); /* accepts NULL */
/* c takes ownership of child and frees it in cfg_free(). */
void cfg_keep(struct cfg *c, struct cfg *child);

struct hjson_node *cfg_root(const struct cfg *c); /* an object; not yet expanded */
struct hjson_doc *cfg_doc(const struct cfg *c);
/* The text of n, which is a string of c. */
const char *cfg_string(const struct cfg *c, const struct hjson_node *n);
struct arena *cfg_mem(const struct cfg *c);
const char *cfg_path(const struct cfg *c); /* absolute */
const char *cfg_dir(const struct cfg *c);  /* absolute */

/* Adds the absolute paths of all files that were read, also for imports and kept children. */
void cfg_add_files(const struct cfg *c, struct map *to);

/* Applies `overrides: [{name, value}…]` to the root. Returns 0, or -1 after errors. */
int cfg_override(struct cfg *c, struct diags *diags);

/* Names without a value that are not an error. */
struct cfg_expand_options {
	bool is_lenient;	    /* unknown wildcards are left unchanged */
	const char *const *ignored; /* names that are never expanded; NULL-terminated, or NULL */
};
/* Expands {wildcards} and {eval_cmd} in all strings of the root, with the values of the root's
 * keys. Returns 0, or -1 after errors. */
int cfg_expand(struct cfg *c, const struct cfg_expand_options *options, struct diags *diags);

/* The same in two steps. The first step expands everything that needs no command and starts the
 * commands, which run while the caller does other work. The second step waits for them and expands
 * the rest. */
struct cfg_expansion;
struct cfg_expansion *cfg_expand_begin(struct cfg *c, const struct cfg_expand_options *options,
				       struct diags *diags);
int cfg_expand_end(struct cfg_expansion *x); /* frees x; 0, or -1 after errors */

/* Number of different {eval_cmd} commands so far, of all configurations that share them. */
size_t cfg_n_commands(const struct cfg *c);
/* Waits until the first n commands have ended. */
void cfg_wait_commands(struct cfg *c, size_t n);
/* The total time spent in waiting for commands. */
double cfg_waited_s(const struct cfg *c);

/* The exit status of the first {eval_cmd} that failed (128 + signal if a signal ended it); 0: none
 * failed. */
int cfg_eval_status(const struct cfg *c);

/* Kills running {eval_cmd} commands and starts no more, in the whole process. Async-signal-safe,
 * for signal handlers. */
void cfg_interrupt(void);

/* The position of a node or its key for messages. The functions below add messages that show the
 * line with a caret. */
struct src_pos cfg_pos(const struct cfg *c, hjson_pos pos);
/* The start of the configuration, as the position of messages about missing keys. */
struct src_pos cfg_start(const struct cfg *c);
struct diag *cfg_error(const struct cfg *c, struct diags *diags, const struct hjson_node *at,
		       const char *fmt, ...) _printf_(4, 5);
struct diag *cfg_key_error(const struct cfg *c, struct diags *diags,
			   const struct hjson_node *member, const char *fmt, ...) _printf_(4, 5);
struct diag *cfg_warning(const struct cfg *c, struct diags *diags, const struct hjson_node *at,
			 const char *fmt, ...) _printf_(4, 5);

/*
 * Replaces string, a text with {words}, by value, which must not be used afterwards. Messages about
 * the new value have the position of the text, and notes with the origins given to
 * cfg_add_origin().
 */
void cfg_replace(struct cfg *c, struct hjson_node *string, struct hjson_node *value);
void cfg_add_origin(struct cfg *c, const struct hjson_node *value, struct src_pos pos,
		    const char *text);
/* Makes a value of text, of the same type as like: a number or a boolean. It becomes a string if
 * like is NULL or a string, or if text does not have that type. */
struct hjson_node *cfg_value_like(const struct cfg *c, const struct hjson_node *like,
				  const char *text, hjson_pos pos);
/* The text that value replaced; NULL: it replaced none. */
const char *cfg_written(const struct cfg *c, const struct hjson_node *value);

/* Appends the tree, one line `path = value # file:line:col` per leaf. */
void cfg_show(const struct cfg *c, struct str *out);
/* The same, but only values that replaced a text. */
void cfg_show_replaced(const struct cfg *c, struct str *out);

/* ---- wildcards in a single text (flows expand them per job) ---- */
/* Returns the value of a name (borrowed), or NULL if there is none. */
typedef const struct hjson_node *cfg_lookup(void *ctx, const char *name, size_t len);
struct cfg_subst {
	cfg_lookup *lookup;
	void *ctx;
	struct cfg_expand_options options;
	bool no_env;  /* do not fall back to the environment */
	bool no_eval; /* treat {eval_cmd} as an ordinary name */
	/* If a command has not run yet: it is started, this is set to true, and the result is "".
	 * NULL: cfg_subst_text() waits for commands. */
	bool *waits;
};
/* Returns text with all wildcards expanded, owned by c; or NULL with err, without a position.
 * cfg_hint_output() then adds the output of a failed command. */
const char *cfg_subst_text(struct cfg *c, const struct cfg_subst *s, const char *text,
			   struct error *err);
/* If cfg_subst_text() failed because of a command: adds the last lines of its output to e. */
void cfg_hint_output(const struct cfg *c, struct diag *e);

#endif
