/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One input is one text. Beside what sanitizers see, these must hold: a text is either a tree or
 * errors; every position can be shown; what is printed as JSON is read again as the same; and
 * memory is bounded by the text.
 */
#include "hjson.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t len);

struct seen {
	struct hjson_doc *doc;
	unsigned errors;
};

struct text {
	char *s;
	size_t len, room;
};

static void check(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void on_diag(void *ctx, const struct hjson_diag *d)
{
	struct seen *seen = ctx;
	struct hjson_place at = hjson_where(seen->doc, d->pos);

	seen->errors += d->severity == HJSON_ERROR;
	check(at.name != NULL && at.line > 0 && at.col > 0, "a diagnostic has a place");
	check(!d->other == !d->other_label, "a second place has a label");
	check(!d->other || hjson_where(seen->doc, d->other).name, "a second place is a place");
	check(d->message[0] && !strchr(d->message, '\n'), "a message is one line");
}

static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
	struct text *t = ctx;

	if (t->room - t->len < len) {
		t->room = 2 * t->room + len;
		t->s = realloc(t->s, t->room);
		check(t->s != NULL, "memory");
	}
	memcpy(t->s + t->len, bytes, len);
	t->len += len;
	return true;
}

static size_t count(struct hjson_doc *doc, const struct hjson_node *n)
{
	struct hjson_place place = hjson_where(doc, n->pos);
	const struct hjson_node *child;
	size_t sum = 1;

	check(place.name != NULL, "a node has a place");
	check(!memchr(place.line_text, '\0', place.line_len), "its line is text");
	check(hjson_where(doc, n->pos + n->len).name != NULL, "so has its end");
	if (n->key)
		check(hjson_key_pos(doc, n) < n->pos || n->len == 0, "a key is before its value");
	if (n->type == HJSON_ARRAY || n->type == HJSON_OBJECT) {
		hjson_for_each (child, n)
			sum += count(doc, child);
	}
	return sum;
}

static void check_again(struct hjson_doc *doc, const struct hjson_node *root)
{
	struct text first = {0}, second = {0};
	struct hjson_doc *again = hjson_new();
	struct hjson_node *same;

	hjson_to_json(doc, root, 0, on_bytes, &first);
	same = hjson_parse(again, "json", first.s, first.len, NULL, NULL);
	check(same != NULL, "JSON is Hjson");
	hjson_to_json(again, hjson_copy(again, same), 0, on_bytes, &second);
	check(first.len == second.len && memcmp(first.s, second.s, first.len) == 0,
	      "printed and read, it is equal");
	hjson_free(again);
	free(first.s);
	free(second.s);
}

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t len)
{
	struct seen seen = {.doc = hjson_new()};
	struct hjson_node *root = hjson_parse(seen.doc, "fuzz", (const char *)text, len, on_diag,
					      &seen);

	check(root ? seen.errors == 0 : seen.errors > 0 && seen.errors <= HJSON_MOST_ERRORS,
	      "a tree or errors");
	if (root) {
		check(hjson_memory(seen.doc) <= 40 * count(seen.doc, root) + 3 * len + 65536,
		      "memory is bounded");
		check_again(seen.doc, root);
	}
	hjson_free(seen.doc);
	return 0;
}
