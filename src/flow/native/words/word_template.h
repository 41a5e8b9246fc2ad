/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text with {words} in it, as a template.
 *
 * {word} is replaced if it is an axis of the job's sweep, a variable, or a built-in word. {{word}}
 * is a literal {word}. ${word} is left to the shell. All other braces stay. {words} in a value are
 * not replaced.
 */
#ifndef FLOW_NATIVE_WORDS_WORD_TEMPLATE_H
#define FLOW_NATIVE_WORDS_WORD_TEMPLATE_H

#include "flow/native/words/load.h"
#include "flow/native/words/sweep.h"
#include "flow/template.h"

/* Indices of the values that differ between jobs; the axes come after these. */
enum { VALUE_NAME, VALUE_ODIR, VALUE_LOG, VALUE_NEEDS, VALUE_FIRST_AXIS };

/* Built-in words that a key may use; {scratch} and {cfg_dir} are allowed everywhere. */
enum template_words {
	WORDS_NONE = 0,
	WORDS_NAME = BIT(0),
	WORDS_DIRS = BIT(1),	/* {odir} {log} {needs} */
	WORDS_ATTEMPT = BIT(2), /* known only when the job starts */
	WORDS_IN_JSON = BIT(3), /* the text is JSON: values are put into its strings */
	WORDS_KNOWN = BIT(4),	/* an unknown word is an error; without this flag it stays */
	WORDS_ALL = WORDS_NAME | WORDS_DIRS | WORDS_ATTEMPT,
};

/* key: for messages. text is borrowed. Errors go to l->diags. */
void word_template_compile(struct load *l, const struct sweep *sweep, const char *key,
			   const struct text *text, enum template_words allowed,
			   struct template *ret);
/* value as it is inside a JSON string, in mem; value itself if it needs no escape. */
const char *word_template_json_value(struct arena *mem, const char *value);

#endif
