/* SPDX-License-Identifier: Apache-2.0 */
/* Summaries with a line per kind of coverage, some of which are shown as one. */
#ifndef TOOL_GROUPS_H
#define TOOL_GROUPS_H

#include "tool/tool_row.h"

enum { GROUP_KINDS = 3 };

/* What is shown under one heading: the sum of those kinds that there are. */
struct cov_group {
	const char *heading;
	const char *kinds[GROUP_KINDS]; /* the rest NULL */
	double covered, total;
	bool is_there;
};

/* Headings end with a NULL one. NULL: no group has the kind. */
struct cov_group *group_of(struct cov_group *groups, struct span kind);
/* The score, then the groups that are there. */
void groups_show(const struct cov_group *groups, const char *score, struct arena *mem,
		 struct tool_coverage *ret);

#endif
