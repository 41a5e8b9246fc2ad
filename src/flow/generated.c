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
