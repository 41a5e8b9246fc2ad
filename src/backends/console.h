/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's own terminal, lent to the job of one slot: what is typed goes to the job as it is,
 * what the job writes to the screen, the size follows. Keys that mean a signal mean it to the job.
 * Standard input is the terminal; the screen is standard output, wherever that leads.
 */
#ifndef BACKENDS_CONSOLE_H
#define BACKENDS_CONSOLE_H

#include <ev.h>

#include "backends/backends.h"
#include "exec/slot.h"

struct console;

/* terminal: who is told that it is taken, and given back. */
struct console *console_new(struct ev_loop *loop, const struct backend_terminal *terminal);
void console_free(struct console *c); /* accepts NULL */

bool console_is_taken(const struct console *c);
/* Before slot_run(): for a job that is interactive, or whose output is shown; nothing for others.
 * -1 with err: there is no terminal that could be given. */
int console_take(struct console *c, struct slot *slot, const struct job_rules *rules,
		 struct error *err);
/* The job is over: the terminal is as it was. Harmless if it is not taken. */
void console_release(struct console *c);

void console_say(struct console *c, const char *bytes, size_t n);
/* We are about to be stopped, as by Ctrl-Z: gives the terminal back. false: takes it again, which
 * waits until it is ours. Nothing if nobody has it. */
void console_suspend(struct console *c, bool is_suspended);
/* The job that has it was stopped, as by Ctrl-Z: so is the run. */
void console_stopped(struct console *c);
/* The job is to end: from now on nobody waits for a screen that takes nothing. */
void console_hurry(struct console *c);

#endif
