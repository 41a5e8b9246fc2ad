/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that read a testplan. */
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

/* A plan that is being read: its files in the order of import, and their elements. */
struct testplan_reader {
	struct arena *mem;
	struct diags *diags;
	const char *repo_top;
	struct testplan_files *shared; /* NULL: none */
	VEC(struct cfg *) files;
	VEC(struct cfg *) own; /* those of files that are not in shared */
	struct map seen;       /* path -> the file that imports it, or itself */
	struct map variables;  /* name -> struct variable */
	struct map point_names, group_names;
	VEC(struct testplan_point) points;
	size_t n_all, n_groups; /* elements with any tags; covergroups that the tags select */
	const char *const *tags;
};

/* points.c: check an element, and add it if the tags select it. */
void testplan_points_add(struct testplan_reader *r, struct cfg *c, struct hjson_node *e);
void testplan_points_add_group(struct testplan_reader *r, struct cfg *c, struct hjson_node *e);
/* Writes the points to ret, sorted by stage. */
void testplan_points_sort(const struct testplan_reader *r, struct dv_testpoint *ret);

/* names.c: adds a variable; replaces each test of p by one name per value of its variables. */
void testplan_names_add(struct testplan_reader *r, struct cfg *c, struct hjson_node *n);
void testplan_names_expand(struct testplan_reader *r, struct testplan_point *p);
bool testplan_is_text_list(const struct hjson_node *list);

#endif
