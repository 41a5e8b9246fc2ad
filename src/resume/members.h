/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two specs of one job, an earlier run's and the present plan's: does a pass of the one still hold
 * for the other? One table has a row for every member of a spec, and says what it means for that.
 */
#ifndef RESUME_MEMBERS_H
#define RESUME_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "job/job_spec.h"

enum member_class {
	MEMBER_DIGESTED, /* a difference makes the job run again */
	MEMBER_COMPARED, /* a limit: a pass holds while what it used is within it */
	MEMBER_LEFT_OUT, /* it has no effect on what the job does */
};

/* What specs are compared in. */
struct comparison {
	const struct plan *was, *is;
	const char *const *accepted; /* words whose differences count as none; or NULL */
	/* The rules that were compared last: many jobs share them. */
	const struct job_rules *last_was, *last_is;
	const struct spec_member *last_difference;
};

typedef bool member_equal(const struct comparison *c, const void *was, const void *is, size_t at);

struct spec_member {
	const char *of, *name; /* the struct and its member */
	size_t at;	       /* offset */
	enum member_class class;
	const char *word;    /* what users call it: --explain, --accept; NULL: left out */
	member_equal *equal; /* of those that are digested; was, is: the structs */
};

extern const struct spec_member spec_members[]; /* ends in one without a name */

/* NULL: none that is digested differs. */
const struct spec_member *specs_difference(struct comparison *c, const struct job_spec *was,
					   const struct job_spec *is);
/* --accept has such a word. */
bool member_word_exists(const char *word);

#endif
