/* SPDX-License-Identifier: Apache-2.0 */
/* -R NAME=N: number of units of a resource. */
#ifndef CLI_LOAD_LIMITS_H
#define CLI_LOAD_LIMITS_H

#include "cli/args/options.h"
#include "job/job_spec.h"

/* *ret is in args->mem. Returns how many limits there are; wrong ones are errors, and left out. */
uint32_t limits_read(const struct args *args, struct resource_limit **ret, struct diags *diags);

#endif
