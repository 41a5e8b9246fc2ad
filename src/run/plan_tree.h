/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template of plan.json that is parsed once. Its numbers that vary are integers of the tree, or
 * parts of strings: a record of the template is the tree with these leaves set.
 */
#ifndef RUN_PLAN_TREE_H
#define RUN_PLAN_TREE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/str.h"
#include "base/vec.h"

/* A number of the template's text that varies. */
struct plan_place {
	size_t at, len;
	size_t variable;
};

struct plan_places {
	VEC(struct plan_place) list; /* in ascending order */
};

struct plan_value {
	const char *s;
	size_t len;
};

/* The text before a number that varies, decoded, and its variable. */
struct plan_part {
	char *text;
	size_t len, variable;
};

struct plan_leaf {
	json_t *node;	/* borrowed from the tree */
	size_t n_parts; /* 0: an integer */
	char *rest;	/* the text after the last number */
	size_t rest_len, variable;
};

struct plan_tree {
	json_t *root; /* NULL: records must be made from the text */
	VEC(struct plan_leaf) leaves;
	VEC(struct plan_part) parts; /* of all leaves, in order */
	struct str text;
};

/* Only a text as dvsched writes it becomes a tree: without blanks, a number that varies is a whole
 * integer or in a string, and not in an escape. Any other text: root is NULL. */
void plan_tree_init(struct plan_tree *t, const struct str *text, const struct plan_places *places);
void plan_tree_done(struct plan_tree *t);
/* Sets the leaves. false: values that only the text can show: not digits, or no integer of JSON. */
bool plan_tree_set(struct plan_tree *t, const struct plan_value *values, size_t n);

#endif
