/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary images that a driver has loaded (dlopen() of a file made in TMPDIR) and that a process
 * leaves behind when it is killed, and named memory that ranks of a gang shared. Found among its
 * mappings before, removed after it is gone.
 */
#ifndef DEVICE_TEMP_IMAGES_H
#define DEVICE_TEMP_IMAGES_H

#include <stdbool.h>
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
/* Adds those of the paths in at[0..size), a NUL after each, that are such and are there. */
void temp_images_note_paths(struct temp_images *t, const char *at, size_t size);
/* Is it the path of such a file, by its text? */
bool temp_images_has_name(const char *path);
/* Removes those files, if they are still the same, and forgets them. */
void temp_images_remove(struct temp_images *t);

#endif
