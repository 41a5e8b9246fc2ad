/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {wildcards} in one text. The rules are in docs/reference/config-merge.md; cfg_subst_text() is the
 * same for other modules, without places.
 */
#ifndef CONFIG_SUBST_H
#define CONFIG_SUBST_H

#include "config/cfg.h"

enum subst_problem {
	SUBST_UNKNOWN,	/* nobody gives the name a value */
	SUBST_BAD_TYPE, /* its value is no text, number or list of them */
	SUBST_CIRCULAR,
	SUBST_EVAL,	 /* a command failed, or was not complete */
	SUBST_TOO_LARGE, /* a limit of ours */
	SUBST_BLOCKED,	 /* no error: the text waits for a command (subst.collect) */
};

struct subst_error {
	enum subst_problem problem;
	char *msg;    /* NULL: no error */
	char *name;   /* of the wildcard that is wrong */
	char *detail; /* the last lines of a command's output, or NULL */
	int status;   /* SUBST_EVAL: the command's, or 0 */
	/* The string whose text the wildcard is in, or came from; NULL: the text that was given. */
	const struct hjson_node *node;
	size_t offset; /* of a '{' in that text */
	char *written; /* the name behind it; NULL: not sure */
};

struct subst {
	const struct cfg_subst *rules;
	struct hjson_doc *doc; /* of the values */
	struct evals *evals;
	bool collect; /* have commands begin that did not, and be blocked */
};

/* What a lookup returns for a value that waits for a command. */
extern const struct hjson_node subst_blocked;

/* Appends text, expanded, to out. Returns 0, or -1 with err. */
int subst_expand(const struct subst *s, const char *text, size_t len, struct str *out,
		 struct subst_error *err);
void subst_error_done(struct subst_error *err);

/*
 * A value as text: a string as it is, numbers by their digits, true as 1, a list with its elements
 * joined by blanks, an object likewise by its keys. False: it has no text.
 */
bool subst_add_value(struct hjson_doc *doc, const struct hjson_node *value, struct str *out);

#endif
