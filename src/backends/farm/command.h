/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command of a batch system and collects its output. Blocks: not for use in the loop. */
#ifndef BACKENDS_FARM_COMMAND_H
#define BACKENDS_FARM_COMMAND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* A command that is being written, word by word. All words are in mem. */
struct command_words {
	struct arena *mem;
	const char **at; /* NULL-terminated */
	size_t n, cap;
};

void command_add(struct command_words *w, const char *fmt, ...) _printf_(2, 3);

struct command_end {
	int errnum;	 /* why it could not be started; 0: it was */
	bool is_late;	 /* it was killed because it took too long */
	int exit_status; /* -1: it did not exit by itself */
	struct str out, err;
};

/* argv[0] is looked up in PATH. input: its standard input. Kills it after limit_s. */
void command_run(const char *const *argv, const char *input, size_t n, double limit_s,
		 struct command_end *ret);
void command_end_done(struct command_end *e);
/* "sbatch: error: …": the first line of what it wrote to its standard error, or how it ended. */
void command_explain(const char *name, const struct command_end *e, struct str *to);

#endif
