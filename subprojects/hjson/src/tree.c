/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, building and changing trees. */
#include "doc.h"
#include "walk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *hjson_type_name(enum hjson_type type)
{
	static const char *const names[] = {
		[HJSON_NULL] = "null",	      [HJSON_BOOL] = "true or false",
		[HJSON_INT] = "whole number", [HJSON_REAL] = "number",
		[HJSON_STRING] = "string",    [HJSON_ARRAY] = "array",
		[HJSON_OBJECT] = "object",
	};

	static_assert(sizeof(names) / sizeof(*names) == HJSON_TYPE_COUNT, "every type has a name");
	return names[type];
}

static bool key_is(const struct hjson_node *m, const char *key, size_t len)
{
	return m->key && m->key_len == len && (len == 0 || memcmp(m->key, key, len) == 0);
}

bool hjson_key_is(const struct hjson_node *member, const char *key)
{
	return key_is(member, key, strlen(key));
}

/* What points at the member that counts; NULL: there is none. */
static struct hjson_node **find(struct hjson_node **link, const char *key, size_t len)
{
	for (; *link; link = &(*link)->next) {
		if (!(*link)->shadowed && key_is(*link, key, len))
			return link;
	}
	return NULL;
}

struct hjson_node *hjson_get_n(const struct hjson_node *obj, const char *key, size_t key_len)
{
	struct hjson_node *m;

	if (!obj || obj->type != HJSON_OBJECT)
		return NULL;
	hjson_for_each (m, obj) {
		if (!m->shadowed && key_is(m, key, key_len))
			return m;
	}
	return NULL;
}

struct hjson_node *hjson_get(const struct hjson_node *obj, const char *key)
{
	return hjson_get_n(obj, key, strlen(key));
}

const char *hjson_cstr(struct hjson_doc *doc, struct hjson_node *string)
{
	assert(string->type == HJSON_STRING);
	if (!string->cstr) {
		string->str = arena_copy(&doc->bytes, string->str, string->n);
		string->cstr = 1;
	}
	return string->str;
}

const char *hjson_key_cstr(struct hjson_doc *doc, const struct hjson_node *member)
{
	if (!doc_source_holding(doc, member->key, member->pos))
		return member->key; /* made by doc_key() */
	return arena_copy(&doc->bytes, member->key, member->key_len);
}

/* The shortest text that gives d again, with a decimal point in any locale. */
static int format_real(struct hjson_doc *doc, double d, char *text, size_t size)
{
	int len = 0;

	for (int digits = 15; digits <= 17; digits++) {
		len = doc_format_real(doc, text, size, digits, d);
		if (doc_strtod(doc, text) == d)
			break;
	}
	return len;
}

const char *hjson_number(struct hjson_doc *doc, const struct hjson_node *number, size_t *ret_len)
{
	const struct source *s = doc_source_of(doc, number->pos);
	char text[32];

	assert(number->type == HJSON_INT || number->type == HJSON_REAL);
	if (s && number->len) {
		*ret_len = number->len;
		return s->text + (number->pos - s->base);
	}
	if (number->type == HJSON_INT)
		*ret_len = (size_t)snprintf(text, sizeof(text), "%" PRId64, number->i);
	else
		*ret_len = (size_t)format_real(doc, number->d, text, sizeof(text));
	return arena_copy(&doc->bytes, text, *ret_len);
}

struct hjson_node *hjson_new_node(struct hjson_doc *doc, enum hjson_type type, hjson_pos pos)
{
	struct hjson_node *n = doc_node(doc, type, pos);

	if (type == HJSON_STRING) {
		n->str = "";
		n->cstr = 1;
	}
	return n;
}

struct hjson_node *hjson_new_string(struct hjson_doc *doc, const char *s, size_t len, hjson_pos pos)
{
	struct hjson_node *n = doc_node(doc, HJSON_STRING, pos);

	assert(len <= HJSON_MAX_TEXT);
	n->str = arena_copy(&doc->bytes, s, len);
	n->n = len & HJSON_MAX_TEXT;
	n->cstr = 1;
	return n;
}

struct hjson_node *hjson_new_int(struct hjson_doc *doc, int64_t i, hjson_pos pos)
{
	struct hjson_node *n = doc_node(doc, HJSON_INT, pos);

	n->i = i;
	return n;
}

void hjson_append(struct hjson_doc *doc, struct hjson_node *array, struct hjson_node *element)
{
	struct hjson_node **link = &array->child;

	assert(array->type == HJSON_ARRAY && !element->next && array->n < HJSON_MAX_TEXT);
	if (doc->grown == array)
		link = &doc->grown_last->next;
	while (*link)
		link = &(*link)->next;
	*link = element;
	array->n++;
	element->key = NULL;
	element->key_len = 0;
	doc->grown = array;
	doc->grown_last = element;
}

void hjson_set(struct hjson_doc *doc, struct hjson_node *obj, const char *key, size_t key_len,
	       struct hjson_node *value)
{
	struct hjson_node **link, *old;

	assert(obj->type == HJSON_OBJECT && !value->next);
	link = find(&obj->child, key, key_len);
	value->shadowed = 0;
	if (link) {
		old = *link;
		value->key = old->key;
		value->key_len = old->key_len;
		value->next = old->next;
		old->next = NULL;
		*link = value;
		return;
	}
	assert(obj->n < HJSON_MAX_TEXT && key_len <= HJSON_MAX_TEXT);
	for (link = &obj->child; *link;)
		link = &(*link)->next;
	value->key = doc_key(doc, key, key_len, 0);
	value->key_len = (uint32_t)key_len;
	*link = value;
	obj->n++;
}

bool hjson_remove(struct hjson_node *obj, const char *key)
{
	struct hjson_node **link = &obj->child;
	bool found = false;

	while (*link) {
		struct hjson_node *m = *link;

		if (!hjson_key_is(m, key)) {
			link = &m->next;
			continue;
		}
		*link = m->next;
		m->next = NULL;
		obj->n--;
		found = true;
	}
	return found;
}

static struct hjson_node *copy_one(struct hjson_doc *doc, const struct hjson_node *n)
{
	struct hjson_node *copy = doc_node(doc, n->type, n->pos);

	*copy = *n;
	copy->next = NULL;
	return copy;
}

/*
 * The copy of a container first has the children of the original. They are replaced by copies when
 * the walk reaches the container.
 */
struct hjson_node *hjson_copy(struct hjson_doc *doc, const struct hjson_node *node)
{
	struct hjson_node *copy = copy_one(doc, node);
	struct walk waiting = {0};

	copy->key = NULL;
	copy->key_len = 0;
	copy->shadowed = 0;
	if (walk_is_container(copy))
		walk_enter(&waiting, copy);
	while (waiting.depth) {
		struct hjson_node **link =
			&((struct hjson_node *)waiting.stack[--waiting.depth])->child;

		for (; *link; link = &(*link)->next) {
			const struct hjson_node *rest = (*link)->next;

			*link = copy_one(doc, *link);
			(*link)->next = (struct hjson_node *)rest;
			if (walk_is_container(*link))
				walk_enter(&waiting, *link);
		}
	}
	walk_done(&waiting);
	return copy;
}
