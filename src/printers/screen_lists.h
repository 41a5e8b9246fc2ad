/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of the full screen: targets, running jobs, failures. */
#ifndef PRINTERS_SCREEN_LISTS_H
#define PRINTERS_SCREEN_LISTS_H

#include "printers/screen.h"

/* Draws `rows` rows: a heading, if there is room, and the entries that fit below it. */
void screen_lists_draw(struct screen *s, struct canvas *c, const struct screen_view *v,
		       enum pane_name name, unsigned rows);

#endif
