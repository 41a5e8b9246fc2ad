/* SPDX-License-Identifier: Apache-2.0 */
/* Expands the templates of plan.json to records; see plan_templates.h. */
#ifndef RUN_PLAN_EXPAND_H
#define RUN_PLAN_EXPAND_H

#include <jansson.h>

#include "base/str.h"
#include "base/vec.h"
#include "run/plan_tree.h"

/* What is found out about a template with its first record. */
struct plan_form {
	bool is_known, is_good; /* is_good: the numbers that vary exist */
	size_t n_variables;
	struct plan_places places;
	struct plan_tree tree;
};

struct plan_expander {
	struct str *texts;
	const json_t **vary; /* "vary" of each template, borrowed; NULL: none */
	struct plan_form *forms;
	size_t n;
	VEC(struct plan_value) values; /* of the last record */
	struct str text;
};

/* list: the member "templates", which must outlive e; NULL: none. false: template
 * e->n is invalid. */
bool plan_expander_init(struct plan_expander *e, const json_t *list);
void plan_expander_done(struct plan_expander *e);
/*
 * Returns the record as an object, which the caller must json_decref(). It may change with the next
 * call: records of one template share one tree. A record that is written in full is returned
 * itself. NULL: the template does not exist, the values do not fit, or the result is not JSON.
 */
json_t *plan_expand(struct plan_expander *e, json_t *record);

#endif
