/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/term_mode.h"

enum { READ_SIZE = 16 * 1024, TYPED_MOST = 1 << 20, DRAINED_MOST = 1 << 20 };

void pty_init(struct pty *p)
{
	*p = (struct pty){.master = -1, .slave = -1, .users_fd = -1};
}

static int open_slave(int master)
{
	char name[PATH_MAX];
	int fd = -1;

#ifdef TIOCGPTPEER
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
#endif
	if (fd < 0 && ptsname_r(master, name, sizeof(name)) == 0)
		fd = fs_open(name, O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
	return fd;
}

/*
 * A slot is started as the leader of a process group, and a group leader cannot make a session: it
 * joins the scheduler's group first. A slot that had an interactive job already has its session.
 */
static int own_session(void)
{
	if (getsid(0) == getpid())
		return 0;
	if (setpgid(0, getpgid(getppid())) < 0)
		return -1;
	return setsid() < 0 ? -1 : 0;
}

static int pty_make(struct pty *p, const struct slot_terminal *users)
{
	struct winsize size = {.ws_row = users->rows, .ws_col = users->columns};

	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (p->master < 0 || unlockpt(p->master) < 0)
		return -1;
	p->slave = open_slave(p->master);
	if (p->slave < 0 || tcsetattr(p->slave, TCSANOW, &users->modes) < 0 ||
	    ioctl(p->master, TIOCSWINSZ, &size) < 0)
		return -1;
	return own_session() < 0 || ioctl(p->slave, TIOCSCTTY, 0) < 0 ? -1 : 0;
}

int pty_open(struct pty *p, const struct slot_terminal *users, struct error *err)
{
	pty_init(p);
	if (pty_make(p, users) < 0) {
		int errnum = errno;

		pty_close(p);
		return error_sys(err, errnum, "cannot make a terminal for it");
	}
	p->users_modes = users->modes;
	if (users->path)
		p->users_fd = fs_open(users->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
	return 0;
}

/* ---- output ---- */

static void write_log(struct pty *p, int log_fd, const char *bytes, size_t n)
{
	if (n && !p->log_errnum && fs_write_all(log_fd, bytes, n) < 0)
		p->log_errnum = errno;
}

/* Lines in the log end as without a terminal: the CR before a line feed is left out. */
static void log_text(struct pty *p, int log_fd, const char *bytes, size_t n)
{
	char text[READ_SIZE + 1];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (p->has_cr && bytes[i] != '\n')
			text[len++] = '\r';
		p->has_cr = bytes[i] == '\r';
		if (!p->has_cr)
			text[len++] = bytes[i];
	}
	write_log(p, log_fd, text, len);
}

static size_t pty_take_block(struct pty *p, int log_fd)
{
	char block[READ_SIZE];
	ssize_t n = read(p->master, block, sizeof(block));

	if (n <= 0)
		return 0;
	log_text(p, log_fd, block, (size_t)n);
	str_addn(&p->said, block, (size_t)n);
	return (size_t)n;
}

/* A non-blocking read that returns nothing has read everything that was written before. */
void pty_drain(struct pty *p, int log_fd)
{
	size_t n, total = 0;

	if (p->master < 0)
		return;
	while (total < DRAINED_MOST && (n = pty_take_block(p, log_fd)) > 0)
		total += n;
	if (p->has_cr)
		write_log(p, log_fd, "\r", 1);
	p->has_cr = false;
}

void pty_close(struct pty *p)
{
	if (p->slave >= 0)
		ioctl(p->slave, TIOCNOTTY);
	closep(&p->slave);
	closep(&p->master);
	closep(&p->users_fd);
	str_done(&p->said);
	str_done(&p->typed);
	pty_init(p);
}

/* ---- input ---- */

void pty_type(struct pty *p, const char *bytes, size_t n)
{
	size_t waiting = p->typed.len - p->typed_sent;

	if (p->master >= 0 && n <= TYPED_MOST - waiting)
		str_addn(&p->typed, bytes, n);
}

void pty_resize(const struct pty *p, unsigned rows, unsigned columns)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	if (p->master >= 0)
		ioctl(p->master, TIOCSWINSZ, &size);
}

static void send_typed(struct pty *p)
{
	ssize_t n = 0;

	while (p->typed_sent < p->typed.len && n >= 0) {
		n = write(p->master, p->typed.s + p->typed_sent, p->typed.len - p->typed_sent);
		if (n > 0)
			p->typed_sent += (size_t)n;
	}
	if (p->typed_sent == p->typed.len) {
		str_clear(&p->typed);
		p->typed_sent = 0;
	}
}

short pty_events(const struct pty *p, bool has_room)
{
	return (short)((has_room ? POLLIN : 0) | (p->typed.len > p->typed_sent ? POLLOUT : 0));
}

void pty_step(struct pty *p, int log_fd)
{
	pty_take_block(p, log_fd);
	send_typed(p);
}

/* ---- the user's own terminal ---- */

static bool is_same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag;
}

void pty_rescue_users(const struct pty *p)
{
	struct termios now, raw;

	if (p->users_fd < 0 || tcgetattr(p->users_fd, &now) < 0)
		return;
	raw = term_mode_of(TERM_RAW, &p->users_modes);
	if (is_same(&now, &raw)) /* else a shell has set its own modes already */
		tcsetattr(p->users_fd, TCSANOW, &p->users_modes);
}
