/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of a test differ in their index and seed only. The texts of all of them are expanded at once
 * with these names left standing: {index}, {seed} and {svseed} stay in the text as they are. What
 * comes of it is a template, if a value adds nothing but its digits.
 */
#ifndef FLOW_DV_JOB_STANDING_H
#define FLOW_DV_JOB_STANDING_H

#include "flow/template.h"

enum run_value { RUN_INDEX, RUN_SEED, RUN_SVSEED, N_RUN_VALUES };

struct run_values {
	const char *text[N_RUN_VALUES];
};

/* Their names, for cfg_expand_options.ignored; and each name as it stands in a text. */
extern const char *const standing_names[N_RUN_VALUES + 1];
extern const struct run_values standing_words;

bool standing_is_in(const char *text);
/*
 * Takes text apart. False: a value means more than its digits, because the name of another value is
 * made of it ({opt_{index}}).
 */
bool standing_split(const char *text, struct arena *mem, struct template *ret);
/* Would text be one word for a shell, whatever the values are? */
bool standing_is_shell_word(const char *text);
/* Can values make a and b agree further than they do as they stand? */
bool standing_may_agree(const char *a, const char *b);

#endif
