/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clerk: one small process for slow file work that no job waits for. This end never blocks:
 * requests are queued and sent as the socket takes them, and the clerk merges what it has not done
 * yet (of several links for one name, only the last is made).
 */
#ifndef CLERK_CLERK_H
#define CLERK_CLERK_H

#include <ev.h>
#include <stdbool.h>

#include "base/error.h"

struct clerk;

/* problem(): something could not be done (once per kind and directory, not per file); text is for
 * people. */
typedef void clerk_problem(void *ctx, const char *text);

/* root: absolute; the clerk refuses to touch anything outside it. */
struct clerk *clerk_new(struct ev_loop *loop, const char *root, clerk_problem *problem, void *ctx,
			struct error *err);
/* The run is over its deadline: clerk_finish() waits 3 s for a sign of life, and not 10 s, and the
 * trash stays. */
void clerk_hurry(struct clerk *c);
/* Each second in which clerk_finish() waits. */
void clerk_set_tick(struct clerk *c, void (*tick)(void *ctx), void *ctx);
/* How long clerk_free() waits for the trash to be emptied; 0.5 s if nobody says it. */
void clerk_give_to_trash(struct clerk *c, double most_s);
/* Sends what is queued and waits until it is done; nothing may be asked for later. A clerk that is
 * stopped is continued; one that shows no sign of life for 10 s is killed, and that is a problem to
 * tell. Then the clerk begins to empty the trash. */
void clerk_finish(struct clerk *c);
/* Finishes, waits for the trash, ends the process. A signal ends the wait. NULL: nothing. */
void clerk_free(struct clerk *c);

/* An empty directory at path: what was there is renamed into the trash first. Links inside are not
 * followed. */
void clerk_reset_dir(struct clerk *c, const char *path);
/* Nothing is left at path: what was there is renamed into the trash. */
void clerk_trash(struct clerk *c, const char *path);
/*
 * The link for `name` stands in exactly one of the sibling directories base/<group>: now in group
 * (NULL: in none). target is what it points to.
 */
void clerk_set_link(struct clerk *c, const char *base, const char *group, const char *name,
		    const char *target);
/* fdatasync of the file at path, at most once per 100 ms for one path. */
void clerk_sync(struct clerk *c, const char *path);

int clerk_main(void); /* `dvsched __clerk`, socket on PROC_SOCKET_FD. Never returns. */

#endif
