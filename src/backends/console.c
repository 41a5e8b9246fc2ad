/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/term_mode.h"

enum { READ_SIZE = 4096 };
/* Bytes that the screen has not taken yet. Above UNSENT_MOST the job waits; below UNSENT_FEW it
 * goes on. After console_hurry() the job does not wait, and output above UNSENT_LOST is dropped. */
enum { UNSENT_MOST = 256 << 10, UNSENT_FEW = 64 << 10, UNSENT_LOST = 1 << 20 };
/* Bytes that a terminal or pipe takes without blocking after poll() called it writable. */
enum { POLLED_BYTES = 256 };
/* How long console_release() waits for a screen that takes nothing. */
enum { PATIENCE_MS = 5000, HURRY_MS = 500 };
/* How often dvsched stops itself again when it is continued in the background (`bg`). */
enum { BACKGROUND_MOST = 8 };

struct console {
	struct ev_loop *loop;
	struct backend_terminal terminal;
	struct slot *slot;   /* whose job has the terminal; NULL: none */
	bool is_screen_only; /* output is shown, keys are not read */
	int in_fd, out_fd;
	/* out_fd is shared with other processes, so it may block: written to in small parts, after
	 * poll(). */
	bool is_polled;
	bool is_gone; /* the screen has no reader any more */
	bool is_hurried, has_line;
	ev_io readable, writable;
	ev_signal resized, resumed;
	struct str out;
	size_t sent;
};

/* ---- the screen ---- */

static ssize_t write_some(struct console *c, const char *bytes, size_t n)
{
	struct pollfd p = {.fd = c->out_fd, .events = POLLOUT};

	if (!c->is_polled)
		return write(c->out_fd, bytes, n);
	if (poll(&p, 1, 0) > 0)
		return write(c->out_fd, bytes, n < POLLED_BYTES ? n : POLLED_BYTES);
	errno = EAGAIN;
	return -1;
}

static void forget_output(struct console *c)
{
	str_clear(&c->out);
	c->sent = 0;
	ev_io_stop(c->loop, &c->writable);
}

/* When a terminal is gone, SIGHUP reports it as well; for a pipe, EPIPE is the only report. */
static void note_gone(struct console *c)
{
	bool is_pipe = errno == EPIPE;

	c->is_gone = true;
	if (is_pipe && c->terminal.unread)
		c->terminal.unread(c->terminal.ctx);
}

/* false: the screen takes no more now. */
static bool write_on(struct console *c)
{
	while (c->sent < c->out.len && !c->is_gone) {
		ssize_t n = write_some(c, c->out.s + c->sent, c->out.len - c->sent);

		if (n > 0) {
			c->sent += (size_t)n;
			c->has_line = c->out.s[c->sent - 1] == '\n';
		} else if (errno == EAGAIN) {
			return false;
		} else if (errno != EINTR) {
			note_gone(c);
		}
	}
	forget_output(c);
	return true;
}

static size_t n_unsent(const struct console *c)
{
	return c->out.len - c->sent;
}

static void on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct console *c = w->data;

	(void)loop;
	(void)revents;
	write_on(c);
	if (n_unsent(c) < UNSENT_FEW)
		slot_listen(c->slot, true);
}

void console_say(struct console *c, const char *bytes, size_t n)
{
	if (c->is_gone || !c->slot || (c->is_hurried && n_unsent(c) > UNSENT_LOST))
		return;
	str_addn(&c->out, bytes, n);
	if (!ev_is_active(&c->writable) && !write_on(c))
		ev_io_start(c->loop, &c->writable);
	if (n_unsent(c) > UNSENT_MOST && !c->is_hurried)
		slot_listen(c->slot, false);
}

void console_hurry(struct console *c)
{
	c->is_hurried = true;
	if (c->slot)
		slot_listen(c->slot, true);
}

static void write_rest(struct console *c, int patience_ms)
{
	struct pollfd p = {.fd = c->out_fd, .events = POLLOUT};

	while (!write_on(c) && poll(&p, 1, patience_ms) > 0)
		;
	forget_output(c);
}

/* ---- the keys ---- */

/* A read in the background would stop dvsched, and the keys are for the foreground process. */
static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct console *c = w->data;
	char bytes[READ_SIZE];
	ssize_t n;

	(void)revents;
	if (!term_is_foreground(c->in_fd)) {
		ev_io_stop(loop, w);
		return;
	}
	n = read(c->in_fd, bytes, sizeof(bytes));
	if (n > 0)
		slot_type(c->slot, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		ev_io_stop(loop, w); /* the terminal is gone; SIGHUP ends the run */
}

/* ---- the size ---- */

static struct winsize console_size_of(const struct console *c)
{
	struct winsize size = {0};

	if (ioctl(c->in_fd, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){0};
	return size;
}

static void send_size(struct console *c)
{
	struct winsize size = console_size_of(c);

	slot_resize(c->slot, size.ws_row, size.ws_col);
}

static void on_resized(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	send_size(w->data);
}

/* ---- stopped and resumed ---- */

/* Like any program that needs the terminal, dvsched stops itself while it is in the background. */
static bool wait_for_foreground(const struct console *c)
{
	for (int i = 0; i < BACKGROUND_MOST && !term_is_foreground(c->in_fd); i++)
		kill(0, SIGTTOU);
	return term_is_foreground(c->in_fd);
}

static void console_take_again(struct console *c)
{
	term_mode_again();
	send_size(c);
	ev_io_start(c->loop, &c->readable);
}

void console_suspend(struct console *c, bool is_suspended)
{
	if (!c->slot)
		return;
	if (is_suspended) {
		write_rest(c, HURRY_MS);
		if (!c->is_screen_only)
			term_mode_leave();
		return;
	}
	if (!c->is_screen_only) {
		wait_for_foreground(c);
		term_mode_enter(c->in_fd, TERM_RAW, "");
		console_take_again(c);
	}
	slot_listen(c->slot, true);
}

void console_stopped(struct console *c)
{
	if (!c->slot || c->is_hurried)
		return;
	if (c->terminal.suspend)
		c->terminal.suspend(c->terminal.ctx); /* the job is continued with the run */
	else
		slot_continue(c->slot);
}

static void on_resumed(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct console *c = w->data;

	(void)loop;
	(void)revents;
	if (term_is_foreground(c->in_fd))
		console_take_again(c);
}

/* ---- taken and given back ---- */

/* A second open has its own file offset. So a regular file is not opened again: other processes
 * write to it through the shared offset. */
static void open_screen(struct console *c)
{
	bool is_file;
	struct stat st;

	is_file = fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
	c->out_fd = is_file ? -1 : term_open(STDOUT_FILENO, O_WRONLY);
	c->is_polled = c->out_fd < 0 && !is_file;
	if (c->out_fd < 0)
		c->out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
}

static int open_both(struct console *c)
{
	c->in_fd = term_open(STDIN_FILENO, O_RDWR);
	if (c->in_fd < 0)
		c->in_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	open_screen(c);
	return c->in_fd < 0 || c->out_fd < 0 ? -1 : 0;
}

static void console_watch(struct console *c)
{
	ev_io_set(&c->readable, c->in_fd, EV_READ);
	ev_io_set(&c->writable, c->out_fd, EV_WRITE);
	ev_io_start(c->loop, &c->readable);
	ev_signal_start(c->loop, &c->resized);
	ev_signal_start(c->loop, &c->resumed);
}

static void console_unwatch(struct console *c)
{
	ev_io_stop(c->loop, &c->readable);
	ev_io_stop(c->loop, &c->writable);
	ev_signal_stop(c->loop, &c->resized);
	ev_signal_stop(c->loop, &c->resumed);
}

static void close_both(struct console *c)
{
	closep(&c->in_fd);
	closep(&c->out_fd);
}

static void give_terminal(const struct console *c, const struct termios *modes)
{
	struct winsize size = console_size_of(c);
	char path[256];
	struct slot_terminal t = {
		.modes = *modes,
		.rows = size.ws_row,
		.columns = size.ws_col,
		.path = ttyname_r(c->in_fd, path, sizeof(path)) == 0 ? path : NULL,
	};

	slot_give_terminal(c->slot, &t);
}

static int console_take_terminal(struct console *c, struct slot *slot, struct error *err)
{
	struct termios modes;

	if (open_both(c) < 0 || tcgetattr(c->in_fd, &modes) < 0) {
		error_sys(err, errno, "an interactive job needs a terminal as standard input");
		close_both(c);
		return -1;
	}
	if (!wait_for_foreground(c)) {
		close_both(c);
		return error_plain(err, "an interactive job needs the terminal, which belongs to "
					"another process");
	}
	tcgetattr(c->in_fd, &modes); /* a shell may have changed them meanwhile */
	c->slot = slot;
	give_terminal(c, &modes);
	term_mode_enter(c->in_fd, TERM_RAW, "");
	console_watch(c);
	return 0;
}

static void take_screen(struct console *c, struct slot *slot)
{
	open_screen(c);
	c->slot = slot;
	ev_io_set(&c->writable, c->out_fd, EV_WRITE);
}

static void say_taken(const struct console *c, bool is_taken)
{
	if (c->terminal.taken)
		c->terminal.taken(c->terminal.ctx, is_taken);
}

int console_take(struct console *c, struct slot *slot, const struct job_rules *rules,
		 struct error *err)
{
	if (!rules->is_interactive && (!rules->is_shown || c->slot))
		return 0;
	c->is_screen_only = !rules->is_interactive;
	c->is_gone = c->is_hurried = false;
	c->has_line = true;
	say_taken(c, true);
	if (c->is_screen_only) {
		take_screen(c, slot);
		return 0;
	}
	if (console_take_terminal(c, slot, err) == 0)
		return 0;
	say_taken(c, false);
	return -1;
}

void console_release(struct console *c)
{
	if (!c || !c->slot)
		return;
	if (!c->has_line || n_unsent(c))
		write_rest(c, c->is_hurried ? HURRY_MS : PATIENCE_MS);
	if (!c->has_line) { /* the next output begins on a new line */
		str_add(&c->out, c->is_screen_only ? "\n" : "\r\n");
		write_rest(c, HURRY_MS);
	}
	if (!c->is_screen_only)
		term_mode_leave();
	console_unwatch(c);
	close_both(c);
	c->slot = NULL;
	say_taken(c, false);
}

bool console_is_taken(const struct console *c)
{
	return c->slot != NULL;
}

struct console *console_new(struct ev_loop *loop, const struct backend_terminal *terminal)
{
	struct console *c = xcalloc(1, sizeof(*c));

	c->loop = loop;
	c->terminal = *terminal;
	c->in_fd = c->out_fd = -1;
	ev_init(&c->readable, on_readable);
	ev_init(&c->writable, on_writable);
	ev_signal_init(&c->resized, on_resized, SIGWINCH);
	ev_signal_init(&c->resumed, on_resumed, SIGCONT);
	c->readable.data = c->writable.data = c->resized.data = c->resumed.data = c;
	return c;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	console_release(c);
	str_done(&c->out);
	free(c);
}
