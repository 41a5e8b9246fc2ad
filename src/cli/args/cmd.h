/* SPDX-License-Identifier: Apache-2.0 */
/* One function per command; each returns the exit code. */
#ifndef CLI_ARGS_CMD_H
#define CLI_ARGS_CMD_H

#include "cli/args/options.h"

int cmd_run(const struct args *args);
int cmd_resume(const struct args *args);
int cmd_events(const struct args *args);
int cmd_list(const struct args *args);
int cmd_plan(const struct args *args);
int cmd_config(const struct args *args);
int cmd_report(const struct args *args);
int cmd_dashboard(const struct args *args);
int cmd_chips(const struct args *args);

#endif
