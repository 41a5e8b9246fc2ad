/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include "unit.h"

/* Random pushes, changes and removals against an array that is searched from end to end. */
enum { N_ITEMS = 300, N_STEPS = 20000 };

struct item {
	struct heap_node node;
	unsigned key, id;
};

static bool less(const struct heap_node *a, const struct heap_node *b, void *ctx)
{
	const struct item *x = container_of(a, const struct item, node);
	const struct item *y = container_of(b, const struct item, node);

	(*(unsigned *)ctx)++;
	return x->key != y->key ? x->key < y->key : x->id < y->id;
}

static struct item *smallest(struct item *items)
{
	struct item *best = NULL;
	unsigned ignored = 0;

	for (unsigned i = 0; i < N_ITEMS; i++)
		if (heap_is_in(&items[i].node) &&
		    (!best || less(&items[i].node, &best->node, &ignored)))
			best = &items[i];
	return best;
}

static void change_one(struct heap *h, struct item *it, unsigned key)
{
	if (!heap_is_in(&it->node)) {
		it->key = key;
		heap_push(h, &it->node);
	} else if (key % 3 == 0) {
		heap_remove(h, &it->node);
	} else {
		it->key = key;
		heap_moved(h, &it->node);
	}
}

static void top_is_the_smallest_after_any_change(void **state)
{
	static struct item items[N_ITEMS];
	unsigned seed = 7, n_calls = 0;
	struct heap h;

	(void)state;
	heap_init(&h, less, &n_calls);
	for (unsigned i = 0; i < N_ITEMS; i++) {
		items[i].id = i;
		heap_node_init(&items[i].node);
	}
	for (unsigned i = 0; i < N_STEPS; i++) {
		struct item *best;

		change_one(&h, &items[next_random(&seed) % N_ITEMS], next_random(&seed) % 97);
		best = smallest(items);
		assert_ptr_equal(heap_top(&h), best ? &best->node : NULL);
	}
	heap_done(&h);
}

static void pops_come_in_order_and_ties_by_id(void **state)
{
	static struct item items[N_ITEMS];
	unsigned seed = 11, n_calls = 0;
	const struct item *last = NULL;
	struct heap_node *node;
	struct heap h;

	(void)state;
	heap_init(&h, less, &n_calls);
	for (unsigned i = 0; i < N_ITEMS; i++) {
		items[i].id = i;
		items[i].key = next_random(&seed) % 10;
		heap_node_init(&items[i].node);
		heap_push(&h, &items[i].node);
	}
	while ((node = heap_pop(&h))) {
		const struct item *it = container_of(node, const struct item, node);

		assert_false(heap_is_in(node));
		assert_true(!last || less(&last->node, node, &n_calls));
		last = it;
	}
	assert_int_equal(h.n, 0);
	heap_done(&h);
}

/* A scan would be N_ITEMS comparisons a change; a heap needs a few per level. */
static void a_change_costs_comparisons_by_the_logarithm(void **state)
{
	static struct item items[N_ITEMS];
	unsigned seed = 3, n_calls = 0;
	struct heap h;

	(void)state;
	heap_init(&h, less, &n_calls);
	for (unsigned i = 0; i < N_ITEMS; i++) {
		items[i].id = i;
		items[i].key = next_random(&seed);
		heap_node_init(&items[i].node);
		heap_push(&h, &items[i].node);
	}
	for (unsigned i = 0; i < N_ITEMS; i++) {
		n_calls = 0;
		items[i].key = next_random(&seed);
		heap_moved(&h, &items[i].node);
		assert_in_range(n_calls, 1, 40);
	}
	heap_done(&h);
}

static void an_empty_heap_has_no_top(void **state)
{
	struct heap h;

	(void)state;
	heap_init(&h, less, NULL);
	assert_null(heap_top(&h));
	assert_null(heap_pop(&h));
	heap_done(&h);
}

static void a_heap_gives_back_what_many_nodes_took(void **state)
{
	enum { N_MANY = 5000 };
	static struct item items[N_MANY];
	unsigned n_calls = 0;
	uint32_t cap;
	struct heap h;

	(void)state;
	heap_init(&h, less, &n_calls);
	for (unsigned i = 0; i < N_MANY; i++) {
		heap_node_init(&items[i].node);
		heap_push(&h, &items[i].node);
	}
	while (h.n > N_MANY / 8)
		heap_pop(&h);
	assert_true(h.cap < N_MANY / 2);
	while (heap_pop(&h))
		;
	cap = h.cap; /* of few nodes it is kept: they come and go */
	assert_in_range(cap, 1, 1024);
	heap_push(&h, &items[0].node);
	assert_ptr_equal(heap_pop(&h), &items[0].node);
	assert_int_equal(h.cap, cap);
	heap_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(top_is_the_smallest_after_any_change),
		cmocka_unit_test(pops_come_in_order_and_ties_by_id),
		cmocka_unit_test(a_change_costs_comparisons_by_the_logarithm),
		cmocka_unit_test(an_empty_heap_has_no_top),
		cmocka_unit_test(a_heap_gives_back_what_many_nodes_took),
	};

	return RUN(tests);
}
