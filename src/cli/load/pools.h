/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools of devices of `backends: {…}`: which pool a job with a command borrows from, and which file
 * has the pools for `run --devices 2 -- CMD`, which has no configuration.
 */
#ifndef CLI_LOAD_POOLS_H
#define CLI_LOAD_POOLS_H

#include "cli/args/options.h"
#include "config/config.h"
#include "flow/roster.h"
#include "job/job_spec.h"

/* Is the job a command that borrows devices? */
bool pools_is_borrower(const struct job_spec *spec);
/* The pool that such a job names, else the only pool. NULL after an error: there is none of this
 * name, or not exactly one. */
const struct roster_entry *pools_find(const struct roster *r, const struct job_spec *spec,
				      struct diags *diags);
/* The pool after this one in the configuration; the first one for NULL. Returns NULL at the end. */
const struct roster_entry *pools_next(const struct roster *r, const struct roster_entry *after);

/* The configuration for `run --devices`: the pools file or, if --devices names a driver and no
 * pool, a generated one with a pool of this driver. NULL after errors. */
struct cfg *pools_load(const struct args *args, struct diags *diags);
/* The pools file. *ret NULL: there is none. -1 after errors. */
int pools_load_file(const struct args *args, struct cfg **ret, struct diags *diags);
/* --devices, --devices-env and --queue-timeout as keys of a job, in args->mem. *ret_n 0: none. */
const struct backend_key *pools_keys(const struct args *args, uint32_t *ret_n, struct diags *diags);

#endif
