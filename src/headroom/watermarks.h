/* SPDX-License-Identifier: Apache-2.0 */
/* Has the machine enough left to start more jobs? Decided from measures; this reads no clock and no
 * file. */
#ifndef HEADROOM_WATERMARKS_H
#define HEADROOM_WATERMARKS_H

#include "base/str.h"
#include "headroom/free_space.h"

#define WATERMARK_DEFAULT UINT64_MAX /* depends on the size of what it is about */

/* The least that must be free; 0: any. */
struct watermark_limits {
	uint64_t space, memory; /* bytes */
	uint64_t inodes;
};

enum watermark {
	WATERMARK_ENOUGH,
	WATERMARK_MEMORY,   /* one job may run at a time: it cannot wait for others to end */
	WATERMARK_PRESSURE, /* likewise */
	WATERMARK_SPACE,
	WATERMARK_INODES,
};

struct watermarks {
	struct watermark_limits limits;
	enum watermark low;
	unsigned low_disk;
};

/*
 * Returns what is short. What was short before must be an eighth above its limit to be enough
 * again. If the answer is another one than before, sets *why: "the file system of /scratch has 12
 * MiB free, less than 64 MiB (the default; --min-free-space changes it)", or "(--min-free-space)"
 * if the limit was given.
 */
enum watermark watermarks_take(struct watermarks *w, const struct free_space *left,
			       struct str *why);
/* The least memory that must be free, in bytes. */
uint64_t watermarks_memory(const struct watermarks *w, const struct free_space *left);

#endif
