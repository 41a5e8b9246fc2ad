/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all printers share: they observe a run, keep the tally, decide when to draw, and own an
 * output that never waits. A view (plain.c, tty.c, curses.c) decides how it looks.
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
	double interval_s;   /* the default interval between drawings */
	double tick_s;	     /* draws this often even if nothing changed; 0: never */
	bool has_users_tick; /* an interval that the user gives is the tick, too */
	/* The run has started; the tally has all targets. */
	void (*started)(struct printer *p);
	/* A drawing is due: add lines, or call term_out_wake() for a new picture. */
	void (*draw)(struct printer *p);
	/* A job has failed. */
	void (*failed)(struct printer *p, const struct tally_failure *f);
	/* A message of the program, which is already in p->lines. */
	void (*logged)(struct printer *p, const char *text, size_t len);
	/* The run has ended; all jobs are final. */
	void (*ended)(struct printer *p);
	/* Appends the next output to unit. NULL: the next of p->lines. */
	void (*fill)(struct printer *p, struct str *unit);
	void (*resized)(struct printer *p);
	/* The process will be stopped, or was continued. */
	void (*suspended)(struct printer *p, bool is_suspended);
	/* Before the end, or when the output is broken: restore the terminal. */
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
	struct str path; /* of a job's log, while a change of it is handled */
};

/* own: the view's data, which destroy() of the view frees. */
struct observer *printer_new(const struct printer_env *env, const struct view_ops *view, void *own);
/* Replaces the view, also during a run. Calls destroy() of the old one. */
void printer_set_view(struct printer *p, const struct view_ops *view, void *own);
double printer_now(const struct printer *p); /* on the run's clock */
void printer_add_lines(struct printer *p, const char *text, size_t len);
void printer_add_failure(struct printer *p, const struct tally_failure *f);

/* Columns and rows of the terminal; 80 x 24 if it does not report them. */
void printer_size(const struct printer *p, unsigned *ret_columns, unsigned *ret_rows);
/* Is it a terminal that can be drawn on, and is this process in its foreground? */
bool printer_can_draw(const struct printer_env *env);

extern const struct view_ops plain_view;
struct observer *plain_create(const struct printer_env *env, struct error *err);
struct observer *tty_create(const struct printer_env *env, struct error *err);
struct observer *curses_create(const struct printer_env *env, struct error *err);
bool curses_can(const struct printer_env *env);

#endif
