/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clerk: one small process for slow file work that no job waits for. Only clerk_finish() and
 * clerk_free() block: requests are queued and sent as the socket takes them. The clerk merges
 * requests that it has not carried out yet (of several links for one name, only the last is made).
 */
#ifndef CLERK_CLERK_H
#define CLERK_CLERK_H

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "headroom/free_space.h"

struct clerk;

/* Something could not be done; called once per kind and directory, not per file. text: for people.
 */
typedef void clerk_problem(void *ctx, const char *text);
/* The answer to clerk_ask_space(). */
typedef void clerk_space(void *ctx, const char *path, const struct free_space_disk *disk);

/* root: absolute; the clerk refuses to touch anything outside it. NULL after errors, with err. */
struct clerk *clerk_new(struct ev_loop *loop, const char *root, clerk_problem *problem, void *ctx,
			struct error *err);
/* The run is over its deadline: clerk_finish() waits 3 s instead of 10 s for a sign of life, and
 * clerk_free() does not wait for the trash. */
void clerk_hurry(struct clerk *c);
/* tick is called each second while clerk_finish() waits. */
void clerk_set_tick(struct clerk *c, void (*tick)(void *ctx), void *ctx);
/* How long clerk_free() waits for the trash to be emptied; default: 0.5 s. */
void clerk_give_to_trash(struct clerk *c, double most_s);
/* Sends what is queued and waits until it is done; no requests may follow. A stopped clerk is
 * continued. A clerk without a sign of life for 10 s is a problem, and is killed by clerk_free().
 * When all is done, the clerk begins to empty the trash. */
void clerk_finish(struct clerk *c);
/* Calls clerk_finish(), waits for the trash (a signal ends this wait), and ends the process.
 * Accepts NULL. */
void clerk_free(struct clerk *c);

/* Makes an empty directory at path; what is there is renamed into the trash first. Links inside are
 * not followed. */
void clerk_reset_dir(struct clerk *c, const char *path);
/* Renames what is at path into the trash. */
void clerk_trash(struct clerk *c, const char *path);
/*
 * Makes the link base/<group>/<name>, which points to target, and removes the one in the group
 * where it was before. group NULL: only removes it.
 */
void clerk_set_link(struct clerk *c, const char *base, const char *group, const char *name,
		    const char *target);
/* fdatasync of the file at path, at most once per 100 ms for one path. */
void clerk_sync(struct clerk *c, const char *path);
/* Who gets the answers to clerk_ask_space(). NULL: nobody. */
void clerk_set_space(struct clerk *c, clerk_space *space, void *ctx);
/* Asks what the file system of path has left. The answer may never come: the file system may hang.
 */
void clerk_ask_space(struct clerk *c, const char *path);

/*
 * A clerk that dies is replaced: the next one gets all requests that it had not confirmed. Only if
 * several die soon after their start, none is started again.
 */
struct clerk_end {
	pid_t pid;
	const char *how; /* "died: signal 9" */
	pid_t next;	 /* the one that goes on; 0: none, or none yet */
};
typedef void clerk_died(void *ctx, const struct clerk_end *end);
/* died may be NULL. */
void clerk_set_died(struct clerk *c, clerk_died *died, void *ctx);
/* There is no process now, and perhaps there will be none: who needs a sync makes it. */
bool clerk_is_gone(const struct clerk *c);

int clerk_main(void); /* `dvsched __clerk`, socket on PROC_SOCKET_FD. Never returns. */

#endif
