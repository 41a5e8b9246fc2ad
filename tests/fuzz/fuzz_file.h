/* SPDX-License-Identifier: Apache-2.0 */
/* The input as a file in memory, for readers that take a path. */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len);

/* Writes the input to a new file; its path is in ret. Close the descriptor. */
static inline int fuzz_file_make(const void *input, size_t len, char ret[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, input, len) != (ssize_t)len)
		abort();
	snprintf(ret, 32, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
