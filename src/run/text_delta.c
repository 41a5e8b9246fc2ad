/* SPDX-License-Identifier: Apache-2.0 */
#include "run/text_delta.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Shorter matches are not used: two numbers would take as much space. */
enum { MATCH_LEAST = 16 };

/* Hash table of offsets in a text by the MATCH_LEAST bytes there; a later one replaces an earlier
 * one. */
struct places {
	uint32_t *at; /* offset + 1; 0: free */
	size_t mask;
};

static size_t text_delta_slot_of(const struct places *p, const char *s)
{
	uint64_t a, b;

	memcpy(&a, s, sizeof(a));
	memcpy(&b, s + sizeof(a), sizeof(b));
	a = (a ^ (b * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xff51afd7ed558ccd);
	return (size_t)(a >> 32) & p->mask;
}

static void places_init(struct places *p, const struct str *text)
{
	size_t size = 16;

	while (size < 2 * text->len)
		size *= 2;
	p->mask = size - 1;
	p->at = xcalloc(size, sizeof(*p->at));
	for (size_t i = 0; i + MATCH_LEAST <= text->len && i < UINT32_MAX; i++)
		p->at[text_delta_slot_of(p, text->s + i)] = (uint32_t)i + 1;
}

static bool is_inside_character(const struct str *text, size_t at)
{
	return at < text->len && ((unsigned char)text->s[at] & 0xc0) == 0x80;
}

/* Length of the match that begins at text[i] and other[k], in whole characters; 0: too short. */
static size_t match_len(const struct str *text, size_t i, const struct str *other, size_t k)
{
	size_t n = 0;

	while (i + n < text->len && k + n < other->len && text->s[i + n] == other->s[k + n])
		n++;
	while (n && is_inside_character(text, i + n))
		n--;
	return n < MATCH_LEAST ? 0 : n;
}

static void write_literal(struct json_out *out, const struct str *text, size_t from, size_t to)
{
	if (from < to)
		jout_string_n(out, text->s + from, to - from);
}

void text_delta_write(struct json_out *out, const struct str *text, const struct str *other)
{
	struct places places;
	size_t i = 0, literal = 0;

	places_init(&places, other);
	jout_array(out);
	while (i + MATCH_LEAST <= text->len) {
		uint32_t place = places.at[text_delta_slot_of(&places, text->s + i)];
		size_t n = place && !is_inside_character(text, i)
				   ? match_len(text, i, other, place - 1)
				   : 0;

		if (n == 0) {
			i++;
			continue;
		}
		write_literal(out, text, literal, i);
		jout_int(out, place - 1);
		jout_int(out, (int64_t)n);
		i += n;
		literal = i;
	}
	write_literal(out, text, literal, text->len);
	jout_array_end(out);
	free(places.at);
}

static bool add_copy(const json_t *from, const json_t *size, const struct str *other,
		     struct str *ret)
{
	json_int_t at = json_integer_value(from), n = json_integer_value(size);

	if (!json_is_integer(from) || !json_is_integer(size) || at < 0 || n < 0 ||
	    (size_t)at > other->len || (size_t)n > other->len - (size_t)at)
		return false;
	str_addn(ret, other->s + at, (size_t)n);
	return true;
}

bool text_delta_read(const json_t *list, const struct str *other, size_t most, struct str *ret)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n; i++) {
		const json_t *part = json_array_get(list, i);

		if (json_is_string(part))
			str_addn(ret, json_string_value(part), json_string_length(part));
		else if (!add_copy(part, json_array_get(list, ++i), other, ret))
			return false;
		if (ret->len > most)
			return false;
	}
	return n > 0;
}
