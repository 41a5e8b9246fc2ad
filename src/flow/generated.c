/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/generated.h"

#include "base/fs.h"
#include "config/fields.h"

void generated_read(struct cfg *c, const char *dir, struct plan *plan, struct diags *diags)
{
	struct hjson_node *node = hjson_get(cfg_root(c), "sources"), **nodes;
	struct cfg_fields *f;
	const char *const *globs;
	const char **list;
	size_t n = 0;

	if (!node)
		return;
	f = cfg_fields_new(c, node, "sources", diags);
	globs = cfg_fields_strings(f, "generated", &nodes);
	while (globs && globs[n])
		n++;
	list = arena_array(plan->mem, n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		if (!*globs[i])
			cfg_error(c, diags, nodes[i], "'generated' must not hold an empty string");
		list[i] = path_normalise(plan->mem, path_join(plan->mem, dir, globs[i]));
	}
	plan->generated = list;
	cfg_fields_end(f);
}

/* { generated: [strings…] }, and nothing else. */
static bool generated_is_list(const struct hjson_node *sources)
{
	const struct hjson_node *list = NULL, *n;

	if (sources->type == HJSON_OBJECT)
		list = hjson_get(sources, "generated");
	if (!list || sources->child != list || list->next || list->type != HJSON_ARRAY)
		return false;
	hjson_for_each (n, list)
		if (n->type != HJSON_STRING)
			return false;
	return true;
}

void generated_read_if_any(struct cfg *c, const char *dir, struct plan *plan, struct diags *diags)
{
	const struct hjson_node *sources = hjson_get(cfg_root(c), "sources");

	if (sources && generated_is_list(sources))
		generated_read(c, dir, plan, diags);
}
