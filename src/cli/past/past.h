/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that show a run and its jobs from its record.
 *
 * In cli/past/: `ls`, `show` and `log`, and how the user names a run and a job of it. Entries:
 * cmd_ls(), cmd_show() and cmd_log().
 */
#ifndef CLI_PAST_PAST_H
#define CLI_PAST_PAST_H

#include "cli/args/options.h"

int cmd_ls(const struct args *args);
int cmd_show(const struct args *args);
int cmd_log(const struct args *args);

#endif
