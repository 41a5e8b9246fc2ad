/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output/final_out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

enum { PATIENCE_MS = 5000, NO_END = -1, PART = 256 * 1024 };

/* The first failure, for final_code(). Later texts are still written. */
static struct {
	int errnum; /* 0: all was written */
	const char *stream;
} unwritten;

static bool is_unread; /* standard output's reader has left */

/* Opens the terminal again: O_NONBLOCK on the inherited file description would affect the user's
 * shell. */
static int final_out_open_terminal(void)
{
	return isatty(STDOUT_FILENO)
		       ? fs_open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0)
		       : -1;
}

/* EIO of a terminal: it was hung up. */
static bool is_reader_gone(int fd, int errnum)
{
	struct stat st;

	if (errnum == EIO)
		return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
	return errnum == EPIPE || errnum == ECONNRESET;
}

/* Returns 0 or an errno. Another process may have made the descriptor non-blocking. */
static int write_out(int fd, const char *text, size_t len, int patience_ms)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		struct pollfd p = {fd, POLLOUT, 0};

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (poll(&p, 1, patience_ms) == 0)
				return 0;
		} else if (n < 0 && errno != EINTR) {
			return errno;
		}
	}
	return 0;
}

/* terminal: see final_out_open_terminal(); -1: waits for a terminal like for any other reader. */
static void write_stream(int stream, int terminal, const char *text, size_t len)
{
	int fd = terminal < 0 ? stream : terminal;
	int errnum = write_out(fd, text, len, terminal < 0 ? NO_END : PATIENCE_MS);

	if (errnum && stream == STDOUT_FILENO && is_reader_gone(fd, errnum))
		is_unread = true;
	if (errnum == 0 || is_reader_gone(fd, errnum) || unwritten.errnum)
		return;
	unwritten.errnum = errnum;
	unwritten.stream = stream == STDOUT_FILENO ? "standard output" : "standard error";
}

void final_write(const char *text, size_t len)
{
	write_stream(STDOUT_FILENO, -1, text, len);
}

bool final_reader_is_gone(void)
{
	return is_unread;
}

void final_reader_left(void)
{
	is_unread = true;
}

void final_part(struct str *text)
{
	if (text->len < PART)
		return;
	final_write(text->s, text->len);
	str_clear(text);
}

void final_write_ending(const char *text, size_t len)
{
	_cleanup_(closep) int terminal = final_out_open_terminal();
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		write_stream(STDOUT_FILENO, terminal, text, len);
}

void final_write_error(const char *text, size_t len)
{
	write_stream(STDERR_FILENO, -1, text, len);
}

void final_json(struct json_out *j)
{
	str_addc(&j->buf, '\n');
	final_write(j->buf.s, j->buf.len);
	jout_done(j);
}

int final_code(int code, int code_unwritten)
{
	if (!unwritten.errnum)
		return code;
	log_error("%s: %s", unwritten.stream,
		  unwritten.errnum == EBADF ? "it is closed" : strerror(unwritten.errnum));
	return code ? code : code_unwritten;
}
