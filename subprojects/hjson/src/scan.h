/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner's state: one pass over one source. Containers are kept on a stack of fixed size, so
 * no text can make it recurse.
 */
#ifndef HJSON_SCAN_H
#define HJSON_SCAN_H

#include "hjson.h"

#include "doc.h"
#include "fault.h"
#include "lint.h"
#include "members.h"
#include "text.h"
#include "unindent.h"

/* A closing bracket that became part of a quoteless string: why a container may seem never to end.
 */
struct swallowed {
	const char *at; /* NULL: none */
	const char *string;
	const char *string_end;
};

enum bracket { BRACE, SQUARE, BRACKET_COUNT };

struct frame {
	struct hjson_node *node;
	struct hjson_node **tail;
	struct swallowed swallowed[BRACKET_COUNT]; /* the first ones in here */
	bool bare; /* the root object without braces: ends with the text */
};

struct scan {
	struct hjson_doc *doc;
	const struct source *source;
	const char *start; /* behind the byte order mark */
	const char *end;
	const char *p;
	bool after_value;	/* in the current frame: a comma may come */
	const char *comma;	/* the comma just passed, or NULL */
	const char *quoted_end; /* end of the last quoted string, for messages about the text after
				 * it */
	char quote;
	/* Columns are counted from here, so that many positions in one line take linear time. */
	const char *column_at;
	size_t column;
	bool tabbed; /* that line begins with a tab */
	unsigned depth;
	struct frame *frames; /* HJSON_MAX_DEPTH of them, set when they are entered */
	char *scratch;	      /* where strings are decoded */
	size_t scratch_size;
	struct key_table keys;
	struct lints lints;
	struct indented_list indented;
	struct fault fault;
};

static inline hjson_pos scan_pos(const struct scan *s, const char *at)
{
	return s->source->base + (hjson_pos)(at - s->source->text);
}

static inline struct frame *scan_top(struct scan *s)
{
	return &s->frames[s->depth - 1];
}

/* The item that was read last; NULL: none was. */
static inline const struct hjson_node *frame_last(const struct frame *f)
{
	if (f->tail == &f->node->child)
		return NULL;
	return (const void *)((const char *)f->tail - offsetof(struct hjson_node, next));
}

static inline enum bracket frame_bracket(const struct frame *f)
{
	return f->node->type == HJSON_OBJECT ? BRACE : SQUARE;
}

/* Skips white space and comments. False: a comment does not end. */
bool scan_blank(struct scan *s);
/* Reads a key, its colon not included, into n. */
bool scan_key(struct scan *s, struct hjson_node *n);
/* Reads a string in one or three quotes, the opening one at s->p. */
bool scan_string(struct scan *s, struct hjson_node *n);
bool scan_multiline(struct scan *s, struct hjson_node *n);
/* The decoded text between two quotes. false: fault. kept: *ret is in the arena as a key. */
bool scan_quoted(struct scan *s, bool as_key, const char **ret, size_t *ret_len, bool *ret_decoded);
/* Reads a value that has no quotes and no brackets: a literal, a number, or a string. */
bool scan_plain(struct scan *s, struct hjson_node *n);
/* True if a value without quotes may end at p. */
bool scan_at_end_of_plain(const struct scan *s, const char *p);
/* Room for n bytes, to decode into. */
char *scan_scratch(struct scan *s, size_t n);

#endif
