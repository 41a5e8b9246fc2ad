/* SPDX-License-Identifier: Apache-2.0 */
/* Private to config: what a configuration is made of. */
#ifndef CONFIG_CFG_H
#define CONFIG_CFG_H

#include "base/map.h"
#include "config/config.h"

struct evals;
struct subst_error;

struct cfg {
	struct hjson_doc *doc;
	struct arena *mem;
	struct hjson_node *root;
	const char *path, *dir;
	const struct cfg_text *text; /* of path; NULL: it is a file */
	struct evals *evals;	     /* what {eval_cmd} has run so far */
	struct cfg *parent;	     /* whose evals they are; NULL: its own */
	bool shares_doc;	     /* the parent's */
	struct cfg *children, *next; /* cfg_keep() */
	struct map files;	     /* paths that were read -> c */
	struct map replaced;	     /* position -> struct replaced */
	int eval_status;	     /* of the first {eval_cmd} that failed and was reported */
	const char *eval_said; /* what a command said that cfg_subst_text() failed with; or NULL */
};

/* An {eval_cmd} failed with status (0: something else did): the first one counts, for the parents
 * too. */
void cfg_note_status(struct cfg *c, int status);

/* Key -> member of the root, as the tree stands now. The caller's to map_done(). */
void cfg_index(const struct cfg *c, struct map *ret);

/* What messages call the configuration. */
const char *cfg_shown(const struct cfg *c);
/* A path as people click it: relative if it is below the current directory. */
const char *cfg_shown_path(struct arena *a, const char *path);

/* A message about len bytes at pos; cfg_error() and its kin are this for nodes. */
struct diag *cfg_report(const struct cfg *c, struct diags *diags, enum diag_level level,
			hjson_pos pos, size_t len, const char *msg);
/* The line that pos is in, from pos on; a slice. */
const char *cfg_rest_of_line(const struct cfg *c, hjson_pos pos, size_t *ret_len);
/* "first set here", or in words if at was set by no file. */
void cfg_note(const struct cfg *c, struct diag *e, const struct hjson_node *at, const char *what);
/* An expansion of string that failed: the message, with the caret under the wildcard that is
 * wrong. known: suggestions for unknown names. Empties err. */
struct diag *cfg_subst_fault(struct cfg *c, struct diags *diags, const struct hjson_node *string,
			     struct subst_error *err, const struct map *known);
/* Notes of where the words behind a value have theirs from. at may be NULL. */
void cfg_note_origins(const struct cfg *c, struct diag *e, const struct hjson_node *at);
/* "a string", "a list", … */
const char *cfg_kind(const struct hjson_node *n);
/* A value in a few words, for messages: "abc", 12, a list, … */
void cfg_add_brief(const struct cfg *c, struct str *out, const struct hjson_node *value);

#endif
