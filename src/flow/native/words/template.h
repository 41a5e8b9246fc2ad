/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text with {words} in it, taken apart once and put together for each job.
 *
 * {word} is replaced if it is an axis of the job's sweep, a variable, or one of our own words;
 * {{word}} is a literal {word}; ${word} is the shell's; all other braces stay. A value is not
 * looked into again.
 */
#ifndef FLOW_NATIVE_WORDS_TEMPLATE_H
#define FLOW_NATIVE_WORDS_TEMPLATE_H

#include "flow/native/load.h"
#include "flow/native/words/sweep.h"

/* What differs between jobs, in the order of an array of values; the axes come after these. */
enum { VALUE_NAME, VALUE_ODIR, VALUE_LOG, VALUE_NEEDS, VALUE_FIRST_AXIS };

/* Our own words that a key may use; {scratch} and {cfg_dir} are allowed everywhere. */
enum template_words {
	WORDS_NONE = 0,
	WORDS_NAME = BIT(0),
	WORDS_DIRS = BIT(1),	/* {odir} {log} {needs} */
	WORDS_ATTEMPT = BIT(2), /* known only when the job starts */
	WORDS_IN_JSON = BIT(3), /* the text is JSON: values stand in its strings */
	WORDS_KNOWN = BIT(4),	/* one that is not known is an error, and does not stay */
	WORDS_ALL = WORDS_NAME | WORDS_DIRS | WORDS_ATTEMPT,
};

struct segment {
	const char *literal; /* NULL: a value */
	uint32_t len, value;
};

struct template
{
	const struct segment *segments;
	uint32_t n;
	bool has_attempt;
	const char *same;	 /* the text, if it is the same in every job; else NULL */
	const struct text *text; /* where it came from */
};

struct template_list {
	const struct template *at;
	uint32_t n;
};

/* key: for messages. text is borrowed. Errors go to the load's list. */
void template_compile(struct load *l, const struct sweep *sweep, const char *key,
		      const struct text *text, enum template_words allowed, struct template *ret);
/* Appends it. */
void template_render(const struct template *t, const char *const *values, struct str *out);
/* t asks for this value. */
bool template_uses(const struct template *t, uint32_t value);
/* As it stands inside a JSON string, in mem; value itself if it needs no escape. */
const char *template_json_value(struct arena *mem, const char *value);
/* All of them are the same in every job. */
bool template_list_is_same(const struct template_list *list);

#endif
