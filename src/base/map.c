/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The key_len of keys that are addresses. */
#define MAP_ADDRESS SIZE_MAX

/* Eight bytes more. Multiplying moves what differs up, the shift brings it down again. */
static uint64_t map_absorb(uint64_t h, uint64_t bytes)
{
	h = (h ^ bytes) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* In the order of the machine: hashes are nobody else's. */
static uint64_t map_word_at(const char *s)
{
	uint64_t word;

	memcpy(&word, s, sizeof(word));
	return word;
}

static uint32_t map_hash_of(const char *s, size_t n)
{
	uint64_t h = n, rest = 0;

	if (n == MAP_ADDRESS)
		return (uint32_t)map_absorb(map_absorb(h, (uintptr_t)s), 0);
	for (size_t i = 0; i + sizeof(rest) < n; i += sizeof(rest))
		h = map_absorb(h, map_word_at(s + i));
	if (n >= sizeof(rest))
		rest = map_word_at(s + n - sizeof(rest)); /* some of them for the second time */
	for (size_t i = 0; n < sizeof(rest) && i < n; i++)
		rest = rest << 8 | (unsigned char)s[i];
	h = map_absorb(h, rest);
	return (uint32_t)map_absorb(h, 0);
}

void map_done(struct map *m)
{
	free(m->entries);
	free(m->index);
	*m = (struct map){0};
}

static bool map_is_key(const struct map_entry *e, const char *key, size_t len)
{
	if (!e->key || e->key_len != len)
		return false;
	return len == MAP_ADDRESS ? e->key == key : memcmp(e->key, key, len) == 0;
}

/* The place in index[] of key, or the free place where key would be put. */
static size_t map_slot_of(const struct map *m, const char *key, size_t len, uint32_t hash)
{
	size_t mask = m->index_size - 1, at = hash & mask;

	for (;; at = (at + 1) & mask) {
		const struct map_entry *e;

		if (m->index[at] == 0)
			return at;
		e = &m->entries[m->index[at] - 1];
		if (e->hash == hash && map_is_key(e, key, len))
			return at;
	}
}

static const struct map_entry *map_find(const struct map *m, const char *key, size_t len)
{
	size_t at;

	if (m->index_size == 0)
		return NULL;
	at = map_slot_of(m, key, len, map_hash_of(key, len));
	return m->index[at] ? &m->entries[m->index[at] - 1] : NULL;
}

/* Makes room for one more entry, and drops removed ones. */
static void map_grow(struct map *m)
{
	size_t n = 0, size = 16;

	for (size_t i = 0; i < m->n; i++)
		if (m->entries[i].key)
			m->entries[n++] = m->entries[i];
	m->n = n;
	while (size < (n + 1) * 2 + n / 2)
		size *= 2;
	m->index = xrealloc(m->index, size * sizeof(*m->index));
	memset(m->index, 0, size * sizeof(*m->index));
	m->index_size = size;
	m->cap = size / 2 + 1;
	m->entries = xreallocarray(m->entries, m->cap, sizeof(*m->entries));
	for (size_t i = 0; i < n; i++) {
		struct map_entry *e = &m->entries[i];

		m->index[map_slot_of(m, e->key, e->key_len, e->hash)] = (uint32_t)i + 1;
	}
}

void *map_get_n(const struct map *m, const char *key, size_t len)
{
	const struct map_entry *e = map_find(m, key, len);

	return e ? e->value : NULL;
}

void *map_get(const struct map *m, const char *key)
{
	return map_get_n(m, key, strlen(key));
}

bool map_has(const struct map *m, const char *key)
{
	return map_find(m, key, strlen(key)) != NULL;
}

void *map_set_n(struct map *m, const char *key, size_t len, void *value)
{
	uint32_t hash = map_hash_of(key, len);
	size_t at;

	if (m->n + 1 >= m->cap)
		map_grow(m);
	at = map_slot_of(m, key, len, hash);
	if (m->index[at]) {
		struct map_entry *e = &m->entries[m->index[at] - 1];
		void *old = e->value;

		e->value = value;
		return old;
	}
	m->entries[m->n] = (struct map_entry){key, len, value, hash};
	m->index[at] = (uint32_t)++m->n;
	m->n_live++;
	return NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	return map_set_n(m, key, strlen(key), value);
}

void *map_remove(struct map *m, const char *key)
{
	struct map_entry *e = (struct map_entry *)map_find(m, key, strlen(key));
	void *old;

	if (!e)
		return NULL;
	old = e->value;
	e->key = NULL; /* its place in index[] stays used until map_grow(), so that probing goes on
			  past it */
	e->value = NULL;
	m->n_live--;
	return old;
}

void *map_get_address(const struct map *m, const void *key)
{
	return map_get_n(m, key, MAP_ADDRESS);
}

void *map_set_address(struct map *m, const void *key, void *value)
{
	return map_set_n(m, key, MAP_ADDRESS, value);
}

const struct map_entry *map_next(const struct map *m, size_t *at)
{
	while (*at < m->n) {
		const struct map_entry *e = &m->entries[(*at)++];

		if (e->key)
			return e;
	}
	return NULL;
}
