/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine has left at one moment: room in file systems, and memory. */
#ifndef HEADROOM_ROOM_H
#define HEADROOM_ROOM_H

#include <stdbool.h>
#include <stdint.h>

enum { ROOM_DISKS = 2 };

struct room_disk {
	const char *path;
	uint64_t free_bytes, size_bytes; /* size_bytes 0: not known */
	uint64_t free_inodes, n_inodes;	 /* n_inodes 0: it has no limit of them */
};

struct room {
	struct room_disk disk[ROOM_DISKS];
	unsigned n_disks;
	/* What new processes can have, of the machine and of the cgroups of this process. 0 of
	 * total: not known. */
	uint64_t memory_bytes, memory_total;
	/* Part of the last 10 s in which all processes waited for memory; 0 without PSI. */
	double memory_pressure;
};

struct room_source {
	const char *disk[ROOM_DISKS]; /* borrowed paths */
	unsigned n_disks;
	const char *proc, *sys; /* "/proc" and "/sys", or copies of them in tests */
};

/* For jobs that write below scratch, and to the directory of temporary files, if that is on another
 * file system. NULL: none. */
void room_source_init(struct room_source *s, const char *scratch, const char *tmp);
void room_read(const struct room_source *s, struct room *ret);

#endif
