/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all printers have in common: they observe a run, keep the tally, know when to draw, and own
 * an output that never waits. How it looks is up to a view (plain.c, tty.c, curses.c).
 * Private to printers.
 */
#ifndef PRINTERS_PRINTER_H
#define PRINTERS_PRINTER_H

#include "base/clock.h"
#include "printers/line_queue.h"
#include "printers/pace.h"
#include "printers/printers.h"
#include "printers/rows.h"
#include "printers/tally.h"
#include "printers/term_out.h"

struct printer;

/* NULL member: nothing to do. */
struct view_ops {
	const char *name;
	double interval_s;   /* its own, where the user asks for none */
	double tick_s;	     /* drawn so often even if nothing changed; 0: no */
	bool has_users_tick; /* an interval that the user asks for is the tick, too */
	/* The tally knows all targets. */
	void (*started)(struct printer *p);
	/* It is time: say what is new, in lines, or call term_out_wake() for a new picture. */
	void (*draw)(struct printer *p);
	/* f ended just now. NULL: failures are lines. */
	void (*failed)(struct printer *p, const struct tally_failure *f);
	/* A message of the program; it is among the lines already. */
	void (*logged)(struct printer *p, const char *text, size_t len);
	/* Everything is final. */
	void (*ended)(struct printer *p);
	/* The next unit for the terminal. NULL: lines that wait. */
	void (*fill)(struct printer *p, struct str *unit);
	void (*resized)(struct printer *p);
	/* The process is about to be stopped, or goes on. */
	void (*suspended)(struct printer *p, bool is_suspended);
	/* Before the end, or when nobody reads any more: give the terminal back. */
	void (*leave)(struct printer *p);
	void (*destroy)(struct printer *p);
};

struct printer {
	struct observer observer;
	struct printer_env env;
	const struct view_ops *view;
	void *own; /* the view's */

	struct tally tally;
	struct row_widths widths;
	char *run_name;		   /* NULL: no run has started */
	const struct clock *clock; /* the run's */
	bool is_running, is_utf8;

	struct pace pace;
	ev_timer due;
	ev_signal resize;
	struct term_out out;
	struct line_queue lines;
};

/* started() of the view is called when the run starts; destroy() of the view frees own. */
struct observer *printer_new(const struct printer_env *env, const struct view_ops *view, void *own);
/* Another view takes over in the middle of a run; the old one's destroy() is called. */
void printer_set_view(struct printer *p, const struct view_ops *view, void *own);
double printer_now(const struct printer *p); /* on the run's clock */
void printer_add_lines(struct printer *p, const char *text, size_t len);
void printer_add_failure(struct printer *p, const struct tally_failure *f);
void printer_changed(struct printer *p); /* draw when it is time */

/* Columns and rows; 80 x 24 where the terminal does not say. */
void printer_size(const struct printer *p, unsigned *ret_columns, unsigned *ret_rows);
/* It is a terminal that can be drawn on, and ours. */
bool printer_can_draw(const struct printer_env *env);

extern const struct view_ops plain_view;
struct observer *plain_create(const struct printer_env *env, struct error *err);
struct observer *tty_create(const struct printer_env *env, struct error *err);
struct observer *curses_create(const struct printer_env *env, struct error *err);
bool curses_can(const struct printer_env *env);

#endif
