/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line is started as a list of words, or by /bin/sh. Starting a program directly takes
 * half the time and leaves one process less to kill, so the shell is used only where the result
 * could differ.
 */
#ifndef FLOW_NATIVE_COMMAND_H
#define FLOW_NATIVE_COMMAND_H

#include "base/arena.h"

/* The words of text, NULL-terminated. NULL: a shell might read text differently, or it is blank. */
const char *const *command_words(struct arena *mem, const char *text);
/* What to execute: the words, or /bin/sh -c text (text is borrowed). NULL: text is blank. */
const char *const *command_argv(struct arena *mem, const char *text);

/* text on one line, for people: {attempt} by its name, line breaks as \n. May be text itself. */
const char *command_shown(struct arena *mem, const char *text);
/* The same for argv, with words quoted where a shell would need it. */
const char *command_shown_argv(struct arena *mem, const char *const *argv);

#endif
