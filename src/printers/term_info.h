/* SPDX-License-Identifier: Apache-2.0 */
/* The terminfo entry of a terminal. Not in curses.c, because <term.h> defines macros such as
 * `columns`. */
#ifndef PRINTERS_TERM_INFO_H
#define PRINTERS_TERM_INFO_H

#include <stdbool.h>

/* Can the cursor be moved and the screen be cleared? Some terminals cannot. */
bool term_info_can_draw(int fd);
/* The sequences that leave the full screen, without delays. Call it while curses is set up. */
const char *term_info_undo(void);

#endif
