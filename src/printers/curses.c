/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full screen view. Only this file and term_info.c include curses.h, whose macros (erase, move,
 * timeout …) have common names.
 *
 * ncurses waits for its terminal, so it writes to a memory file instead: the content is one unit of
 * the output that never waits (term_out.h), and a new picture is only drawn when the last one was
 * written. As ncurses cannot read the size of the terminal and set its modes then, this file does
 * (term_mode.h). It calls newterm(), because initscr() prints and exits if it does not know the
 * terminal.
 */
#include <curses.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/term_mode.h"
#include "printers/cells.h"
#include "printers/printer.h"
#include "printers/screen.h"
#include "printers/term_info.h"

#define LEAST_COLUMNS 20u
#define LEAST_ROWS    5u
#define ESC_DELAY_MS  25

struct curses {
	struct printer *printer;
	SCREEN *terminal;
	FILE *to, *from;
	int memory_fd, tty_fd;
	WINDOW *keys_window; /* a pad: reading keys from it draws nothing */
	struct canvas canvas;
	struct screen screen;
	char *said; /* the last message of the program */
	bool is_wanted, is_stopped, must_repaint;
	ev_io keys;
	ev_signal resumed;
};

/* ---- may it be used ---- */

bool curses_can(const struct printer_env *env)
{
	struct printer p = {.env = *env};
	unsigned columns, rows;

	if (!printer_can_draw(env))
		return false;
	printer_size(&p, &columns, &rows);
	return columns >= LEAST_COLUMNS && rows >= LEAST_ROWS && term_info_can_draw(env->fd);
}

/* ---- drawing ---- */

static void curses_take_bytes(struct curses *own, struct str *out)
{
	char bytes[16384];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(own->memory_fd, bytes, sizeof(bytes), at)) > 0) {
		str_addn(out, bytes, (size_t)n);
		at += n;
	}
	if (ftruncate(own->memory_fd, 0) < 0)
		abort(); /* cannot fail on a memory file */
}

static attr_t curses_attribute(enum ink ink, bool color)
{
	static const attr_t plain[INK_COUNT] = {
		[INK_DIM] = A_DIM,     [INK_BOLD] = A_BOLD,	 [INK_BAD] = A_BOLD,
		[INK_BAR] = A_REVERSE, [INK_CURSOR] = A_REVERSE,
	};

	return plain[ink] | (color ? (attr_t)COLOR_PAIR((int)ink) : 0);
}

static void init_colors(bool *color)
{
	static const short inks[INK_COUNT] = {
		[INK_PLAIN] = -1,	    [INK_DIM] = -1,	   [INK_BOLD] = -1,
		[INK_GOOD] = COLOR_GREEN,   [INK_BAD] = COLOR_RED, [INK_KILLED] = COLOR_YELLOW,
		[INK_RUNNING] = COLOR_CYAN, [INK_BAR] = -1,	   [INK_CURSOR] = -1,
	};

	if (!*color || !has_colors() || start_color() == ERR || use_default_colors() == ERR) {
		*color = false;
		return;
	}
	for (short i = 1; i < INK_COUNT; i++)
		init_pair(i, inks[i], -1);
}

static void paint_row(const struct canvas_row *row, int y, bool color)
{
	for (uint32_t i = 0; i < row->pieces.n; i++) {
		const struct canvas_piece *p = &row->pieces.at[i];
		size_t end = i + 1 < row->pieces.n ? p[1].at : row->text.len;

		if (i == 0)
			move(y, 0);
		attrset((int)curses_attribute(p->ink, color));
		addnstr(row->text.s + p->at, (int)(end - p->at));
	}
	attrset(A_NORMAL);
}

static void curses_paint(struct printer *p, struct curses *own)
{
	struct screen_view view = {
		.tally = &p->tally,
		.run_name = p->run_name,
		.said = own->said,
		.now_s = printer_now(p),
	};

	printer_size(p, &view.columns, &view.rows);
	if ((int)view.columns != COLS || (int)view.rows != LINES)
		resizeterm((int)view.rows, (int)view.columns);
	screen_draw(&own->screen, &own->canvas, &view);
	erase();
	for (unsigned i = 0; i < own->canvas.n_rows && i < view.rows; i++)
		paint_row(&own->canvas.rows[i], (int)i, p->env.color);
	if (own->must_repaint)
		clearok(curscr, TRUE);
	own->must_repaint = false;
	wnoutrefresh(stdscr);
	doupdate();
}

static void curses_fill(struct printer *p, struct str *unit)
{
	struct curses *own = p->own;

	if (!own->is_wanted || own->is_stopped)
		return;
	own->is_wanted = false;
	curses_paint(p, own);
	curses_take_bytes(own, unit);
}

static void curses_draw(struct printer *p)
{
	struct curses *own = p->own;

	own->is_wanted = true;
	term_out_wake(&p->out);
}

static void curses_repaint(struct printer *p)
{
	struct curses *own = p->own;

	own->must_repaint = true;
	if (p->run_name)
		curses_draw(p);
}

/* ---- keys ---- */

static void leave_view(struct printer *p)
{
	printer_set_view(p, &plain_view, NULL);
}

/* Returns false when the view was left: own is freed. */
static bool on_one_key(struct printer *p, struct curses *own, int key)
{
	static const struct {
		int key;
		enum screen_key means;
	} keys[] = {
		{KEY_UP, SCREEN_UP},
		{'k', SCREEN_UP},
		{KEY_DOWN, SCREEN_DOWN},
		{'j', SCREEN_DOWN},
		{KEY_PPAGE, SCREEN_PAGE_UP},
		{KEY_NPAGE, SCREEN_PAGE_DOWN},
		{' ', SCREEN_PAGE_DOWN},
		{KEY_HOME, SCREEN_FIRST},
		{'g', SCREEN_FIRST},
		{KEY_END, SCREEN_LAST},
		{'G', SCREEN_LAST},
		{'\t', SCREEN_NEXT_PANE},
		{KEY_BTAB, SCREEN_BEFORE_PANE},
	};

	if (key == 'q' || key == 'v') {
		leave_view(p);
		return false;
	}
	if (key == 'l' || key == ('l' & 0x1f))
		curses_repaint(p);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].key == key)
			screen_key(&own->screen, keys[i].means);
	return true;
}

static bool tty_is_gone(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void on_keys(struct ev_loop *loop, ev_io *w, int revents)
{
	struct curses *own = w->data;
	struct printer *p = own->printer;
	int key;

	(void)revents;
	if (tty_is_gone(own->tty_fd)) {
		ev_io_stop(loop, w);
		return;
	}
	if (!term_is_foreground(own->tty_fd)) { /* reading would stop this process */
		leave_view(p);
		return;
	}
	while ((key = wgetch(own->keys_window)) != ERR)
		if (!on_one_key(p, own, key))
			return;
	if (p->run_name)
		curses_draw(p);
}

/* ---- leaving and taking the screen ---- */

/* Ctrl-Z: restores the normal screen before the shell writes to it. */
static void give_screen_back(struct curses *own)
{
	struct term_out *out = &own->printer->out;
	double patience_s = out->patience_s;
	_cleanup_(str_done) struct str bytes = {0};

	own->is_stopped = true;
	endwin();
	curses_take_bytes(own, &bytes);
	term_out_add(out, bytes.s, bytes.len);
	out->patience_s = 0.5;
	term_out_flush(out);
	out->patience_s = patience_s;
	term_mode_leave();
}

static void take_screen_again(struct curses *own)
{
	if (!term_is_foreground(own->tty_fd)) {
		leave_view(own->printer);
		return;
	}
	if (own->is_stopped)
		term_mode_enter(own->tty_fd, TERM_KEYS, term_info_undo());
	else
		term_mode_again();
	own->is_stopped = false;
	curses_repaint(own->printer);
}

static void curses_suspended(struct printer *p, bool is_suspended)
{
	if (is_suspended)
		give_screen_back(p->own);
	else
		take_screen_again(p->own);
}

/* Also after SIGSTOP, which cannot be announced. */
static void curses_on_resumed(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	take_screen_again(w->data);
}

static const int curses_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

/* newterm() sets handlers for signals that have none, and exit()s on two of them. */
static SCREEN *newterm_without_signals(FILE *to, FILE *from)
{
	struct sigaction was[ARRAY_LEN(curses_signals)];
	SCREEN *s;

	for (size_t i = 0; i < ARRAY_LEN(curses_signals); i++)
		sigaction(curses_signals[i], NULL, &was[i]);
	s = newterm(NULL, to, from);
	for (size_t i = 0; i < ARRAY_LEN(curses_signals); i++)
		sigaction(curses_signals[i], &was[i], NULL);
	return s;
}

static void curses_watch(struct curses *own, struct ev_loop *loop)
{
	ev_io_init(&own->keys, on_keys, own->tty_fd, EV_READ);
	ev_signal_init(&own->resumed, curses_on_resumed, SIGCONT);
	own->keys.data = own->resumed.data = own;
	ev_io_start(loop, &own->keys);
	ev_signal_start(loop, &own->resumed);
}

static void set_up_screen(struct printer *p, struct curses *own)
{
	unsigned columns, rows;

	printer_size(p, &columns, &rows);
	resizeterm((int)rows, (int)columns);
	typeahead(-1); /* draw even if keys are waiting */
	curs_set(0);
	leaveok(stdscr, TRUE);
	init_colors(&p->env.color);
	own->keys_window = newpad(1, 1);
	keypad(own->keys_window, TRUE);
	nodelay(own->keys_window, TRUE);
	set_escdelay(ESC_DELAY_MS);
}

static void curses_ended(struct printer *p)
{
	leave_view(p);
	p->view->ended(p);
}

/* Failures are lines, too, which are on the normal screen when the view is left. */
static void curses_failed(struct printer *p, const struct tally_failure *f)
{
	printer_add_failure(p, f);
}

static void curses_logged(struct printer *p, const char *text, size_t len)
{
	struct curses *own = p->own;
	struct str plain = {0};

	while (len && text[len - 1] == '\n')
		len--;
	cells_add_plain(&plain, text, len < 500 ? len : 500);
	free(own->said);
	own->said = str_take(&plain);
	if (p->run_name)
		curses_draw(p);
}

static void own_free(struct curses *own)
{
	if (own->to)
		fclose(own->to);
	else if (own->memory_fd >= 0)
		close(own->memory_fd);
	if (own->from)
		fclose(own->from);
	else if (own->tty_fd >= 0)
		close(own->tty_fd);
	canvas_done(&own->canvas);
	free(own->said);
	free(own);
}

static void curses_destroy(struct printer *p)
{
	struct curses *own = p->own;
	_cleanup_(str_done) struct str bytes = {0};

	ev_io_stop(p->env.loop, &own->keys);
	ev_signal_stop(p->env.loop, &own->resumed);
	if (!own->is_stopped)
		endwin();
	curses_take_bytes(own, &bytes);
	term_out_add(&p->out, bytes.s, bytes.len);
	term_mode_leave();
	delwin(own->keys_window);
	delscreen(own->terminal);
	own_free(own);
	p->own = NULL;
}

static const struct view_ops curses_view = {
	.name = "curses",
	.interval_s = 0.1,
	.tick_s = 1,
	.started = curses_draw,
	.draw = curses_draw,
	.failed = curses_failed,
	.logged = curses_logged,
	.ended = curses_ended,
	.fill = curses_fill,
	.resized = curses_repaint,
	.suspended = curses_suspended,
	.leave = leave_view,
	.destroy = curses_destroy,
};

static int own_open(struct curses *own, int fd, struct error *err)
{
	own->memory_fd = memfd_create("screen", MFD_CLOEXEC);
	own->tty_fd = term_open(fd, O_RDWR);
	if (own->memory_fd < 0 || own->tty_fd < 0)
		return error_sys(err, errno, "cannot open the terminal");
	/* With O_APPEND a truncation is enough to start again. */
	if (fcntl(own->memory_fd, F_SETFL, O_APPEND) < 0)
		return error_sys(err, errno, "cannot draw into memory");
	own->to = fdopen(own->memory_fd, "a");
	own->from = fdopen(own->tty_fd, "r");
	own->terminal = own->to && own->from ? newterm_without_signals(own->to, own->from) : NULL;
	if (!own->terminal)
		return error_plain(err, "this terminal cannot show a full screen");
	return 0;
}

struct observer *curses_create(const struct printer_env *env, struct error *err)
{
	struct curses *own = xcalloc(1, sizeof(*own));
	struct observer *o;

	own->memory_fd = own->tty_fd = -1;
	cells_locale_is_utf8(); /* newterm() needs the locale */
	if (own_open(own, env->fd, err) < 0) {
		own_free(own);
		return NULL;
	}
	o = printer_new(env, &curses_view, own);
	own->printer = container_of(o, struct printer, observer);
	canvas_init(&own->canvas, own->printer->is_utf8);
	screen_init(&own->screen);
	set_up_screen(own->printer, own);
	term_mode_enter(own->tty_fd, TERM_KEYS, term_info_undo());
	curses_watch(own, env->loop);
	return o;
}
