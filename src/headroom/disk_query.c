/* SPDX-License-Identifier: Apache-2.0 */
#include "headroom/disk_query.h"

#include <string.h>

void disk_query_init(struct disk_query *q, const struct free_space *first)
{
	*q = (struct disk_query){.n_disks = first->n_disks};
	for (unsigned i = 0; i < first->n_disks; i++)
		q->disk[i] = first->disk[i];
}

enum disk_query_step disk_query_tick(struct disk_query *q)
{
	if (q->n_disks == 0)
		return DISK_QUERY_WAIT;
	if (!q->is_open) {
		q->is_open = true;
		q->n_answers = q->waited_s = 0;
		return DISK_QUERY_ASK;
	}
	if (q->is_late || ++q->waited_s < DISK_QUERY_LATE_S)
		return DISK_QUERY_WAIT;
	q->is_late = true;
	return DISK_QUERY_LATE;
}

bool disk_query_answer(struct disk_query *q, const char *path, const struct free_space_disk *disk)
{
	bool was_late = q->is_late;
	const char *mine;

	if (!q->is_open || strcmp(path, q->disk[q->n_answers].path) != 0)
		return false;
	mine = q->disk[q->n_answers].path;
	q->disk[q->n_answers] = *disk;
	q->disk[q->n_answers++].path = mine;
	q->waited_s = 0;
	q->is_late = false;
	q->is_open = q->n_answers < q->n_disks;
	return was_late;
}

void disk_query_forget(struct disk_query *q)
{
	q->n_disks = 0;
	q->is_open = q->is_late = false;
}
