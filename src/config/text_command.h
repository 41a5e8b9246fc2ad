/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs simple commands of {eval_cmd} without a shell and its child processes: echo piped through
 * cut, tr and sed, variables, loops over words. The output is the same as with /bin/sh and the
 * system's tools. Any command for which this is not certain is left to the shell.
 */
#ifndef CONFIG_TEXT_COMMAND_H
#define CONFIG_TEXT_COMMAND_H

#include "base/str.h"

struct text_regexes;

/* true: cut, tr and sed in PATH are the system's, and no environment variable changes how they or
 * the shell work. */
bool text_tools_are_usual(void);
/* Appends the output of the command to ret. false: the shell must run it, and ret is unchanged. */
bool text_command_run(const char *cmd, struct text_regexes *regexes, struct str *ret);

#endif
