/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include <assert.h>

#include "base/mem.h"
#include "base/vec.h"

enum { HEAP_KEPT = 1024 }; /* capacity that is not given back when the heap empties */

void heap_init(struct heap *h, heap_less *less, void *ctx)
{
	*h = (struct heap){.less = less, .ctx = ctx};
}

void heap_done(struct heap *h)
{
	vec_done(h);
}

static void heap_put(struct heap *h, uint32_t at, struct heap_node *node)
{
	h->at[at] = node;
	node->at = at;
}

static void sift_up(struct heap *h, uint32_t at)
{
	struct heap_node *node = h->at[at];

	while (at > 0) {
		uint32_t parent = (at - 1) / 2;

		if (!h->less(node, h->at[parent], h->ctx))
			break;
		heap_put(h, at, h->at[parent]);
		at = parent;
	}
	heap_put(h, at, node);
}

static void sift_down(struct heap *h, uint32_t at)
{
	struct heap_node *node = h->at[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->less(h->at[child + 1], h->at[child], h->ctx))
			child++;
		if (!h->less(h->at[child], node, h->ctx))
			break;
		heap_put(h, at, h->at[child]);
		at = child;
	}
	heap_put(h, at, node);
}

void heap_push(struct heap *h, struct heap_node *node)
{
	assert(!heap_is_in(node));
	vec_push(h, node);
	sift_up(h, h->n - 1);
}

struct heap_node *heap_top(const struct heap *h)
{
	return h->n ? h->at[0] : NULL;
}

static void heap_shrink(struct heap *h)
{
	h->cap /= 2;
	h->at = xreallocarray(h->at, h->cap, sizeof(struct heap_node *));
}

void heap_remove(struct heap *h, struct heap_node *node)
{
	uint32_t at = node->at;
	struct heap_node *last;

	assert(at < h->n && h->at[at] == node);
	node->at = HEAP_NOWHERE;
	last = h->at[--h->n];
	if (h->n < h->cap / 4 && h->cap > HEAP_KEPT)
		heap_shrink(h);
	if (last == node)
		return;
	heap_put(h, at, last);
	heap_moved(h, last);
}

struct heap_node *heap_pop(struct heap *h)
{
	struct heap_node *top = heap_top(h);

	if (top)
		heap_remove(h, top);
	return top;
}

void heap_moved(struct heap *h, struct heap_node *node)
{
	sift_up(h, node->at);
	sift_down(h, node->at);
}
