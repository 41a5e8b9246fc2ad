/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mkstemp() and its kin, and shm_open(), as the code in this process calls them: a worker notes the
 * name before the file is there. No library below a driver knows of us, and each makes names that
 * nobody can tell from another process's; so this program has these functions itself, which the
 * dynamic linker finds before those of libc. Without a record they do what libc's do.
 */
#ifndef DEVICE_DRIVER_MADE_FILES_H
#define DEVICE_DRIVER_MADE_FILES_H

#include "device/leftovers/leftovers.h"

/* From here on, in this process; before any other thread is there. */
void made_files_record(struct leftovers *l);
/* The record; NULL: there is none. */
struct leftovers *made_files_leftovers(void);

#endif
