/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line under the name `dvsim`: Python's argparse, with DVSim's options. Abbreviations
 * stand for DVSim's options only; ours are there under their full names. What argparse refuses is
 * said in its words.
 */
#ifndef CLI_DVSIM_ARGS_H
#define CLI_DVSIM_ARGS_H

#include "base/str.h"
#include "cli/args/options.h"

enum dvsim_type {
	DVSIM_TEXT,
	DVSIM_INT,
	DVSIM_REAL,
	DVSIM_PARALLEL,	  /* a whole number above 0 */
	DVSIM_MULTIPLIER, /* a number above 0 */
	DVSIM_LIMIT,	  /* NAME=N */
	DVSIM_LOWER,	  /* text, made lower case */
};

/* One of DVSim's options, as argparse knows it. */
struct dvsim_option {
	enum opt opt;
	const char *names; /* "--tool -t", in the order in which messages show them */
	char nargs;	   /* '0' '1' '?' '*' '+' */
	bool is_append;	   /* each one adds; else the last one counts */
	enum dvsim_type type;
	const char *choices; /* separated by blanks; NULL: any */
};

extern const struct dvsim_option dvsim_options[]; /* up to one without names */

/*
 * Returns 0, or -1 with one line in *ret_fault (exit code 2). Stops at the first --help or
 * --version, as argparse does.
 */
int dvsim_args_parse(struct args *args, int argc, char **argv, struct str *ret_fault);

#endif
