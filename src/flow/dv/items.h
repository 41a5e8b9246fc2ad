/* SPDX-License-Identifier: Apache-2.0 */
/* The words of -i, matched in all configurations of a plan. Those that match nowhere are reported.
 */
#ifndef FLOW_DV_ITEMS_H
#define FLOW_DV_ITEMS_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"

struct sim_item {
	const char *text;
	const char *near; /* a similar name, for a hint; NULL: none */
	bool is_asked, is_found;
};

/* The words without repetitions, in the order given; the last item has no text. Without words:
 * `smoke`. */
struct sim_item *sim_items_new(struct arena *mem, const char *const *words);
/* Sets item->near to a similar name of names, unless it is set. For a configuration without item.
 */
void sim_item_suggest(struct sim_item *item, struct arena *mem, const char *const *names, size_t n);
/* Reports items that were looked for and found nowhere. where: end of the message ("here"). */
void sim_items_warn(const struct sim_item *items, struct diags *diags, struct src_pos at,
		    const char *where);

#endif
