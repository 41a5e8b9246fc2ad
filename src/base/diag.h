/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics of a load: errors and warnings that are collected, so that a user sees all of them at
 * once, each as
 *
 *   cfg.hjson:12:3: error: unknown key 'neds'
 *     12 |   neds: ["build"]
 *        |   ^~~~
 *     hint: did you mean 'needs'?
 *   cfg.hjson:4:5: note: first defined here
 *
 * Modules below cli/ add to a list; cli/ prints it, once. Positions are copied, file names too: a
 * list may outlive the configuration.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/* A complaint is printed as an error and counted as a warning: the load goes on. */
enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_COMPLAINT };

struct diag_note {
	struct src_pos pos;
	char *text;
	struct diag_note *next;
};

struct diag {
	enum diag_level level;
	struct src_pos pos;
	char *msg;
	char *hint;		 /* or NULL */
	char *excerpt;		 /* the line pos is in, printable, or NULL */
	unsigned underline;	 /* columns to mark from pos.col on, at least 1 */
	struct diag_note *notes; /* in the order added */
	struct diag *next;
};

struct diags {
	struct diag *first, **end;
	unsigned n_errors, n_warnings;
	unsigned n_infra; /* errors of the machine, not of the configuration: diag_infra() */
	unsigned limit;	  /* of errors and of warnings shown; more are only counted. 0: 50 */
};

void diags_init(struct diags *d);
void diags_done(struct diags *d);

/* diag_error() and diag_warning() return the new entry, never NULL. The functions below add to an
 * entry. */
struct diag *diag_error(struct diags *d, struct src_pos pos, const char *fmt, ...) _printf_(3, 4);
struct diag *diag_warning(struct diags *d, struct src_pos pos, const char *fmt, ...) _printf_(3, 4);
struct diag *diag_complaint(struct diags *d, struct src_pos pos, const char *fmt, ...)
	_printf_(3, 4);
/* e, an error of d, is the machine's (a driver that crashes), not the configuration's. */
void diag_infra(struct diags *d, const struct diag *e);
/* May have several lines. */
void diag_hint(struct diag *e, const char *fmt, ...) _printf_(2, 3);
void diag_note(struct diag *e, struct src_pos pos, const char *fmt, ...) _printf_(3, 4);
/* line: the text of the line that pos is in (need not be NUL-terminated); underline: columns to
 * mark. */
void diag_excerpt(struct diag *e, const char *line, size_t len, unsigned underline);
/* Moves all of from to the end of d. */
void diags_move(struct diags *d, struct diags *from);
/* Moves err into the list; err is empty afterwards. */
void diag_from_error(struct diags *d, struct error *err);

/* Prints all, in order, the same warning once. color: with SGR sequences. strict: warnings are
 * shown as errors. */
void diags_print(const struct diags *d, FILE *to, bool color, bool strict);

#endif
