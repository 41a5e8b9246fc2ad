/* SPDX-License-Identifier: Apache-2.0 */
/* From the templates of plan.json back to records; see plan_templates.h. */
#ifndef RUN_PLAN_EXPAND_H
#define RUN_PLAN_EXPAND_H

#include <jansson.h>

#include "base/str.h"

struct plan_expander {
	struct str *texts;
	const json_t **vary; /* of each, borrowed; NULL: nothing */
	size_t n;
	struct str text; /* of the last record */
};

/* list: "templates", which must outlive e; NULL: there are none. false: template e->n is wrong. */
bool plan_expander_init(struct plan_expander *e, const json_t *list);
void plan_expander_done(struct plan_expander *e);
/*
 * What stands for a record, as an object that the caller gives back with json_decref(): one that is
 * written in full is itself. NULL: there is no such template, its values do not fit, or it is no
 * JSON.
 */
json_t *plan_expand(struct plan_expander *e, json_t *record);

#endif
