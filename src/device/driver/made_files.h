/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This program's own mkstemp() and its variants, and shm_open(). The dynamic linker finds them
 * before those of libc, also for libraries below a driver. A worker records the name of a file in
 * them before the file exists. Otherwise the file could not be distinguished from files of other
 * processes. A process that keeps no record gets the behaviour of libc.
 */
#ifndef DEVICE_DRIVER_MADE_FILES_H
#define DEVICE_DRIVER_MADE_FILES_H

#include "device/leftovers/leftovers.h"

/* Records files from here on. Call it before other threads exist. */
void made_files_record(struct leftovers *l);
/* The record; NULL: there is none. */
struct leftovers *made_files_leftovers(void);

#endif
