/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printers: observers that own the terminal. One row each in printers.c. All draw from one model
 * (tally.h), none ever waits for the terminal: what it does not take now is sent when it does, or
 * replaced by something newer.
 */
#ifndef PRINTERS_PRINTERS_H
#define PRINTERS_PRINTERS_H

#include <ev.h>

#include "base/error.h"
#include "scheduler/observer.h"

struct printer_env {
	struct ev_loop *loop;
	int fd;		  /* where to draw: standard error, as log lines */
	const char *what; /* that is, for messages; NULL: the terminal */
	bool color;
	/* Least time between two drawings; 0: every change; < 0: the printer's own. */
	double interval_s;
};

struct printer_type {
	const char *name; /* "curses", "tty", "plain", "none" */
	const char *help;
	bool (*can)(const struct printer_env
			    *env); /* may it draw here: terminal, TERM, size, foreground */
	struct observer *(*create)(const struct printer_env *env, struct error *err);
};

/* "auto": tty where it can, else plain. An unknown name: NULL. */
const struct printer_type *printer_type_choose(const char *name, const struct printer_env *env);

/* Lines only? */
bool printer_is_plain(const struct observer *printer);
/* Stops drawing during kill storms; a printer that is paused still counts. */
void printer_pause(struct observer *printer, bool is_paused);
/* Somebody else writes to the terminal: what there is to say is said afterwards. */
void printer_hold(struct observer *printer, bool is_held);
/* The process is about to be stopped, as by Ctrl-Z, or goes on. */
void printer_suspend(struct observer *printer, bool is_suspended);
/* A log line, shown above or between what is drawn (log.h's sink goes here while a printer lives).
 */
void printer_log(struct observer *printer, const char *text, size_t len);

#endif
