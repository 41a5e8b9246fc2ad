/* SPDX-License-Identifier: Apache-2.0 */
/* The environment variables of DVSim. */
#ifndef CLI_DVSIM_DVSIM_ENV_H
#define CLI_DVSIM_DVSIM_ENV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"

/* The backend that the environment names, and by which variable; NULL: none. */
const char *dvsim_env_backend(const char **ret_variable);
/* How many jobs may run at once. 0: not given, or not a whole number from 1 to most, which adds a
 * warning. */
unsigned dvsim_env_max_parallel(unsigned most, struct arena *mem, struct diags *diags);
/* Is the dump of all jobs wanted in the scratch root? */
bool dvsim_env_wants_dump(void);
/* Options of sbatch that variables of DVSim's slurm launcher ask for, if backend is "slurm";
 * NULL-terminated. */
const char *const *dvsim_env_batch_options(const char *backend, struct arena *mem);
/* A variable that is set, but has no effect with this backend; NULL: none. */
const char *dvsim_env_unused(const char *backend);
/* Variables for interactive jobs; NULL-terminated. */
extern const char *const dvsim_env_interactive[];

#endif
