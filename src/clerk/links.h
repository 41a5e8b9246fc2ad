/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status links that are still to be made: for each name only the last one requested, so that a
 * job that runs two milliseconds costs one symlink instead of three.
 */
#ifndef CLERK_LINKS_H
#define CLERK_LINKS_H

#include "base/confine.h"
#include "base/map.h"
#include "base/vec.h"

struct links {
	struct map by_name; /* base '\n' name -> struct link_state; also of links that exist */
	VEC(struct link_state *) pending;
	VEC(char *) groups; /* links of an earlier process may be in them */
};

typedef void links_problem(void *ctx, const char *where, struct error *err);

/* An earlier process may have made links in this group, which is copied: the first time that a link
 * is made or removed here, it is removed from all other groups. */
void links_add_group(struct links *l, const char *group);
/* Strings are copied; group NULL: removes the link. A name that is no file name is ignored: flows
 * refuse such names. */
void links_set(struct links *l, const char *base, const char *group, const char *name,
	       const char *target);
/* Makes the pending links. tick (or NULL) is called after every 1000 links. */
void links_flush(struct links *l, struct confine *confine, links_problem *problem, void *ctx,
		 void (*tick)(void *ctx));
/* The links in dir are gone, because the directory was reset or removed. */
void links_forget(struct links *l, const char *dir);

#endif
