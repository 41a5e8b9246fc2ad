/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error of a source, kept until the scanner has unwound. Every function that makes one
 * returns false, so that it can be returned as it is.
 */
#ifndef HJSON_FAULT_H
#define HJSON_FAULT_H

#include "hjson.h"

struct scan;
struct frame;

struct fault {
	enum hjson_problem problem;
	const char *at; /* NULL: there is no fault */
	size_t len;
	const char *other;
	const char *other_label;
	bool cut_off; /* the text ends where a value should be */
	char message[320];
	char hint[320]; /* "": none */
};

/* A piece of the user's text, fit to be shown inside a message: short, no control characters. */
struct excerpt {
	char s[64];
};
struct excerpt excerpt(const char *from, size_t len);

__attribute__((format(printf, 5, 6))) bool fault_set(struct scan *s, enum hjson_problem problem,
						     const char *at, size_t len, const char *fmt,
						     ...);
__attribute__((format(printf, 2, 3))) bool fault_hint(struct scan *s, const char *fmt, ...);
bool fault_other(struct scan *s, const char *at, const char *label);

/* The mistakes of structure that need a look around to be named well. s->p is where it was noticed.
 */
bool fault_unclosed(struct scan *s); /* the text ends in an object or array */
/* A punctuator or the end where a value should be; key: where the key is written, NULL in an array.
 */
bool fault_no_value(struct scan *s, const struct hjson_node *n, const char *key);
bool fault_no_key(struct scan *s); /* a punctuator where a key should be */
bool fault_no_colon(struct scan *s, const char *key, const char *key_end);
bool fault_trailing(struct scan *s); /* text behind the root */

#endif
