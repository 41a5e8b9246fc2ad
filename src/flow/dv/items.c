/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/items.h"

#include "base/str.h"

struct sim_item *sim_items_new(struct arena *mem, const char *const *words)
{
	static const char *const smoke[] = {"smoke", NULL};
	struct sim_item *items;
	struct map seen = {0};
	size_t n = 0;

	if (!words || !words[0])
		words = smoke;
	while (words[n])
		n++;
	items = arena_array(mem, n + 1, sizeof(*items));
	for (n = 0; *words; words++)
		if (!map_set(&seen, *words, items))
			items[n++] = (struct sim_item){.text = *words};
	items[n] = (struct sim_item){0};
	map_done(&seen);
	return items;
}

void sim_item_suggest(struct sim_item *item, struct arena *mem, const char *const *names, size_t n)
{
	const char *near = item->near ? NULL : str_suggest(item->text, names, n);

	if (near)
		item->near = arena_strdup(mem, near);
}

void sim_items_warn(const struct sim_item *items, struct diags *diags, struct src_pos at,
		    const char *where)
{
	for (; items->text; items++) {
		struct diag *d;

		if (!items->is_asked || items->is_found)
			continue;
		d = diag_warning(diags, at, "'%s' is no test and no regression %s", items->text,
				 where);
		if (items->near)
			diag_hint(d, "did you mean '%s'?", items->near);
	}
}
