/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full screen view as a picture: makes rows of a canvas from a tally and the user's position in
 * its lists. Does not use curses, so that it can be tested without a terminal.
 */
#ifndef PRINTERS_SCREEN_H
#define PRINTERS_SCREEN_H

#include "printers/canvas.h"
#include "printers/tally.h"

enum pane_name { PANE_TARGETS, PANE_RUNNING, PANE_FAILURES, PANE_COUNT };

enum screen_key {
	SCREEN_UP,
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_FIRST,
	SCREEN_LAST,
	SCREEN_NEXT_PANE,
	SCREEN_BEFORE_PANE,
};

/* The user's position in one list. Entries are numbered: targets, running jobs by their order,
 * failures. */
struct pane {
	int64_t cursor, top;
	int64_t end;	   /* behind the last entry, at the last drawing */
	unsigned height;   /* rows of entries, at the last drawing */
	bool is_following; /* the cursor is on the newest entry and stays there */
	bool is_moved;	   /* the user has moved the cursor */
	uint32_t job;	   /* running: the job under the cursor */
};

struct screen {
	enum pane_name focus;
	struct pane panes[PANE_COUNT];
};

struct screen_view {
	const struct tally *tally;
	const char *run_name;
	const char *said; /* the last message of the program; NULL: none */
	double now_s;
	unsigned columns, rows;
};

void screen_init(struct screen *s);
void screen_key(struct screen *s, enum screen_key key);
/* At most view->rows rows of at most view->columns columns. */
void screen_draw(struct screen *s, struct canvas *c, const struct screen_view *view);

#endif
