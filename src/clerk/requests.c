/* SPDX-License-Identifier: Apache-2.0 */
#include "clerk/requests.h"

#include <stdlib.h>

#include "base/mem.h"

void requests_init(struct requests *q)
{
	*q = (struct requests){0};
	list_init(&q->waiting);
	list_init(&q->sent);
}

static void request_free(struct request *r)
{
	list_remove(&r->link);
	free(r->key);
	free(r->base);
	free(r->group);
	free(r->name);
	free(r->target);
	free(r);
}

void requests_done(struct requests *q)
{
	list_for_each (it, &q->sent)
		request_free(list_entry(it, struct request, link));
	list_for_each (it, &q->waiting)
		request_free(list_entry(it, struct request, link));
	map_done(&q->by_key);
}

struct request *requests_add(struct requests *q, const struct request *values)
{
	struct request *r = xmalloc(sizeof(*r));

	*r = *values;
	list_init(&r->link);
	list_append(&q->waiting, &r->link);
	if (r->key)
		map_set(&q->by_key, r->key, r);
	return r;
}

void requests_separate(struct requests *q)
{
	map_done(&q->by_key);
}

struct request *requests_take(struct requests *q)
{
	struct request *r;

	if (list_is_empty(&q->waiting))
		return NULL;
	r = list_entry(q->waiting.next, struct request, link);
	list_remove(&r->link);
	list_append(&q->sent, &r->link);
	if (r->key && map_get(&q->by_key, r->key) == r)
		map_remove(&q->by_key, r->key);
	return r;
}

void requests_confirm(struct requests *q, uint64_t n)
{
	for (; n > 0 && !list_is_empty(&q->sent); n--)
		request_free(list_entry(q->sent.next, struct request, link));
}

void requests_repeat(struct requests *q)
{
	while (!list_is_empty(&q->sent)) {
		struct list *last = q->sent.prev;

		list_remove(last);
		list_prepend(&q->waiting, last);
	}
}
