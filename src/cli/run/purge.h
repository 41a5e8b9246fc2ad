/* SPDX-License-Identifier: Apache-2.0 */
/* --purge: a run begins with empty scratch paths. */
#ifndef CLI_RUN_PURGE_H
#define CLI_RUN_PURGE_H

#include "job/job_spec.h"

/* Moves the content of the scratch path of each block into the trash, except files of dvsched such
 * as the lock, which we hold. Nothing outside the scratch root is touched. Returns 0, or -1 after
 * log_error(). */
int purge_blocks(const struct plan *plan);

#endif
