/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record itself: lines of LEFTOVERS_LINE bytes, filled up with blanks, so that each is written
 * by one call and in place. The first says whose it is; "- " is a free one.
 */
#ifndef DEVICE_LEFTOVERS_FILE_H
#define DEVICE_LEFTOVERS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/proc_id.h"

enum { LEFTOVERS_LINE = 512, LEFTOVERS_PATH = 400, LEFTOVERS_MOST = 1024 };

struct left_file {
	uint64_t device, inode; /* 0: it was not there yet */
	uint64_t birth_ns;	/* 0: its file system does not tell */
	char path[LEFTOVERS_PATH];
};

void left_owner_put(char line[LEFTOVERS_LINE], const struct proc_id *owner);
/* false: it is no such line, or one of a later version. */
bool left_owner_take(const char line[LEFTOVERS_LINE], struct proc_id *ret);
void left_file_put(char line[LEFTOVERS_LINE], const struct left_file *file); /* NULL: a free one */
bool left_file_take(const char line[LEFTOVERS_LINE], struct left_file *ret);

/* When the file at path (relative to dir_fd, no link followed) came to be; 0: not known. */
uint64_t left_birth_ns(int dir_fd, const char *path);

#endif
