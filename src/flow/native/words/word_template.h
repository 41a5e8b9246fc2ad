/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text with {words} in it, as a template.
 *
 * {word} is replaced if it is an axis of the job's sweep, a variable, or one of our own words;
 * {{word}} is a literal {word}; ${word} is the shell's; all other braces stay. A value is not
 * looked into again.
 */
#ifndef FLOW_NATIVE_WORDS_WORD_TEMPLATE_H
#define FLOW_NATIVE_WORDS_WORD_TEMPLATE_H

#include "flow/native/words/load.h"
#include "flow/native/words/sweep.h"
#include "flow/template.h"

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

/* key: for messages. text is borrowed. Errors go to the load's list. */
void word_template_compile(struct load *l, const struct sweep *sweep, const char *key,
			   const struct text *text, enum template_words allowed,
			   struct template *ret);
/* As it stands inside a JSON string, in mem; value itself if it needs no escape. */
const char *word_template_json_value(struct arena *mem, const char *value);

#endif
