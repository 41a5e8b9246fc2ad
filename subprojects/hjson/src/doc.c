/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"

#include "text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(void *) != 8 || sizeof(struct hjson_node) == 40, "a node is 40 bytes");

struct hjson_doc *hjson_new(void)
{
	struct hjson_doc *doc = must_realloc(NULL, sizeof(*doc));

	*doc = (struct hjson_doc){.next_base = 1}; /* position 0 is nowhere */
	return doc;
}

void hjson_free(struct hjson_doc *doc)
{
	if (!doc)
		return;
	for (unsigned i = 0; i < doc->n_sources; i++)
		source_free(doc->sources[i]);
	free(doc->sources);
	arena_done(&doc->nodes);
	arena_done(&doc->bytes);
	if (doc->c_locale)
		freelocale(doc->c_locale);
	free(doc);
}

size_t hjson_memory(const struct hjson_doc *doc)
{
	size_t sum = sizeof(*doc) + doc->nodes.taken + doc->bytes.taken;

	for (unsigned i = 0; i < doc->n_sources; i++)
		sum += sizeof(struct source *) + source_memory(doc->sources[i]);
	return sum;
}

struct hjson_node *doc_node(struct hjson_doc *doc, enum hjson_type type, hjson_pos pos)
{
	struct hjson_node *n = arena_take(&doc->nodes, sizeof(*n));

	*n = (struct hjson_node){.type = type, .pos = pos};
	return n;
}

struct source *doc_add_source(struct hjson_doc *doc, const char *name, const char *text, size_t len)
{
	struct source *s;

	if (len >= UINT32_MAX - doc->next_base)
		return NULL;
	name = arena_copy(&doc->bytes, name, strlen(name));
	s = source_new(name, text, len, doc->next_base);
	doc->sources = must_realloc(doc->sources, (doc->n_sources + 1) * sizeof(struct source *));
	doc->sources[doc->n_sources++] = s;
	doc->next_base += (hjson_pos)len + 1;
	return s;
}

struct source *doc_source_of(const struct hjson_doc *doc, hjson_pos pos)
{
	unsigned low = 0;
	unsigned high = doc->n_sources;

	if (pos == 0 || pos >= doc->next_base)
		return NULL;
	while (high - low > 1) {
		unsigned mid = low + (high - low) / 2;

		if (doc->sources[mid]->base <= pos)
			low = mid;
		else
			high = mid;
	}
	return doc->sources[low];
}

static bool holds(const struct source *s, const char *byte)
{
	uintptr_t at = (uintptr_t)byte;
	uintptr_t start = (uintptr_t)s->text;

	return at >= start && at - start < s->len;
}

const struct source *doc_source_holding(const struct hjson_doc *doc, const char *byte,
					hjson_pos hint)
{
	const struct source *likely = doc_source_of(doc, hint);

	if (likely && holds(likely, byte))
		return likely;
	for (unsigned i = 0; i < doc->n_sources; i++) {
		if (holds(doc->sources[i], byte))
			return doc->sources[i];
	}
	return NULL;
}

const char *doc_key(struct hjson_doc *doc, const char *key, size_t len, hjson_pos pos)
{
	char *kept = arena_take(&doc->bytes, sizeof(pos) + len + 1);

	memcpy(kept, &pos, sizeof(pos));
	kept += sizeof(pos);
	if (len)
		memcpy(kept, key, len);
	kept[len] = '\0';
	return kept;
}

/* A quoted key is followed by its quote, a bare one by white space or a colon. */
static bool is_quoted(const struct source *s, const char *key, size_t len)
{
	return key > s->text && (key[-1] == '"' || key[-1] == '\'') &&
	       (size_t)(s->text + s->len - key) > len && key[len] == key[-1];
}

hjson_pos hjson_key_pos(const struct hjson_doc *doc, const struct hjson_node *member)
{
	const struct source *s;
	hjson_pos pos;

	if (!member->key)
		return member->pos;
	s = doc_source_holding(doc, member->key, member->pos);
	if (!s) {
		memcpy(&pos, member->key - sizeof(pos), sizeof(pos));
		return pos ? pos : member->pos;
	}
	pos = s->base + (hjson_pos)(member->key - s->text);
	return is_quoted(s, member->key, member->key_len) ? pos - 1 : pos;
}

struct hjson_place hjson_where(struct hjson_doc *doc, hjson_pos pos)
{
	struct source *s = doc_source_of(doc, pos);

	if (!s)
		return (struct hjson_place){.line_text = ""};
	return source_place(s, pos);
}

static locale_t c_locale(struct hjson_doc *doc)
{
	if (!doc->c_locale)
		doc->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!doc->c_locale)
		out_of_memory();
	return doc->c_locale;
}

double doc_strtod(struct hjson_doc *doc, const char *number)
{
	return strtod_l(number, NULL, c_locale(doc));
}

int doc_format_real(struct hjson_doc *doc, char *text, size_t size, int digits, double d)
{
	locale_t before = uselocale(c_locale(doc));
	int len = snprintf(text, size, "%.*g", digits, d);

	uselocale(before);
	return len;
}
