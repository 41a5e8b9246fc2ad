/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine has left at one moment: space in file systems, and memory. */
#ifndef HEADROOM_FREE_SPACE_H
#define HEADROOM_FREE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

enum { FREE_SPACE_DISKS = 2 };

struct free_space_disk {
	const char *path;
	uint64_t free_bytes, size_bytes; /* size_bytes 0: not known */
	uint64_t free_inodes, n_inodes;	 /* n_inodes 0: it has no limit of them */
};

struct free_space {
	struct free_space_disk disk[FREE_SPACE_DISKS];
	unsigned n_disks;
	/* What new processes can have, of the machine and of the cgroups of this process. 0 of
	 * total: not known. */
	uint64_t memory_bytes, memory_total;
	/* Part of the last 10 s in which all processes waited for memory; 0 without PSI. */
	double memory_pressure;
};

struct free_space_source {
	const char *disk[FREE_SPACE_DISKS]; /* borrowed paths */
	unsigned n_disks;
	const char *proc, *sys; /* "/proc" and "/sys", or copies of them in tests */
};

/* For jobs that write below scratch, and to the directory of temporary files, if that is on another
 * file system. NULL: none. */
void free_space_source_init(struct free_space_source *s, const char *scratch, const char *tmp);
void free_space_read_disk(const char *path, struct free_space_disk *ret);
/* Everything but disks, whose file systems may hang: n_disks is 0. */
void free_space_read_memory(const struct free_space_source *s, struct free_space *ret);
void free_space_read(const struct free_space_source *s, struct free_space *ret);

#endif
