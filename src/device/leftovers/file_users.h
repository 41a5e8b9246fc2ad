/* SPDX-License-Identifier: Apache-2.0 */
/* Which files do running processes have open or mapped, as far as /proc shows? */
#ifndef DEVICE_LEFTOVERS_FILE_USERS_H
#define DEVICE_LEFTOVERS_FILE_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct used_file {
	const char *path;
	dev_t device;
	ino_t inode;
	bool is_used; /* filled in */
};

/* Looks at all processes once, for all of files[0..n). */
void file_users_find(struct used_file *files, size_t n);

#endif
