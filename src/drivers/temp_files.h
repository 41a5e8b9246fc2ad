/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files of drivers: where, and what the host must know of them. */
#ifndef DRIVERS_TEMP_FILES_H
#define DRIVERS_TEMP_FILES_H

#include "dvsched/driver.h"

const char *temp_files_dir(void); /* $TMPDIR, else /tmp */
/* Files whose paths match may outlive this process when it is killed. */
void temp_files_leave(const struct dvs_host *host, const char *pattern);
/* Likewise, a name in temp_files_dir(). */
void temp_files_leave_there(const struct dvs_host *host, const char *name);

#endif
