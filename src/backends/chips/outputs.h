/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings for jobs that pass whatever their kernel does: no output is compared, or an output
 * already has the expected value at the start. */
#ifndef BACKENDS_CHIPS_OUTPUTS_H
#define BACKENDS_CHIPS_OUTPUTS_H

#include <jansson.h>

#include "base/diag.h"

/* Adds a warning for each case, at pos. args: those of a job, for a driver with DVS_CAP_TENSORS.
 * The driver reports errors in them. */
void chips_warn_of_outputs(const json_t *args, struct src_pos pos, struct diags *diags);

#endif
