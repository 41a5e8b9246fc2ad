/* SPDX-License-Identifier: Apache-2.0 */
#include "members.h"

#include "scan.h"

#include <string.h>
#include <unistd.h>

enum { FEW = 8 };

static uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3. The order of its bytes does not matter here, nor does the machine's. */
static uint64_t hash_key(const uint64_t seed[2], const char *key, size_t len)
{
	uint64_t v[4] = {
		seed[0] ^ UINT64_C(0x736f6d6570736575), seed[1] ^ UINT64_C(0x646f72616e646f6d),
		seed[0] ^ UINT64_C(0x6c7967656e657261), seed[1] ^ UINT64_C(0x7465646279746573)};
	uint64_t word, last = (uint64_t)len << 56;

	for (; len >= 8; key += 8, len -= 8) {
		memcpy(&word, key, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, key, len);
	last ^= word;
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static bool same_key(const struct hjson_node *a, const struct hjson_node *b)
{
	return a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0;
}

static void table_reserve(struct key_table *t, size_t room)
{
	if (t->room < room) {
		t->slots = must_realloc(t->slots, room * sizeof(*t->slots));
		t->room = room;
	}
	memset(t->slots, 0, room * sizeof(*t->slots));
	if (!t->seeded && getentropy(t->seed, sizeof(t->seed)) < 0)
		t->seed[0] = (uintptr_t)t; /* without random data, an address */
	t->seeded = true;
}

static struct key_slot *find_hashed(struct key_table *t, size_t room, const struct hjson_node *m)
{
	uint32_t hash = (uint32_t)hash_key(t->seed, m->key, m->key_len);

	for (size_t i = hash & (room - 1);; i = (i + 1) & (room - 1)) {
		struct key_slot *slot = &t->slots[i];

		if (!slot->link) {
			slot->hash = hash;
			return slot;
		}
		if (slot->hash == hash && same_key(*slot->link, m))
			return slot;
	}
}

static struct key_slot *find_few(struct key_slot *slots, const struct hjson_node *m)
{
	while (slots->link && !same_key(*slots->link, m))
		slots++;
	return slots;
}

/* Takes the member at link out and puts it before the one of the same name, which it shadows. */
static void shadow(struct hjson_node **counts, struct hjson_node **link)
{
	struct hjson_node *m = *link;
	struct hjson_node *old = *counts;

	*link = m->next;
	m->next = old;
	*counts = m;
	old->shadowed = 1;
}

static void warn(struct scan *s, const struct hjson_node *m, const struct hjson_node *first)
{
	hjson_pos pos = hjson_key_pos(s->doc, m);
	char c = s->source->text[pos - s->source->base];

	lint_add(s, (struct lint){.problem = HJSON_DUPLICATE_KEY,
				  .pos = pos,
				  .len = m->key_len + (c == '"' || c == '\'' ? 2 : 0),
				  .other = hjson_key_pos(s->doc, first)});
}

void members_settle(struct scan *s, struct hjson_node *obj)
{
	struct key_slot few[FEW + 1] = {{0}};
	struct hjson_node **link = &obj->child;
	size_t room = 16;

	if (obj->n < 2)
		return;
	if (obj->n > FEW) {
		while (room < 2 * (size_t)obj->n)
			room *= 2;
		table_reserve(&s->keys, room);
	}
	while (*link) {
		struct hjson_node *m = *link;
		struct key_slot *slot = obj->n > FEW ? find_hashed(&s->keys, room, m)
						     : find_few(few, m);

		if (slot->link) {
			warn(s, m, slot->first);
			shadow(slot->link, link);
		} else {
			slot->link = link;
			slot->first = m;
			link = &m->next;
		}
	}
}
