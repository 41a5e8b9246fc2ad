/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include "arena.h"

#include <stdlib.h>

void walk_enter(struct walk *w, const struct hjson_node *container)
{
	if (w->depth == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		w->stack = must_realloc(w->stack, w->room * sizeof(*w->stack));
	}
	w->stack[w->depth++] = container;
}

void walk_done(struct walk *w)
{
	free(w->stack);
	*w = (struct walk){0};
}
