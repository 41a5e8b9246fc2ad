/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One text that is being expanded, inside of subst: its two halves, its place in the chain of
 * values, and how it fails. The picture is at the top of subst.c.
 */
#ifndef CONFIG_FRAME_H
#define CONFIG_FRAME_H

#include "config/subst.h"

#define FRAME_NOWHERE SIZE_MAX

enum { FRAME_DEPTH_MOST = 200 };

/* What all frames of one expansion share. */
struct work {
	const struct subst *s;
	struct subst_error *err;
	size_t spent;
};

/* One text: the whole, the value of a wildcard, or a command. */
struct frame {
	struct work *work;
	const struct frame *outer;
	unsigned depth;
	const char *name; /* the wildcard that this is the value of; NULL: none */
	size_t name_len;

	const char *in;
	size_t in_len;
	char *room; /* NULL, or what `in` stands at the end of, with space in front */
	struct str *out;
	size_t floor; /* in out: what is before cannot become part of a wildcard */
	size_t open; /* in out: the last '{', with nothing but a name behind it; or FRAME_NOWHERE */
	bool deferred; /* a command waits for names that are ignored */

	/* Where in the text as written we are: its last `unread` bytes are not in out yet. */
	bool is_written; /* it is: node's text, or the given one if node is NULL */
	const struct hjson_node *node;
	size_t written_len, unread;
	size_t at;     /* the last '{', or the wildcard whose value it is in */
	bool is_at_it; /* the former */
};

static inline bool frame_is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* len as a printf() precision for a name: a file may hold one of a megabyte. */
int frame_shown(size_t len);

/* All return -1. name: of the wildcard that is wrong. */
int frame_fail(struct frame *f, enum subst_problem problem, const char *name, size_t len,
	       const char *fmt, ...) _printf_(5, 6);
int frame_too_large(struct frame *f, const char *what);
/* Both return 0, or -1 after a failure. */
int frame_spend(struct frame *f, size_t cost);
int frame_check_size(struct frame *f, size_t more);

/* Moves n bytes from in to out. */
void frame_pass(struct frame *f, size_t n);
void frame_truncate(struct frame *f, size_t len); /* out */
/* What is in out cannot become part of a wildcard any more. */
void frame_settle(struct frame *f);
/* What came in place of the wildcard, which is out of both halves: to be looked at again. */
int frame_splice(struct frame *f, const char *text, size_t len);

/* subst.c: all of in, expanded, to out. */
int frame_expand(struct frame *f);
bool frame_is_ignored(const struct frame *f, const char *name, size_t len);
/* command.c: out ends with {eval_cmd without its brace, in is what follows it. */
int frame_eval(struct frame *f);

#endif
