/* SPDX-License-Identifier: Apache-2.0 */
/* The earlier run that an option names: `--failed [RUN]`, `--skip-passed [RUN]`, `resume --run
 * RUN`. */
#ifndef CLI_LOAD_PAST_CHOICE_H
#define CLI_LOAD_PAST_CHOICE_H

#include "cli/args/options.h"
#include "run/past_run.h"

/* Which run is wanted. */
struct past_query {
	const char *scratch_root;
	const char *which;    /* as run_dir_find(), or "latest": the newest one */
	const char *cfg_path; /* its configuration; NULL: any, or a command */
};

enum past_found { PAST_FOUND, PAST_MISSING, PAST_OF_ANOTHER /* configuration */ };

/* Identifies the run, as past_run_peek(), in mem. Sets err unless it is PAST_FOUND. */
enum past_found past_query_run(const struct past_query *q, struct arena *mem, struct past_run *ret,
			       struct error *err);
/* This process was started by a job of a run. */
bool past_is_nested(void);

struct past_choice {
	enum opt option; /* its value is the run; without one the newest run of the configuration */
	bool takes_any;	 /* the run may be of another configuration */
	const char *scratch_root, *cfg_path;
};

/* Identifies the run, as past_run_peek(), in args->mem. Returns 0, or -1 after errors, which name
 * the option. */
int past_choice_find(const struct past_choice *c, const struct args *args, struct past_run *ret,
		     struct diags *diags);
/* Reads its results, with all jobs, into *run. Returns 0, or -1 after errors, as above. */
int past_choice_read(enum opt option, struct arena *mem, struct past_run *run, struct diags *diags);

#endif
