/* SPDX-License-Identifier: Apache-2.0 */
/* What terminfo knows of a terminal. Apart from curses.c, because <term.h> makes macros of words
 * like `columns`. */
#ifndef PRINTERS_TERM_INFO_H
#define PRINTERS_TERM_INFO_H

#include <stdbool.h>

/* The cursor can be moved and the screen be cleared; there are entries for terminals that cannot.
 */
bool term_info_can_draw(int fd);
/* Valid while curses is set up: what takes us from a full screen back, without delays. */
const char *term_info_undo(void);

#endif
