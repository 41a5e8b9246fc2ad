/* SPDX-License-Identifier: Apache-2.0 */
/* The options that only DVSim's flows have, converted for them. */
#ifndef CLI_DVSIM_DV_OPTIONS_H
#define CLI_DVSIM_DV_OPTIONS_H

#include "base/diag.h"
#include "cli/args/options.h"
#include "flow/dv/options.h"

/* Everything in *ret is in args->mem, except seed_base. seed_base: used if --seed-base is not
 * given; NULL: a new one is made. Returns 0, or -1 after errors. */
int dv_options_read(const struct args *args, const char *seed_base, struct dv_options *ret,
		    struct diags *diags);

#endif
