/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of a command that borrows devices: which variables list them, and under which
 * names. The name of a device is the first that exists of: `names` of the pool; its place in the
 * variable that `numbered_by` names, in dvsched's own environment; the driver's lend_as(); its id.
 */
#ifndef BACKENDS_CHIPS_LEND_NAMES_H
#define BACKENDS_CHIPS_LEND_NAMES_H

#include "backends/chips/settings.h"

/* Sets lent_as, machine_id and, for devices named by a text, family of all s->devices. Reads the
 * variable of `numbered_by` with getenv(). */
void lend_names_read(struct arena *mem, struct cfg_fields *f, const struct driver_facts *facts,
		     struct chips_settings *s, struct diags *diags);

/* "A,B" -> {"A", "B", NULL} in mem; NULL: one is not a valid name, or is listed more than once. "":
 * an empty list. */
const char *const *lend_names_variables(struct arena *mem, const char *text);

#endif
