/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive, circular, doubly linked list. A head is a node, too; an unlinked node points to
 * itself. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "base/attr.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline bool list_is_linked(const struct list *node)
{
	return node->next != node;
}

static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_prepend(struct list *head, struct list *node)
{
	list_append(head->next, node);
}

/* No effect on a node that is not linked, if list_init() was called on it. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(node, type, member) container_of(node, type, member)

/* The body may remove `it`, but no other node. */
#define list_for_each(it, head)                                                          \
	for (struct list * (it) = (head)->next, *it##_next = (it)->next; (it) != (head); \
	     (it) = it##_next, it##_next = (it)->next)

#endif
