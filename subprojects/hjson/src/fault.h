/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first error of a source, kept until the scanner has unwound. Every function that makes one
 * returns false, so that it can be returned as it is.
 */
#ifndef HJSON_FAULT_H
#define HJSON_FAULT_H

#include "hjson.h"

struct scan;
struct frame;

/*
 * A change of the text that may be what was meant: `cut` bytes at `at` become `insert`. recover.c
 * reads the changed text to find further errors.
 */
struct mend {
	const char *at;
	size_t cut;
	const char *insert; /* a literal */
};

enum { MENDS_MOST = 4 };

struct fault {
	enum hjson_problem problem;
	const char *at; /* NULL: there is no fault */
	size_t len;
	const char *noticed; /* how far the text was read */
	const char *other;
	const char *other_label;
	bool cut_off;	    /* the text ends where a value should be */
	const char *inside; /* a bracket that seems not to be closed; NULL: it is not about that */
	bool is_local;	    /* the mistake is where it is detected, independent of earlier errors */
	bool is_sure;	    /* and its only correction is certainly right */
	struct mend mends[MENDS_MOST];
	unsigned n_mends;
	char message[320];
	char hint[320]; /* "": none */
};

/* A piece of the user's text for a message: short, without control characters. */
struct excerpt {
	char s[64];
};
struct excerpt excerpt(const char *from, size_t len);

__attribute__((format(printf, 5, 6))) bool fault_set(struct scan *s, enum hjson_problem problem,
						     const char *at, size_t len, const char *fmt,
						     ...);
__attribute__((format(printf, 2, 3))) bool fault_hint(struct scan *s, const char *fmt, ...);
bool fault_other(struct scan *s, const char *at, const char *label);
/* One more change that may be what was meant, the likelier one first. */
bool fault_mend(struct scan *s, const char *at, size_t cut, const char *insert);
/* The only change after which the rest of the text is valid: the mistake is inside of a token. */
bool fault_mend_sure(struct scan *s, const char *at, size_t cut, const char *insert);

/* Mistakes of structure, for whose messages the text around s->p is examined.
 */
bool fault_unclosed(struct scan *s); /* the text ends in an object or array */
/* A punctuator or the end where a value should be; key: where the key is written, NULL in an array.
 */
bool fault_no_value(struct scan *s, const struct hjson_node *n, const char *key);
bool fault_no_key(struct scan *s); /* a punctuator where a key should be */
bool fault_no_colon(struct scan *s, const char *key, const char *key_end);
bool fault_trailing(struct scan *s); /* text behind the root */

#endif
