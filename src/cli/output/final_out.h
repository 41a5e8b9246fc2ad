/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The product of a command: a list, a plan, help, the ending of a run. The first failure to write
 * it is kept until final_code(), which reports it and returns a code other than 0. A reader that
 * closed its end early (`| head -1`) is not an error.
 *
 * In cli/output/: standard output, tables, and the page of metrics.
 */
#ifndef CLI_OUTPUT_FINAL_OUT_H
#define CLI_OUTPUT_FINAL_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json_out.h"

/* Writes text to standard output; waits for a slow reader. */
void final_write(const char *text, size_t len);
/* Writes and clears an incomplete text once it is long, to save memory. */
void final_part(struct str *text);
/*
 * The same for the ending of a run, which is also in its results. A closed standard output is not
 * an error. A terminal that takes nothing for five seconds (Ctrl-S) is not waited for: the rest is
 * dropped.
 */
void final_write_ending(const char *text, size_t len);
/* As final_write(), to standard error, for products that go there. */
void final_write_error(const char *text, size_t len);
/* Nobody reads standard output any more: a write found it, or final_reader_left() was called. */
bool final_reader_is_gone(void);
void final_reader_left(void);
/* Writes a complete document of jout_init(j, -1, …) and a line break, and ends j. */
void final_json(struct json_out *j);

/* For the end of the program. Returns code; code_unwritten instead of 0 if a write failed. */
int final_code(int code, int code_unwritten);

#endif
