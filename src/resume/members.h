/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the spec of a job in an earlier run with its spec in the current plan: is a pass of the
 * former still valid for the latter? A table has one row per member of a spec, with the effect of a
 * difference.
 */
#ifndef RESUME_MEMBERS_H
#define RESUME_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "job/job_spec.h"

enum member_class {
	MEMBER_DIGESTED, /* a difference makes the job run again */
	MEMBER_COMPARED, /* a limit: a pass is valid if it used no more than the limit allows now */
	MEMBER_LEFT_OUT, /* it has no effect on what the job does */
};

/* The context of comparisons. */
struct comparison {
	const struct plan *was, *is;
	const char *const *accepted; /* words of members whose differences are ignored; or NULL */
	/* Cache: the rules that were compared last, because many jobs share them. */
	const struct job_rules *last_was, *last_is;
	const struct spec_member *last_difference;
};

typedef bool member_equal(const struct comparison *c, const void *was, const void *is, size_t at);

struct spec_member {
	const char *of, *name; /* the struct and its member */
	size_t at;	       /* offset */
	enum member_class class;
	const char *word;    /* its name for users (--explain, --accept); NULL: left out */
	member_equal *equal; /* for MEMBER_DIGESTED; was, is: the structs */
};

extern const struct spec_member spec_members[]; /* the last one has no name */

/* Returns the first member of class MEMBER_DIGESTED that differs; NULL: none. */
const struct spec_member *specs_difference(struct comparison *c, const struct job_spec *was,
					   const struct job_spec *is);
/* --accept knows this word. */
bool member_word_exists(const char *word);

#endif
