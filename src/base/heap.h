/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive binary heap: the smallest node by less() is on top. Removal from the middle needs no
 * search. less() must be a strict total order (break ties by id), so that every run pops in the
 * same order.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_NOWHERE UINT32_MAX

struct heap_node {
	uint32_t at; /* index in heap.at[]; HEAP_NOWHERE: in no heap */
};

typedef bool heap_less(const struct heap_node *a, const struct heap_node *b, void *ctx);

struct heap {
	struct heap_node **at;
	uint32_t n, cap;
	heap_less *less;
	void *ctx;
};

void heap_init(struct heap *h, heap_less *less, void *ctx);
void heap_done(struct heap *h); /* frees the array; nodes are not changed */
void heap_push(struct heap *h, struct heap_node *node);
struct heap_node *heap_top(const struct heap *h); /* NULL when empty */
struct heap_node *heap_pop(struct heap *h);	  /* NULL when empty */
void heap_remove(struct heap *h, struct heap_node *node);
/* To be called after the key of a node in the heap changed. */
void heap_moved(struct heap *h, struct heap_node *node);

static inline void heap_node_init(struct heap_node *node)
{
	node->at = HEAP_NOWHERE;
}

static inline bool heap_is_in(const struct heap_node *node)
{
	return node->at != HEAP_NOWHERE;
}

#endif
