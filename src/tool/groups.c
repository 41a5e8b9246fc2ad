/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/groups.h"

struct cov_group *group_of(struct cov_group *groups, struct span kind)
{
	for (struct cov_group *g = groups; g->heading; g++)
		for (size_t i = 0; i < GROUP_KINDS && g->kinds[i]; i++)
			if (span_is(kind, g->kinds[i]))
				return g;
	return NULL;
}

void groups_show(const struct cov_group *groups, const char *score, struct arena *mem,
		 struct tool_coverage *ret)
{
	size_t n = 1;

	for (const struct cov_group *g = groups; g->heading; g++)
		n++;
	ret->pairs = arena_array(mem, n, sizeof(*ret->pairs));
	coverage_add(ret, "Score", score);
	for (const struct cov_group *g = groups; g->heading; g++)
		if (g->is_there)
			coverage_add(ret, g->heading, coverage_percent(mem, g->covered, g->total));
}
