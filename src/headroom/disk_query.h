/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What disks have left, as another process answers from time to time. A question to a file system
 * may hang, so this process never asks it. Reads no clock: the caller counts seconds.
 */
#ifndef HEADROOM_DISK_QUERY_H
#define HEADROOM_DISK_QUERY_H

#include "headroom/free_space.h"

enum { DISK_QUERY_LATE_S = 30 };

struct disk_query {
	struct free_space_disk disk[FREE_SPACE_DISKS]; /* the last answers */
	unsigned n_disks;
	unsigned n_answers; /* to the present question */
	unsigned waited_s;  /* for the next answer */
	bool is_open;	    /* not all disks have answered */
	bool is_late;	    /* reported */
};

enum disk_query_step {
	DISK_QUERY_WAIT,
	DISK_QUERY_ASK,	 /* ask for each disk, in their order */
	DISK_QUERY_LATE, /* disk[n_answers] has not answered for DISK_QUERY_LATE_S; once per answer
			  */
};

/* first: an answer for each disk. */
void disk_query_init(struct disk_query *q, const struct free_space *first);
/* To be called once a second. Seconds in which this process is stopped do not count. */
enum disk_query_step disk_query_tick(struct disk_query *q);
/* Takes the answer of the disk at path. Returns true if it was reported as late. */
bool disk_query_answer(struct disk_query *q, const char *path, const struct free_space_disk *disk);
/* Nobody is there to answer: nothing is known of the disks from now on. */
void disk_query_forget(struct disk_query *q);

#endif
