/* SPDX-License-Identifier: Apache-2.0 */
/* Where a configuration, its project and its output are, by everything that says so. */
#ifndef CLI_LOAD_PLACE_H
#define CLI_LOAD_PLACE_H

#include "cli/args/options.h"
#include "cli/load/tool_config.h"
#include "config/config.h"

struct place {
	const char *cfg_path;	     /* as given, but in the copy with --remote */
	const struct cfg_text *text; /* of it, which was read from a stream; NULL: it is a file */
	const char *proj_root;	     /* absolute; NULL: there is no project */
	const char *scratch_root;    /* absolute */
	const char *branch;	     /* NULL: of the project's work tree */
	bool is_native;		     /* of one of our own flows, not of DVSim's */
	struct tool_config tool;     /* empty for native ones */
};

/* word names a file or a stream. Returns 0, or -1 after errors. All of it lives in args->mem. */
int place_find(const struct args *args, const char *word, struct place *ret, struct diags *diags);
/* The file imports its flow, and the flow is one of our own: its output lies beside it. */
void place_set_native(const struct args *args, struct place *p);
/* -sr, else $SCRATCH_ROOT, else scratch/ in dir. */
const char *place_scratch(const struct args *args, const char *dir);
/* --remote: copies the project, and is in the copy then. Returns 0, or -1 after an error. */
int place_go_remote(const struct args *args, struct place *p, struct diags *diags);

#endif
