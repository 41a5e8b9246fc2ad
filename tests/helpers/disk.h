/* SPDX-License-Identifier: Apache-2.0 */
/* Functions for tests that look at files. */
#ifndef HELPERS_DISK_H
#define HELPERS_DISK_H

/* malloc()ed; NULL: there is no such file. */
char *disk_text(const char *path);
/* A job's log after its header. */
char *disk_log(const char *path);
/* Names in dir, "." and ".." among them. */
unsigned disk_count(const char *dir);

#endif
