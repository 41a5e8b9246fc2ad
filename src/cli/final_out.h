/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FINAL_OUT_H
#define CLI_FINAL_OUT_H

#include <stddef.h>

/*
 * Writes text to standard output. A file or a pipe takes it as any program's output; a terminal
 * that takes nothing for five seconds (Ctrl-S) does not keep us: the rest is dropped, all of it is
 * in the results anyway.
 */
void final_write(const char *text, size_t len);

#endif
