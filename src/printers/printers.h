/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printers: observers that own the terminal. One row each in printers.c. All draw from one model
 * (tally.h). None ever waits for the terminal: output that it does not take now is sent later, or
 * replaced by newer output.
 */
#ifndef PRINTERS_PRINTERS_H
#define PRINTERS_PRINTERS_H

#include <ev.h>

#include "base/error.h"
#include "scheduler/observer.h"

struct printer_env {
	struct ev_loop *loop;
	int fd;		  /* where to draw: standard error, as log lines */
	const char *what; /* name of fd for messages; NULL: the terminal */
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

/* "auto": tty if it can draw here and this is no CI service, else plain. NULL: unknown name. */
const struct printer_type *printer_type_choose(const char *name, const struct printer_env *env);

/* Does it print lines only? */
bool printer_is_plain(const struct observer *printer);
/* Stops drawing while many jobs are killed at once; a paused printer still counts jobs. */
void printer_pause(struct observer *printer, bool is_paused);
/* Holds output back while another part of the program writes to the terminal; the output is written
 * afterwards. */
void printer_hold(struct observer *printer, bool is_held);
/* The process will be stopped, as by Ctrl-Z, or was continued. */
void printer_suspend(struct observer *printer, bool is_suspended);
/* A log line, shown above or between drawings. The sink of log.h while there is a printer. */
void printer_log(struct observer *printer, const char *text, size_t len);

#endif
