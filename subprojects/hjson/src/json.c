/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as JSON. */
#include "doc.h"
#include "text.h"
#include "walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct out {
	struct hjson_doc *doc;
	hjson_write *write;
	void *ctx;
	unsigned indent;
	bool good;
	size_t used;
	char buffer[4096];
};

static void flush(struct out *o)
{
	if (o->good && o->used)
		o->good = o->write(o->ctx, o->buffer, o->used);
	o->used = 0;
}

static void put(struct out *o, const char *s, size_t len)
{
	if (len > sizeof(o->buffer) - o->used)
		flush(o);
	if (len > sizeof(o->buffer)) {
		o->good = o->good && o->write(o->ctx, s, len);
		return;
	}
	if (len)
		memcpy(o->buffer + o->used, s, len);
	o->used += len;
}

static void put_word(struct out *o, const char *word)
{
	put(o, word, strlen(word));
}

static void put_escape(struct out *o, char c)
{
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *known = c ? strchr(from, c) : NULL;
	char text[8];

	if (known)
		snprintf(text, sizeof(text), "\\%c", to[known - from]);
	else
		snprintf(text, sizeof(text), "\\u%04x", (unsigned char)c);
	put_word(o, text);
}

static void put_string(struct out *o, const char *s, size_t len)
{
	const char *end = s + len;

	put(o, "\"", 1);
	while (s < end) {
		const char *run = s;

		while (s < end && *s != '"' && *s != '\\' && !text_is(*s, TEXT_CONTROL))
			s++;
		put(o, run, (size_t)(s - run));
		if (s < end)
			put_escape(o, *s++);
	}
	put(o, "\"", 1);
}

static void put_number(struct out *o, const struct hjson_node *n)
{
	char digits[24];
	const char *s;
	size_t len;

	if (n->type == HJSON_INT && !n->big) {
		snprintf(digits, sizeof(digits), "%" PRId64, n->i);
		put_word(o, digits);
		return;
	}
	s = hjson_number(o->doc, n, &len);
	put(o, s, len);
}

static void put_scalar(struct out *o, const struct hjson_node *n)
{
	switch (n->type) {
	case HJSON_NULL:
		put_word(o, "null");
		break;
	case HJSON_BOOL:
		put_word(o, n->i ? "true" : "false");
		break;
	case HJSON_STRING:
		put_string(o, n->str, n->n);
		break;
	default:
		put_number(o, n);
	}
}

static void put_line(struct out *o, size_t depth)
{
	if (!o->indent)
		return;
	put(o, "\n", 1);
	for (size_t i = 0; i < depth * o->indent; i++)
		put(o, " ", 1);
}

static const struct hjson_node *skip_shadowed(const struct hjson_node *n)
{
	while (n && n->shadowed)
		n = n->next;
	return n;
}

static void put_close(struct out *o, const struct hjson_node *n)
{
	put(o, n->type == HJSON_OBJECT ? "}" : "]", 1);
}

/* Writes n, or its opening bracket only; returns the node to go on with, inside; NULL: n is done.
 */
static const struct hjson_node *put_node(struct out *o, struct walk *w, const struct hjson_node *n)
{
	const struct hjson_node *child;

	if (n->key && w->depth) {
		put_string(o, n->key, n->key_len);
		put(o, ": ", 2);
	}
	if (!walk_is_container(n)) {
		put_scalar(o, n);
		return NULL;
	}
	put(o, n->type == HJSON_OBJECT ? "{" : "[", 1);
	child = skip_shadowed(n->child);
	if (!child) {
		put_close(o, n);
		return NULL;
	}
	walk_enter(w, n);
	put_line(o, w->depth);
	return child;
}

/* The node behind n, which is done; closes what ends with it. NULL: the root is done. */
static const struct hjson_node *put_next(struct out *o, struct walk *w, const struct hjson_node *n)
{
	while (w->depth) {
		const struct hjson_node *next = skip_shadowed(n->next);

		if (next) {
			put_word(o, o->indent ? "," : ", ");
			put_line(o, w->depth);
			return next;
		}
		n = w->stack[--w->depth];
		put_line(o, w->depth);
		put_close(o, n);
	}
	return NULL;
}

bool hjson_to_json(struct hjson_doc *doc, const struct hjson_node *node, unsigned indent,
		   hjson_write *write, void *ctx)
{
	struct out o = {.doc = doc, .write = write, .ctx = ctx, .indent = indent, .good = true};
	struct walk w = {0};

	while (node && o.good) {
		const struct hjson_node *child = put_node(&o, &w, node);

		node = child ? child : put_next(&o, &w, node);
	}
	flush(&o);
	walk_done(&w);
	return o.good;
}
