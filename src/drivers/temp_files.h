/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files of drivers: their directory, and how to report them to the host. */
#ifndef DRIVERS_TEMP_FILES_H
#define DRIVERS_TEMP_FILES_H

#include "dvsched/driver.h"

const char *temp_files_dir(void); /* $TMPDIR, else /tmp */
/* Reports to the host: files whose paths match may remain when this process is killed. */
void temp_files_leave(const struct dvs_host *host, const char *pattern);
/* The same for a pattern of names in temp_files_dir(). */
void temp_files_leave_there(const struct dvs_host *host, const char *name);

#endif
