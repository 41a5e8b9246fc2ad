/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python's regular expressions in PCRE2's syntax. Most of both are the same; this rewrites what is
 * not (\Z, {,n}, \uXXXX, \v, \s, [[:alpha:]], (?a) …) and refuses what could change a verdict.
 */
#ifndef JUDGE_PYTHON_REGEX_H
#define JUDGE_PYTHON_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* {0} before; python_regex_done() after, also after a failure. */
struct python_regex {
	struct str text;  /* for PCRE2 */
	uint32_t *origin; /* for each byte of text: the byte of the source it comes from */
	size_t origin_cap;
	struct str warning; /* empty: none */
	struct str error;   /* why it cannot be used */
	size_t error_at;    /* byte of the source */
	bool is_ascii;	    /* (?a) */
	/* Every match begins at the line's start with this text; empty: not known. */
	struct str prefix;
	bool has_prefix;
};

/* 0, or -1 with error and error_at. */
int python_regex_translate(const char *source, struct python_regex *ret);
void python_regex_done(struct python_regex *r);

#endif
