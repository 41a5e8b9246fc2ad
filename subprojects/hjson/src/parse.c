/* SPDX-License-Identifier: Apache-2.0 */
#include "parse.h"

#include "recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool too_deep(struct scan *s)
{
	fault_set(s, HJSON_TOO_DEEP, s->p, 1, "objects and arrays are nested more than %d deep",
		  HJSON_MAX_DEPTH);
	return fault_other(s, s->source->text + (s->frames[0].node->pos - s->source->base),
			   "the outermost is opened here");
}

static bool open_container(struct scan *s, struct hjson_node *n, enum hjson_type type)
{
	if (s->depth == HJSON_MAX_DEPTH)
		return too_deep(s);
	n->type = type;
	s->frames[s->depth++] = (struct frame){.node = n, .tail = &n->child};
	s->after_value = false;
	s->comma = NULL;
	return true;
}

/* A bracket inside an inner container may be the one that the outer container lacks. */
static void hand_over(struct frame *outer, const struct frame *inner)
{
	for (int b = 0; b < BRACKET_COUNT; b++) {
		if (!outer->swallowed[b].at)
			outer->swallowed[b] = inner->swallowed[b];
	}
}

static void close_container(struct scan *s, const char *end)
{
	struct frame *f = scan_top(s);

	f->node->len = (uint32_t)(scan_pos(s, end) - f->node->pos);
	if (f->node->type == HJSON_OBJECT)
		members_settle(s, f->node);
	s->depth--;
	s->after_value = true;
	if (s->depth)
		hand_over(scan_top(s), f);
}

/* Reads a value into n; containers are only opened. s->p is not at white space. */
static bool read_value(struct scan *s, struct hjson_node *n, const char *key)
{
	if (s->p == s->end || text_is(*s->p, TEXT_PUNCT)) {
		if (s->p < s->end && (*s->p == '{' || *s->p == '[')) {
			n->pos = scan_pos(s, s->p);
			if (!open_container(s, n, *s->p == '{' ? HJSON_OBJECT : HJSON_ARRAY))
				return false;
			s->p++;
			return true;
		}
		return fault_no_value(s, n, key);
	}
	n->pos = scan_pos(s, s->p);
	s->after_value = true;
	if (*s->p == '"' || *s->p == '\'')
		return scan_string(s, n);
	return scan_plain(s, n);
}

static void append(struct frame *f, struct hjson_node *n)
{
	*f->tail = n;
	f->tail = &n->next;
	f->node->n++;
}

static bool read_member(struct scan *s, struct hjson_node *n)
{
	const char *key = s->p;

	if (!scan_key(s, n))
		return false;
	s->p++; /* the colon */
	return scan_blank(s) && read_value(s, n, key);
}

static bool read_item(struct scan *s)
{
	struct frame *f = scan_top(s);
	struct hjson_node *n = doc_node(s->doc, HJSON_NULL, 0);
	bool good = f->node->type == HJSON_OBJECT ? read_member(s, n) : read_value(s, n, NULL);

	if (good)
		append(f, n);
	return good;
}

/* Skips the text between two items: white space, comments, one comma after a value. */
static bool skip_between(struct scan *s)
{
	if (!scan_blank(s))
		return false;
	if (!s->after_value || s->p == s->end || *s->p != ',')
		return true;
	s->comma = s->p++;
	return scan_blank(s);
}

static bool at_close(const struct scan *s, const struct frame *f)
{
	if (f->bare)
		return s->p == s->end;
	return s->p < s->end && *s->p == (f->node->type == HJSON_OBJECT ? '}' : ']');
}

/* Reads until the outermost container is closed. */
static bool read_items(struct scan *s)
{
	while (s->depth) {
		struct frame *f = scan_top(s);

		if (!skip_between(s))
			return false;
		if (at_close(s, f)) {
			if (!f->bare)
				s->p++;
			close_container(s, s->p);
		} else if (!read_item(s)) {
			return false;
		}
	}
	return true;
}

/* The root, followed only by white space and comments. */
static struct hjson_node *read_root(struct scan *s)
{
	struct hjson_node *root = doc_node(s->doc, HJSON_NULL, 0);

	if (!read_value(s, root, NULL) || !read_items(s) || !scan_blank(s))
		return NULL;
	if (s->p < s->end) {
		fault_trailing(s);
		return NULL;
	}
	return root;
}

static struct hjson_node *read_bare_root(struct scan *s)
{
	struct hjson_node *root = doc_node(s->doc, HJSON_OBJECT, scan_pos(s, s->p));

	open_container(s, root, HJSON_OBJECT);
	scan_top(s)->bare = true;
	return read_items(s) ? root : NULL;
}

static void start_again(struct scan *s, const char *at)
{
	s->p = at;
	s->depth = 0;
	s->after_value = false;
	s->lints.n = s->indented.n = 0;
	s->column_at = s->quoted_end = NULL;
	s->fault.at = NULL;
}

/* Errors that are errors in every interpretation of the text. */
static bool is_final(const struct fault *f)
{
	return f->cut_off || f->problem != HJSON_SYNTAX;
}

/*
 * A text that begins neither with { nor with [ is an object without braces, or else a single value.
 * If it is neither, the error is that of the object: the single value fails at the second line of
 * anything.
 */
static struct hjson_node *read_unbraced(struct scan *s)
{
	const char *begin = s->p;
	struct hjson_node *root;
	struct fault first;

	if (s->end - begin >= 3 && memcmp(begin, "'''", 3) == 0)
		return read_root(s); /* never a key */
	root = read_bare_root(s);
	if (root || is_final(&s->fault) || text_is(*begin, TEXT_PUNCT))
		return root;
	first = s->fault;
	start_again(s, begin);
	root = read_root(s);
	if (!root && !is_final(&s->fault))
		s->fault = first;
	return root;
}

struct hjson_node *parse_source(struct scan *s)
{
	const char *bad = text_bad(s->p, s->end);

	if (bad < s->end) {
		fault_set(s, HJSON_BAD_TEXT, bad, 1,
			  *bad ? "the text is not valid UTF-8 here (byte 0x%02x)"
			       : "the text holds a NUL byte",
			  (unsigned char)*bad);
		return NULL;
	}
	if (!scan_blank(s))
		return NULL;
	if (s->p == s->end)
		return doc_node(s->doc, HJSON_OBJECT, scan_pos(s, s->p));
	if (*s->p == '{' || *s->p == '[')
		return read_root(s);
	return read_unbraced(s);
}

void parse_begin(struct scan *s, struct hjson_doc *doc, const struct source *source,
		 struct frame *frames)
{
	*s = (struct scan){.doc = doc, .source = source, .frames = frames};
	s->p = s->start = source->text + source_mark(source);
	s->end = source->text + source->len;
}

void parse_end(struct scan *s)
{
	free(s->indented.all);
	free(s->scratch);
	free(s->keys.slots);
	free(s->lints.all);
}

static void too_large(hjson_pos pos, hjson_report *report, void *ctx)
{
	if (report)
		report(ctx, &(struct hjson_diag){.severity = HJSON_ERROR,
						 .problem = HJSON_TOO_LARGE,
						 .pos = pos,
						 .message = "the text is larger than 64 MiB",
						 .hint = "split it into several files"});
}

struct hjson_node *hjson_parse(struct hjson_doc *doc, const char *name, const char *text,
			       size_t len, hjson_report *report, void *ctx)
{
	bool fits = len <= HJSON_MAX_TEXT;
	struct source *source = doc_add_source(doc, name, text, fits ? len : 0);
	struct frame frames[HJSON_MAX_DEPTH]; /* not cleared: that takes longer than most texts */
	struct hjson_node *root;
	struct scan s;

	if (!source || !fits) {
		too_large(source ? source->base : 0, report, ctx);
		return NULL;
	}
	parse_begin(&s, doc, source, frames);
	root = parse_source(&s);
	if (root) {
		lint_report(&s, report, ctx); /* while the text is as it was written */
		unindent_all(&s);
	} else if (report) {
		recover(source, &s.fault, report, ctx);
	}
	parse_end(&s);
	return root;
}
