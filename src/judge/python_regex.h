/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translates Python's regular expressions to PCRE2's syntax. Most of both is the same. Constructs
 * that differ (\Z, {,n}, \uXXXX, \v, \s, [[:alpha:]], (?a) …) are rewritten; those that cannot be
 * translated exactly are rejected.
 */
#ifndef JUDGE_PYTHON_REGEX_H
#define JUDGE_PYTHON_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

/* Must be {0} before the call. Call python_regex_done() afterwards, also after a failure. */
struct python_regex {
	struct str text; /* for PCRE2 */
	VEC(uint32_t)
	origin;		    /* for each byte of text: the offset in the source that it comes from */
	struct str warning; /* empty: none */
	struct str error;   /* why it cannot be translated */
	size_t error_at;    /* offset in the source */
	bool is_ascii;	    /* (?a) */
	/* Each match is at the start of a line and begins with this text; empty: unknown. */
	struct str prefix;
	bool has_prefix;
};

/* Returns 0, or -1 with error and error_at set. */
int python_regex_translate(const char *source, struct python_regex *ret);
void python_regex_done(struct python_regex *r);

#endif
