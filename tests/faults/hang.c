/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system whose statvfs() hangs. Preloaded by tests/e2e/shortage.py.
 *
 *   DVSCHED_HANG=FIFO   statvfs() while somebody reads FIFO: it closes FIFO, and does not return
 * before somebody has written to FIFO.end
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void hang(void)
{
	const char *fifo = getenv("DVSCHED_HANG");
	int fd = fifo ? open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	char end[4096], byte;

	if (fd < 0)
		return;
	snprintf(end, sizeof(end), "%s.end", fifo);
	close(fd);
	fd = open(end, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, &byte, 1) == 1)
		close(fd);
}

int statvfs(const char *path, struct statvfs *ret)
{
	int (*next)(const char *, struct statvfs *);

	*(void **)&next = dlsym(RTLD_NEXT, "statvfs");
	hang();
	return next(path, ret);
}
