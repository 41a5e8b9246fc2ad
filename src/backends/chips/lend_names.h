/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process that borrows a device finds in its environment: variables, and what stands in them
 * for the device. In this order: `names` of the pool; its place in the variable that `numbered_by`
 * names, as that was when we started; what the driver says (lend_as()); its id.
 */
#ifndef BACKENDS_CHIPS_LEND_NAMES_H
#define BACKENDS_CHIPS_LEND_NAMES_H

#include "backends/chips/settings.h"

/* Sets lent_as and machine_id of all s->devices; environment: that of getenv(). */
void lend_names_read(struct arena *mem, struct cfg_fields *f, const struct driver_facts *facts,
		     struct chips_settings *s, struct diags *diags);

/* "A,B" -> {"A", "B", NULL} in mem; NULL: one is no name of a variable, or stands there twice. "":
 * none. */
const char *const *lend_names_variables(struct arena *mem, const char *text);

#endif
