/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of reading a testplan share. */
#ifndef FLOW_DV_TESTPLAN_READER_H
#define FLOW_DV_TESTPLAN_READER_H

#include "base/map.h"
#include "base/vec.h"
#include "flow/dv/testplan/testplan.h"

struct testplan_point {
	struct dv_testpoint p;
	struct cfg *cfg;
	struct hjson_node *node;
};

/* A plan on its way: its files in the order of import, their lists one after the other. */
struct testplan_reader {
	struct arena *mem;
	struct diags *diags;
	const char *repo_top;
	VEC(struct cfg *) files;
	struct map seen;      /* path -> the file that imports it, or itself */
	struct map variables; /* name -> struct variable */
	struct map point_names, group_names;
	VEC(struct testplan_point) points;
	size_t n_all, n_groups; /* before the tags, and covergroups after them */
	const char *const *tags;
};

/* points.c: checks an element and adds it, if the tags let it. */
void testplan_points_add(struct testplan_reader *r, struct cfg *c, struct hjson_node *e);
void testplan_points_add_group(struct testplan_reader *r, struct cfg *c, struct hjson_node *e);
/* By stage. */
void testplan_points_sort(const struct testplan_reader *r, struct dv_testpoint *ret);

/* names.c: a variable, and each name once per value of what it holds. */
void testplan_names_add(struct testplan_reader *r, struct cfg *c, struct hjson_node *n);
void testplan_names_expand(struct testplan_reader *r, struct testplan_point *p);

/* reader.c */
bool testplan_is_text_list(const struct hjson_node *list);
const char *testplan_text(struct cfg *c, struct hjson_node *n);

#endif
