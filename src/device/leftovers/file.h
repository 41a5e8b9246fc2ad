/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record file: lines of LEFTOVERS_LINE bytes, padded with blanks, so that each is written in
 * place by one call. The first line names the owner; "- " is a free line.
 */
#ifndef DEVICE_LEFTOVERS_FILE_H
#define DEVICE_LEFTOVERS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/proc_id.h"

enum { LEFTOVERS_LINE = 512, LEFTOVERS_PATH = 400, LEFTOVERS_MOST = 1024 };

struct left_file {
	uint64_t device, inode; /* 0: it did not exist yet */
	uint64_t birth_ns;	/* 0: not known to its file system */
	char path[LEFTOVERS_PATH];
};

void left_owner_put(char line[LEFTOVERS_LINE], const struct proc_id *owner);
/* false: not such a line, or one of a later version. */
bool left_owner_take(const char line[LEFTOVERS_LINE], struct proc_id *ret);
void left_file_put(char line[LEFTOVERS_LINE], const struct left_file *file); /* NULL: a free line */
bool left_file_take(const char line[LEFTOVERS_LINE], struct left_file *ret);

/* When the file at path (relative to dir_fd, links not followed) was created; 0: not known. */
uint64_t left_birth_ns(int dir_fd, const char *path);

#endif
