/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line: the words it consists of, or the shell that must find that out. Starting a
 * program by its words costs half of what a shell in between costs, and leaves one process less to
 * kill; so the shell is used only where it could matter.
 */
#ifndef FLOW_NATIVE_COMMAND_H
#define FLOW_NATIVE_COMMAND_H

#include "base/arena.h"

/* NULL-terminated; NULL if a shell might see something else in text, or if there is no word. */
const char *const *command_words(struct arena *mem, const char *text);
/* What to execute: the words, or /bin/sh -c text. NULL: text is blank. */
const char *const *command_argv(struct arena *mem, const char *text);

/* For people, on one line: {attempt} by that name, line breaks as \n. text itself if it is fit. */
const char *command_shown(struct arena *mem, const char *text);
/* The same for words, quoted where a shell would need it. */
const char *command_shown_argv(struct arena *mem, const char *const *argv);

#endif
