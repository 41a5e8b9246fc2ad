/* SPDX-License-Identifier: Apache-2.0 */
/* The options that are for DVSim's flows only, as these want them. */
#ifndef CLI_DVSIM_DV_OPTIONS_H
#define CLI_DVSIM_DV_OPTIONS_H

#include "cli/args/options.h"
#include "flow/flow.h"

/* Everything in *ret lives in args->mem, or is seed_base: for --seed-base if that is not given;
 * NULL: a new one. Returns 0, or -1 after errors. */
int dv_options_read(const struct args *args, const char *seed_base, struct dv_options *ret,
		    struct diags *diags);

#endif
