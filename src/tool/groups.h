/* SPDX-License-Identifier: Apache-2.0 */
/* Summaries with a line per kind of coverage, several of which are shown under one heading. */
#ifndef TOOL_GROUPS_H
#define TOOL_GROUPS_H

#include "tool/tool_row.h"

enum { GROUP_KINDS = 3 };

/* A heading, and the sum of its kinds. */
struct cov_group {
	const char *heading;
	const char *kinds[GROUP_KINDS]; /* the rest NULL */
	double covered, total;
	bool is_there; /* the summary has one of the kinds */
};

/* The group with this kind; NULL: none. The last of groups has the heading NULL. */
struct cov_group *group_of(struct cov_group *groups, struct span kind);
/* Sets ret->pairs, in mem: the score, then the groups with is_there. */
void groups_show(const struct cov_group *groups, const char *score, struct arena *mem,
		 struct tool_coverage *ret);

#endif
