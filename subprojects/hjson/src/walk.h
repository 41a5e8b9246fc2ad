/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks through a tree of any depth without recursion. Every container is visited twice, when it is
 * entered and when it is left.
 */
#ifndef HJSON_WALK_H
#define HJSON_WALK_H

#include "hjson.h"

struct walk {
	const struct hjson_node **stack; /* the containers that were entered and not left */
	size_t depth, room;
};

void walk_enter(struct walk *w, const struct hjson_node *container);
void walk_done(struct walk *w);

static inline bool walk_is_container(const struct hjson_node *n)
{
	return n->type == HJSON_ARRAY || n->type == HJSON_OBJECT;
}

#endif
