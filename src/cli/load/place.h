/* SPDX-License-Identifier: Apache-2.0 */
/* Where a configuration, its project and its output are, from options, environment and files. */
#ifndef CLI_LOAD_PLACE_H
#define CLI_LOAD_PLACE_H

#include "cli/args/options.h"
#include "cli/dvsim/tool_config.h"
#include "config/config.h"

struct place {
	const struct args *args;
	const char *cfg_path;	     /* as given; with --remote, in the copy */
	const struct cfg_text *text; /* its text, if it came from a stream; NULL: a file */
	const char *branch;	     /* NULL: that of the project's work tree */
	/* Set when the first file of the configuration was read: */
	const char *proj_root;	  /* absolute; NULL: there is no project */
	const char *scratch_root; /* absolute */
	struct tool_config tool;  /* empty for native flows */
	bool is_native;		  /* its flow is dvsched's own, not DVSim's */
	bool is_settled;
};

/* word: a file or a stream. Returns 0, or -1 after errors. All of *ret is in args->mem. */
int place_find(const struct args *args, const char *word, struct place *ret, struct diags *diags);
/* Loads the configuration, and sets the rest of p, depending on the flow of its first file. NULL
 * after errors. */
struct cfg *place_load(struct place *p, struct diags *diags);
/* -sr, else $SCRATCH_ROOT, else scratch/ in dir. */
const char *place_scratch(const struct args *args, const char *dir);
/* --remote: copies the project, and sets p to the copy. Returns 0, or -1 after an error. */
int place_go_remote(struct place *p, struct diags *diags);

#endif
