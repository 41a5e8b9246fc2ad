/* SPDX-License-Identifier: Apache-2.0 */
/* Moves nodes between trees, to merge several sources into one tree. */
#include "doc.h"

#include <assert.h>

/* The position that hjson_append() has stored for parent is no longer valid. */
static void forget(struct hjson_doc *doc, const struct hjson_node *parent)
{
	if (doc->grown == parent)
		doc->grown = NULL;
}

struct hjson_node *hjson_take(struct hjson_doc *doc, struct hjson_node *parent)
{
	struct hjson_node *first;

	assert(parent->type == HJSON_ARRAY || parent->type == HJSON_OBJECT);
	first = parent->child;
	if (!first)
		return NULL;
	forget(doc, parent);
	parent->child = first->next;
	parent->n--;
	first->next = NULL;
	return first;
}

void hjson_add_member(struct hjson_node *obj, struct hjson_node *after, struct hjson_node *member)
{
	struct hjson_node **link = after ? &after->next : &obj->child;

	assert(obj->type == HJSON_OBJECT && member->key && !member->next);
	assert(obj->n < HJSON_MAX_TEXT);
	while (*link)
		link = &(*link)->next;
	*link = member;
	obj->n++;
}

void hjson_become(struct hjson_doc *doc, struct hjson_node *node, struct hjson_node *other)
{
	struct hjson_node *next = node->next;

	forget(doc, node);
	forget(doc, other);
	*node = *other;
	node->next = next;
}

void hjson_set_string(struct hjson_doc *doc, struct hjson_node *string, const char *s, size_t len)
{
	assert(string->type == HJSON_STRING && len <= HJSON_MAX_TEXT);
	string->str = arena_copy(&doc->bytes, s, len);
	string->n = len & HJSON_MAX_TEXT;
	string->cstr = 1;
}
