/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary images that a driver has loaded (dlopen() of a file made in TMPDIR) and that a process
 * leaves behind when it is killed, and named memory that ranks of a gang shared. Found among its
 * mappings before, removed after it is gone.
 */
#ifndef DEVICE_TEMP_IMAGES_H
#define DEVICE_TEMP_IMAGES_H

#include <stddef.h>
#include <sys/types.h>

struct temp_image {
	char *path;
	ino_t inode;
};

/* {0} is none. */
struct temp_images {
	struct temp_image *at;
	size_t n;
};

/* Adds what pid has mapped now, of files directly in TMPDIR, /tmp or /dev/shm whose names say that
 * they are such. */
void temp_images_note(struct temp_images *t, pid_t pid);
/* Removes those files, if they are still the same, and forgets them. */
void temp_images_remove(struct temp_images *t);

#endif
