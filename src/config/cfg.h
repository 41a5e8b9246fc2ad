/* SPDX-License-Identifier: Apache-2.0 */
/* Private to config: the parts of a configuration. */
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
	const struct cfg_text *text; /* contents of path; NULL: they are read from the file */
	struct evals *evals;	     /* the {eval_cmd} commands that were run so far */
	struct cfg *parent;	     /* the owner of evals; NULL: this configuration */
	bool shares_doc;	     /* doc is the parent's */
	struct cfg *children, *next; /* cfg_keep() */
	struct map files;	     /* paths of files that were read -> c */
	struct map replaced;	     /* position -> struct replaced */
	struct str room;	     /* of cfg_subst_text(), kept for the next text */
	int eval_status;	     /* of the first {eval_cmd} that failed and was reported */
	const char *eval_output;     /* the output of the command because of which cfg_subst_text()
				failed; or NULL */
};

/* Records the exit status of an {eval_cmd} that failed (0: no effect), for c and its parents. Only
 * the first one is kept. */
void cfg_note_status(struct cfg *c, int status);

/* Sets ret to a map from key to member of the root as it is now. The caller must map_done() it. */
void cfg_index(const struct cfg *c, struct map *ret);

/* The name of the configuration in messages. */
const char *cfg_shown(const struct cfg *c);
/* The path for messages: relative if it is below the current directory. */
const char *cfg_shown_path(struct arena *a, const char *path);

/* Adds a message about the len bytes at pos. cfg_error() etc. do this for nodes. */
struct diag *cfg_report(const struct cfg *c, struct diags *diags, enum diag_level level,
			hjson_pos pos, size_t len, const char *msg);
/* The rest of the line from pos on, not NUL-terminated. */
const char *cfg_rest_of_line(const struct cfg *c, hjson_pos pos, size_t *ret_len);
/* Adds a note with the text `what` at the position of `at`; if `at` is from no file, the note says
 * where it is from. */
void cfg_note(const struct cfg *c, struct diag *e, const struct hjson_node *at, const char *what);
/* Adds the error of a failed expansion of string, with the caret under the wrong wildcard. known:
 * names to suggest for an unknown name. Empties err. */
struct diag *cfg_subst_fault(struct cfg *c, struct diags *diags, const struct hjson_node *string,
			     struct subst_error *err, const struct map *known);
/* Adds notes with the origins (cfg_add_origin()) of the value `at`, which may be NULL. */
void cfg_note_origins(const struct cfg *c, struct diag *e, const struct hjson_node *at);
/* "a string", "a list", … */
const char *cfg_kind(const struct hjson_node *n);
/* Appends a short form of a value for messages: "abc", 12, a list, … */
void cfg_add_brief(const struct cfg *c, struct str *out, const struct hjson_node *value);

#endif
