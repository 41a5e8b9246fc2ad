/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to subst: one text that is being expanded, with its two halves (see the top of subst.c),
 * its place in the chain of values, and its errors.
 */
#ifndef CONFIG_FRAME_H
#define CONFIG_FRAME_H

#include "config/subst.h"

#define FRAME_NOWHERE SIZE_MAX

enum { FRAME_DEPTH_MOST = 200 };

/* The state shared by all frames of one expansion. */
struct work {
	const struct subst *s;
	struct subst_error *err;
	size_t spent;
};

/* One text: the text to expand, the value of a wildcard, or a command. */
struct frame {
	struct work *work;
	const struct frame *outer;
	unsigned depth;
	const char *name; /* the wildcard whose value this text is; NULL: none */
	size_t name_len;

	const char *in;
	size_t in_len;
	char *room; /* NULL, or the buffer with `in` at its end and free space before it */
	struct str *out;
	size_t floor;  /* offset in out: text before it cannot become part of a wildcard */
	size_t open;   /* offset in out of the last '{' if only a name follows, or FRAME_NOWHERE */
	bool deferred; /* it has a command that is kept because of ignored names */

	/* Position in the text as written: its last `unread` bytes are not in out yet. */
	bool is_written; /* this frame has a text as written: node's, or the given text if node is
			    NULL */
	const struct hjson_node *node;
	size_t written_len, unread;
	size_t at;     /* offset of the last '{', or of the wildcard in whose value it is */
	bool is_at_it; /* at is the last '{' itself */
};

/* len, limited, as a printf() precision for a name, which may be very long. */
int frame_shown(size_t len);

/* These functions set the error and return -1. name: the wrong wildcard. */
int frame_fail(struct frame *f, enum subst_problem problem, const char *name, size_t len,
	       const char *fmt, ...) _printf_(5, 6);
int frame_too_large(struct frame *f, const char *what);
/* Add to the budget, or check the size of the result. Return 0, or -1 with the error set. */
int frame_spend(struct frame *f, size_t cost);
int frame_check_size(struct frame *f, size_t more);

/* Moves n bytes from in to out. */
void frame_pass(struct frame *f, size_t n);
void frame_truncate(struct frame *f, size_t len); /* shortens out */
/* Nothing in out can become part of a wildcard any more. */
void frame_settle(struct frame *f);
/* Inserts the value of a wildcard, which was removed from both halves, between them. It is scanned
 * again if necessary. */
int frame_splice(struct frame *f, const char *text, size_t len);

/* subst.c: expands all of in to out. */
int frame_expand(struct frame *f);
bool frame_is_ignored(const struct frame *f, const char *name, size_t len);
/* command.c: handles {eval_cmd}. out ends with "{eval_cmd", in is the text after its '}'. */
int frame_eval(struct frame *f);

#endif
