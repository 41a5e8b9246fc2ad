/* SPDX-License-Identifier: Apache-2.0 */
/* Where a configuration, its project and its output are, by everything that says so. */
#ifndef CLI_LOAD_PLACE_H
#define CLI_LOAD_PLACE_H

#include "cli/args/options.h"
#include "cli/dvsim/tool_config.h"
#include "config/config.h"

struct place {
	const struct args *args;
	const char *cfg_path;	     /* as given, but in the copy with --remote */
	const struct cfg_text *text; /* of it, which was read from a stream; NULL: it is a file */
	const char *branch;	     /* NULL: of the project's work tree */
	/* Known once the configuration's first file was read: */
	const char *proj_root;	  /* absolute; NULL: there is no project */
	const char *scratch_root; /* absolute */
	struct tool_config tool;  /* empty for native flows */
	bool is_native;		  /* of one of our own flows, not of DVSim's */
	bool is_settled;
};

/* word names a file or a stream. Returns 0, or -1 after errors. All of it lives in args->mem. */
int place_find(const struct args *args, const char *word, struct place *ret, struct diags *diags);
/* Loads the configuration, and settles the rest of p by the flow of its first file. */
struct cfg *place_load(struct place *p, struct diags *diags);
/* -sr, else $SCRATCH_ROOT, else scratch/ in dir. */
const char *place_scratch(const struct args *args, const char *dir);
/* --remote: copies the project, and is in the copy then. Returns 0, or -1 after an error. */
int place_go_remote(struct place *p, struct diags *diags);

#endif
