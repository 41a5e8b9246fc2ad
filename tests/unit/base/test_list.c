/* SPDX-License-Identifier: Apache-2.0 */
#include "base/list.h"

#include "unit.h"

struct item {
	int n;
	struct list link;
};

static void assert_items(const struct list *head, const char *want)
{
	char got[32] = "";

	for (const struct list *l = head->next; l != head; l = l->next)
		sprintf(got + strlen(got), "%d", list_entry(l, const struct item, link)->n);
	assert_string_equal(got, want);
	got[0] = '\0';
	for (const struct list *l = head->prev; l != head; l = l->prev) {
		memmove(got + 1, got, strlen(got) + 1);
		got[0] = (char)('0' + list_entry(l, const struct item, link)->n);
	}
	assert_string_equal(got, want);
}

static void nodes_are_linked_at_both_ends_and_taken_out(void **state)
{
	struct item items[5];
	struct list head;

	(void)state;
	list_init(&head);
	assert_true(list_is_empty(&head));
	for (int i = 0; i < 5; i++) {
		items[i].n = i;
		list_init(&items[i].link);
		assert_false(list_is_linked(&items[i].link));
		if (i % 2)
			list_prepend(&head, &items[i].link);
		else
			list_append(&head, &items[i].link);
		assert_true(list_is_linked(&items[i].link));
	}
	assert_items(&head, "31024");
	list_remove(&items[0].link);
	list_remove(&items[0].link);
	assert_false(list_is_linked(&items[0].link));
	assert_items(&head, "3124");
	list_remove(&items[3].link);
	list_remove(&items[4].link);
	assert_items(&head, "12");
	assert_false(list_is_empty(&head));
}

static void the_body_of_a_walk_may_remove_its_node(void **state)
{
	struct item items[4];
	struct list head;
	int seen = 0;

	(void)state;
	list_init(&head);
	for (int i = 0; i < 4; i++) {
		items[i].n = i;
		list_append(&head, &items[i].link);
	}
	list_for_each (l, &head) {
		seen = seen * 10 + list_entry(l, struct item, link)->n + 1;
		if (list_entry(l, struct item, link)->n != 2)
			list_remove(l);
	}
	assert_int_equal(seen, 1234);
	assert_items(&head, "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_linked_at_both_ends_and_taken_out),
		cmocka_unit_test(the_body_of_a_walk_may_remove_its_node),
	};

	return RUN(tests);
}
