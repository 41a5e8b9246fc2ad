/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs that pass whatever their kernel does: outputs that are never compared, or that hold from the
 * beginning what is expected at the end. */
#ifndef BACKENDS_CHIPS_OUTPUTS_H
#define BACKENDS_CHIPS_OUTPUTS_H

#include <jansson.h>

#include "base/diag.h"

/* A warning for each, at pos. args: a job's, for a driver that takes tensors (drivers/tensor.h);
 * the driver itself refuses what is wrong in them. */
void chips_warn_of_outputs(const char *driver_name, const json_t *args, struct src_pos pos,
			   struct diags *diags);

#endif
