/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status links that are still to be made: for each name only the last one asked for, so that a
 * job that runs two milliseconds costs one symlink and not three.
 */
#ifndef CLERK_LINKS_H
#define CLERK_LINKS_H

#include "base/confine.h"
#include "base/map.h"
#include "base/vec.h"

struct links {
	struct map by_name; /* base '\n' name -> struct link_state; also what stands already */
	VEC(struct link_state *) pending;
};

typedef void links_problem(void *ctx, const char *where, struct error *err);

/* Strings are copied; group NULL: in none. A name that is no file name is ignored: flows refuse
 * those. */
void links_set(struct links *l, const char *base, const char *group, const char *name,
	       const char *target);
/* Makes the pending ones. tick (or NULL) is called now and then. */
void links_flush(struct links *l, struct confine *fence, links_problem *problem, void *ctx,
		 void (*tick)(void *ctx));
/* What stands in base/… is gone (the directory was reset). */
void links_forget(struct links *l, const char *dir);

#endif
