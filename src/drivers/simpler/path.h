/* SPDX-License-Identifier: Apache-2.0 */
/* Paths in a job: absolute ones, or relative to its key `dir`, else to where the process is. */
#ifndef DRIVERS_SIMPLER_PATH_H
#define DRIVERS_SIMPLER_PATH_H

#include <jansson.h>

/* The caller's to free(). */
char *simpler_path(json_t *job, const char *path);

#endif
