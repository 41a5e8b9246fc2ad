/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command prints for its user: a list, a plan, help, the ending of a run. What could not be
 * written is kept until the end of the program, which then says so and does not exit with 0. A
 * reader that left early (`| head -1`) is no error.
 *
 * In cli/output/: standard output, tables, and the page of metrics.
 */
#ifndef CLI_OUTPUT_FINAL_OUT_H
#define CLI_OUTPUT_FINAL_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json_out.h"

/* Writes text to standard output, whose reader may take its time. */
void final_write(const char *text, size_t len);
/* Writes and clears a long text that is not complete yet once there is enough of it, so that
 * memory does not hold all of it. */
void final_part(struct str *text);
/*
 * The same for the ending of a run, which stands in its results, too: that nobody wants it
 * (standard output is closed) is no error, and a terminal that takes nothing for five seconds
 * (Ctrl-S) does not keep us: the rest is dropped.
 */
void final_write_ending(const char *text, size_t len);
/* As final_write(), to standard error, for what is a command's product there. */
void final_write_error(const char *text, size_t len);
/* Nobody reads standard output any more: a write found it, or final_reader_left() was called. */
bool final_reader_is_gone(void);
void final_reader_left(void);
/* A document of jout_init(j, -1, …), complete: writes it with a line break, and ends j. */
void final_json(struct json_out *j);

/* The last thing a program does: code, or code_unwritten in place of 0 if something was not
 * written. */
int final_code(int code, int code_unwritten);

#endif
