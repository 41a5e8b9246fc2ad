/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of a test differ in their index and seed only. So the texts of all runs are expanded once,
 * with standing names: {index}, {seed} and {svseed} stay in the text as they are. The result is a
 * template, if values only add their digits to it.
 */
#ifndef FLOW_DV_JOB_STANDING_H
#define FLOW_DV_JOB_STANDING_H

#include "flow/template.h"

enum run_value { RUN_INDEX, RUN_SEED, RUN_SVSEED, N_RUN_VALUES };

struct run_values {
	const char *text[N_RUN_VALUES];
	bool is_kept[N_RUN_VALUES]; /* the text is in memory of the plan */
};

/* The names, for cfg_expand_options.ignored; and the names in braces, as they are in a text. */
extern const char *const standing_names[N_RUN_VALUES + 1];
extern const struct run_values standing_words;

bool standing_is_in(const char *text);
/*
 * Makes a template of text. False: values do more than add digits, because the name of another
 * value is composed of them ({opt_{index}}).
 */
bool standing_split(const char *text, struct arena *mem, struct template *ret);
/* Would text be one word for a shell, whatever the values are? */
bool standing_is_shell_word(const char *text);
/* Can values make the common beginning of a and b longer than it is with standing names? */
bool standing_may_agree(const char *a, const char *b);

#endif
