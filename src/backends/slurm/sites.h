/* SPDX-License-Identifier: Apache-2.0 */
/* The partitions of a cluster, and their largest nodes, as `sinfo` prints them. */
#ifndef BACKENDS_SLURM_SITES_H
#define BACKENDS_SLURM_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct site {
	const char *name;
	bool is_default;
	uint64_t most_cpus, most_mib; /* of one node */
};

struct sites {
	struct site *at;
	size_t n, cap;
};

/* The command whose output sites_read() reads; NULL-terminated. */
extern const char *const sites_command[];
/* text: lines "main*|8|1000"; other lines are ignored. */
void sites_read(struct arena *mem, const char *text, struct sites *ret);
/* NULL: there is none. name NULL: the default one. */
const struct site *sites_find(const struct sites *s, const char *name);

#endif
