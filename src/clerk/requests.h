/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the clerk, in order. One that was sent is kept until the clerk has confirmed it, so
 * that the next clerk can be asked again if this one dies. All requests may be carried out twice.
 */
#ifndef CLERK_REQUESTS_H
#define CLERK_REQUESTS_H

#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "clerk/clerk_wire.h"

struct request {
	struct list link;
	enum clerk_request type;
	char *key;			    /* requests with the same key are merged; NULL: never */
	char *base, *group, *name, *target; /* base: also the path of the other types */
};

struct requests {
	struct list waiting, sent;
	struct map by_key; /* of those that wait; later ones are merged into them */
};

void requests_init(struct requests *q);
void requests_done(struct requests *q);
/* Takes ownership of the strings. Returns the request. */
struct request *requests_add(struct requests *q, const struct request *values);
/* Later requests must not be merged into those that wait now. */
void requests_separate(struct requests *q);
/* Returns the first one that waits, which counts as sent from now on. NULL: none waits. */
struct request *requests_take(struct requests *q);
/* The first n that were sent are carried out. */
void requests_confirm(struct requests *q, uint64_t n);
/* All that were sent and not confirmed wait again, before the others. */
void requests_repeat(struct requests *q);

#endif
