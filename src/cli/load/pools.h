/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools of devices, as `backends: {…}` names them: which one a job with a command borrows from, and
 * where `run --devices 2 -- CMD`, which has no configuration, finds them.
 */
#ifndef CLI_LOAD_POOLS_H
#define CLI_LOAD_POOLS_H

#include "cli/args/options.h"
#include "config/config.h"
#include "flow/roster.h"
#include "job/job_spec.h"

/* A command, and devices for it. */
bool pools_is_borrower(const struct job_spec *spec);
/* The pool that such a job names, else the only one there is. NULL: neither, which is an error. */
const struct roster_entry *pools_find(const struct roster *r, const struct job_spec *spec,
				      struct diags *diags);
/* The pool after this one in the configuration, the first one for NULL; NULL: there is none. */
const struct roster_entry *pools_next(const struct roster *r, const struct roster_entry *after);

/* The configuration for `run --devices`: the pools file, or one made up for a driver that is named
 * like a pool. NULL after errors. */
struct cfg *pools_load(const struct args *args, struct diags *diags);
/* The pools file. *ret NULL: there is none. -1 after errors. */
int pools_load_file(const struct args *args, struct cfg **ret, struct diags *diags);
/* What --devices and --queue-timeout say, as the keys of a job; in args->mem. *ret_n 0: nothing. */
const struct backend_key *pools_keys(const struct args *args, uint32_t *ret_n, struct diags *diags);

#endif
