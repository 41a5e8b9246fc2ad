/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's terminal, given to the job of one slot. Keys go to the job unchanged, also those that
 * send signals; the job's output goes to the screen; changes of the window size are passed on. Keys
 * are read from standard input, which must be a terminal. The screen is standard output, whatever
 * it is.
 */
#ifndef BACKENDS_CONSOLE_H
#define BACKENDS_CONSOLE_H

#include <ev.h>

#include "backends/backends.h"
#include "exec/slot.h"

struct console;

/* terminal: the callbacks; copied. */
struct console *console_new(struct ev_loop *loop, const struct backend_terminal *terminal);
void console_free(struct console *c); /* accepts NULL */

bool console_is_taken(const struct console *c);
/* Call it before slot_run(). Gives the terminal to an interactive job, the screen to a job whose
 * output is shown, and nothing to other jobs. -1 with err: standard input is not a terminal, or
 * another process has it. */
int console_take(struct console *c, struct slot *slot, const struct job_rules *rules,
		 struct error *err);
/* The job is over: writes what is left of its output, and restores the terminal. Does nothing if
 * the terminal is not taken. */
void console_release(struct console *c);

void console_say(struct console *c, const char *bytes, size_t n);
/* true: dvsched is about to be stopped (Ctrl-Z); restores the terminal. false: takes the terminal
 * again, once dvsched is in the foreground. Does nothing if no job has it. */
void console_suspend(struct console *c, bool is_suspended);
/* The job that has the terminal was stopped (Ctrl-Z): suspends the run, too. */
void console_stopped(struct console *c);
/* The job is to end: from now on a screen that takes nothing no longer delays it. */
void console_hurry(struct console *c);

#endif
