/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/final_out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

enum { PATIENCE_MS = 5000 };

/* An open file description of our own: O_NONBLOCK on the inherited one would reach the user's
 * shell. */
static int open_terminal(void)
{
	return isatty(STDOUT_FILENO)
		       ? open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
		       : -1;
}

void final_write(const char *text, size_t len)
{
	_cleanup_(closep) int fd = open_terminal();

	if (fd < 0) {
		if (fs_write_all(STDOUT_FILENO, text, len) < 0)
			return; /* nobody reads it any more */
		return;
	}
	while (len) {
		ssize_t n = write(fd, text, len);
		struct pollfd p = {fd, POLLOUT, 0};

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (poll(&p, 1, PATIENCE_MS) == 0)
				return;
		} else if (n < 0 && errno != EINTR) {
			return;
		}
	}
}
