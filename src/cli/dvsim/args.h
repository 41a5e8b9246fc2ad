/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line under the name `dvsim`, with the rules of Python's argparse and DVSim's options.
 * Abbreviations stand only for DVSim's options; dvsched's own options need their full names. Errors
 * have the words of argparse.
 *
 * In cli/dvsim/: DVSim's command line, its variables in the environment, and dvsim.hjson.
 */
#ifndef CLI_DVSIM_ARGS_H
#define CLI_DVSIM_ARGS_H

#include "base/str.h"
#include "cli/args/options.h"

/*
 * Returns 0, or -1 with one line in *ret_fault (exit code 2). Stops at the first --help or
 * --version, as argparse does.
 */
int dvsim_args_parse(struct args *args, int argc, char **argv, struct str *ret_fault);

#endif
