/* SPDX-License-Identifier: Apache-2.0 */
/* The words of -i, over all configurations of a plan: one that no configuration knows is a slip. */
#ifndef FLOW_DV_ITEMS_H
#define FLOW_DV_ITEMS_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"

struct sim_item {
	const char *text;
	const char *near; /* the nearest name of those that there are; NULL: none */
	bool is_asked, is_found;
};

/* Each once, in the order given; the last has no text. words: NULL or none: `smoke`. */
struct sim_item *sim_items_new(struct arena *mem, const char *const *words);
/* Of an item that a configuration does not have: the names that it has. */
void sim_item_suggest(struct sim_item *item, struct arena *mem, const char *const *names, size_t n);
/* Warns of each that was asked for and found nowhere. where: "here". */
void sim_items_warn(const struct sim_item *items, struct diags *diags, struct src_pos at,
		    const char *where);

#endif
