/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {words} in texts that are the same for all jobs: settings and names of backends. Only
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
/* Adds notes to e: where the values of the words in string come from. string: as written. */
void words_note(struct load *l, struct diag *e, struct hjson_node *string);
/* Replaces the words in all strings of l->backends, in place; a replaced string is not replaced
 * again. A string that is one word gets the type of its variable: a number, true or false, or a
 * string. */
void words_in_backends(struct load *l);

#endif
