/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expands {wildcards} in one text. The rules are in docs/reference/config-merge.md. Other modules
 * use cfg_subst_text(), which has errors without positions.
 */
#ifndef CONFIG_SUBST_H
#define CONFIG_SUBST_H

#include "config/cfg.h"

enum subst_problem {
	SUBST_UNKNOWN,	/* the name has no value */
	SUBST_BAD_TYPE, /* its value is not a text, a number, or a list of these */
	SUBST_CIRCULAR,
	SUBST_EVAL,	 /* a command failed, or contains unknown wildcards */
	SUBST_TOO_LARGE, /* a limit of dvsched was exceeded */
	SUBST_BLOCKED,	 /* not an error: the text waits for a command (subst.collect) */
};

struct subst_error {
	enum subst_problem problem;
	char *msg;    /* NULL: no error */
	char *name;   /* of the wrong wildcard */
	char *detail; /* the last lines of a command's output, or NULL */
	int status;   /* SUBST_EVAL: the exit status of the command, or 0 */
	/* The string that contains the wildcard, or from which it came; NULL: the given text. */
	const struct hjson_node *node;
	size_t offset; /* of its '{' in that text */
	char *written; /* the name after the '{'; NULL: unknown */
};

struct subst {
	const struct cfg_subst *rules;
	struct hjson_doc *doc; /* the document of the values */
	struct evals *evals;
	bool collect; /* start commands that have not run yet, and return SUBST_BLOCKED */
};

/* A lookup returns this for a value that waits for a command. */
extern const struct hjson_node subst_blocked;

/* Appends the expanded text to out. Returns 0, or -1 with err. */
int subst_expand(const struct subst *s, const char *text, size_t len, struct str *out,
		 struct subst_error *err);
void subst_error_done(struct subst_error *err);

/*
 * Appends a value as text: a string as it is, a number as its digits, true as 1, a list as its
 * elements with blanks between them, an object as its keys in the same way. false: the value has no
 * text.
 */
bool subst_add_value(struct hjson_doc *doc, const struct hjson_node *value, struct str *out);

#endif
