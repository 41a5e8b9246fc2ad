/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of dvsched. Each is a function that returns the exit code.
 *
 * In cli/: main.c, the table of commands (commands.c), and one file for each small command;
 * the commands of runs, of their records and of devices are in cli/run/, cli/past/ and cli/chips/.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args/options.h"

int cmd_events(const struct args *args);
int cmd_list(const struct args *args);
int cmd_plan(const struct args *args);
int cmd_config(const struct args *args);
int cmd_report(const struct args *args);
int cmd_dashboard(const struct args *args);

#endif
