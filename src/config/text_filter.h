/* SPDX-License-Identifier: Apache-2.0 */
/* Runs cut, tr and sed on one line, in the forms that text commands support. */
#ifndef CONFIG_TEXT_FILTER_H
#define CONFIG_TEXT_FILTER_H

#include "base/str.h"

enum { TEXT_FILTER_WORDS_MOST = 4, TEXT_FILTER_WORD_LEN = 128 };

struct text_filter {
	char words[TEXT_FILTER_WORDS_MOST][TEXT_FILTER_WORD_LEN]; /* without their quotes */
	size_t n;
};

/* A cache of compiled regular expressions: most commands of a configuration use the same few. */
struct text_regexes;

struct text_regexes *text_regexes_new(void);
void text_regexes_free(struct text_regexes *r); /* accepts NULL */

/* Changes the line, which has no newline. false: not supported, the real tool must be run. */
bool text_filter_run(const struct text_filter *f, struct text_regexes *regexes, struct str *line);

#endif
