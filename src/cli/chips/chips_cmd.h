/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of `dvsched chips`, one function each. They print what was asked for; errors go to
 * diags. Each returns the exit code that counts if there are none.
 *
 * In cli/chips/: one file for each subcommand, and which pools they mean (pools.h). Entry:
 * cmd_chips().
 */
#ifndef CLI_CHIPS_CHIPS_CMD_H
#define CLI_CHIPS_CHIPS_CMD_H

#include "cli/args/options.h"

/* The words after the part's name, sorted. */
struct chips_words {
	const char *cfg;	    /* NULL: none */
	const char *const *devices; /* NULL-terminated */
	size_t n_devices;
};

/* The value of an option, as JSON: an Hjson object, or a file ("x.hjson", "@x.hjson", "-") that has
 * one. otherwise: it was not given, or after an error. */
const char *chips_object(const struct args *args, enum opt opt, const char *otherwise,
			 struct diags *diags);

int chips_list(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_drivers(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_clear(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_quarantine(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_probe(const struct args *args, const struct chips_words *w, struct diags *diags);
int chips_check(const struct args *args, const struct chips_words *w, struct diags *diags);

#endif
