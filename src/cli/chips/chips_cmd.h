/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subcommands of `dvsched chips`, one function each. They print to standard output; errors go
 * to diags. Each returns the exit code for the case that diags has no errors.
 *
 * In cli/chips/: one file for each subcommand, and finding the pools (pools.h). Entry: cmd_chips().
 */
#ifndef CLI_CHIPS_CHIPS_CMD_H
#define CLI_CHIPS_CHIPS_CMD_H

#include "cli/args/options.h"

int cmd_chips(const struct args *args);

/* The words after the subcommand, divided by kind. */
struct chips_words {
	const char *cfg;	    /* NULL: none */
	const char *const *devices; /* NULL-terminated */
	size_t n_devices;
};

/* The value of an option as JSON. The option gives an Hjson object, or a file that contains one
 * ("x.hjson", "@x.hjson", "-"). otherwise: the result if it is not given, or after an error. */
const char *chips_object(const struct args *args, enum opt opt, const char *otherwise,
			 struct diags *diags);

int chips_list(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_drivers(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_clear(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_quarantine(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_probe(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_check(const struct args *args, const struct chips_words *w, struct diags *diags);

#endif
