/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from string to pointer that keeps the order of insertion. Keys are borrowed: they must
 * outlive the map. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	const char *key; /* NULL: removed */
	size_t key_len;
	void *value;
	uint32_t hash;
};

/* {0} is an empty map. */
struct map {
	struct map_entry *entries; /* in the order of insertion */
	size_t n, cap;
	size_t n_live;
	uint32_t *index; /* 0: free, else entry number + 1 */
	size_t index_size;
};

void map_done(struct map *m);
/* NULL if there is no such key (or its value is NULL). */
void *map_get(const struct map *m, const char *key);
void *map_get_n(const struct map *m, const char *key, size_t len);
bool map_has(const struct map *m, const char *key);
/* Returns the value that was there before, or NULL. */
void *map_set(struct map *m, const char *key, void *value);
void *map_set_n(struct map *m, const char *key, size_t len, void *value);
void *map_remove(struct map *m, const char *key);
/* The same with an address as the key, whatever is stored there; of map_entry, key is the address
 * and key_len has no meaning. A map has keys of one kind only. */
void *map_get_address(const struct map *m, const void *key);
void *map_set_address(struct map *m, const void *key, void *value);
/* Returns the next entry in the order of insertion; NULL at the end. Start with *at = 0. */
const struct map_entry *map_next(const struct map *m, size_t *at);

#endif
