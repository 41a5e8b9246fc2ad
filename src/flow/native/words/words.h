/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {words} in what is the same for all jobs: settings of backends, the name of a backend. Only
 * `vars`, {scratch} and {cfg_dir} have a value there; any other word is an error.
 *
 * In flow/native/words/: variables, the axes of sweeps, and templates of texts with {words}.
 * Entries: words_text(), sweep_read().
 */
#ifndef FLOW_NATIVE_WORDS_WORDS_H
#define FLOW_NATIVE_WORDS_WORDS_H

#include "flow/native/words/load.h"

/* t with its words replaced, in the load's arena. key: for messages. */
const char *words_text(struct load *l, const char *key, const struct text *t);
/* Notes of where the words in string, which is as it was written, have their values from. */
void words_note(struct load *l, struct diag *e, struct hjson_node *string);
/* All strings of l->backends, in place; what was replaced before stays. A text that is one word
 * becomes what the variable is: a number, true or false, or a string. */
void words_in_backends(struct load *l);

#endif
