/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of {eval_cmd} that only rearrange words, done here instead of by a shell and its
 * children: echo through cut, tr and sed, a variable, a loop over words. What comes out is what
 * /bin/sh with the system's tools prints; whatever is not certainly so is left to the shell.
 */
#ifndef CONFIG_TEXT_COMMAND_H
#define CONFIG_TEXT_COMMAND_H

#include "base/str.h"

struct text_regexes;

/* cut, tr and sed are the system's, and nothing in the environment gives them another meaning. */
bool text_tools_are_usual(void);
/* Appends what the command prints. False: the shell has to run it, and ret is as it was. */
bool text_command_run(const char *cmd, struct text_regexes *regexes, struct str *ret);

#endif
