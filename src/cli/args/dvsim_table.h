/* SPDX-License-Identifier: Apache-2.0 */
/* DVSim's own options, as its argparse declares them. */
#ifndef CLI_ARGS_DVSIM_TABLE_H
#define CLI_ARGS_DVSIM_TABLE_H

#include "cli/args/options.h"

enum dvsim_type {
	DVSIM_TEXT,
	DVSIM_INT,
	DVSIM_REAL,
	DVSIM_PARALLEL,	  /* a positive integer */
	DVSIM_MULTIPLIER, /* a positive number */
	DVSIM_LIMIT,	  /* NAME=N */
	DVSIM_LOWER,	  /* text, made lower case */
};

/* One of DVSim's options. */
struct dvsim_option {
	enum opt opt;
	const char *names; /* "--tool -t", in the order in which messages show them */
	char nargs;	   /* '0' '1' '?' '*' '+' */
	bool is_append;	   /* each use adds a value; else the last use counts */
	enum dvsim_type type;
	const char *choices; /* separated by blanks; NULL: any */
};

extern const struct dvsim_option dvsim_options[]; /* the last one has no names */

#endif
