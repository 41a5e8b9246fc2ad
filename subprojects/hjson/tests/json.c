/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hjson-json: reads Hjson texts from standard input and writes them as JSON, for scripts that
 * compare. With the argument -0, texts are separated by NUL and each answer is one line: "= JSON"
 * or "! message", the first error.
 */
#include "hjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_diag(void *ctx, const struct hjson_diag *d)
{
	struct hjson_place at = hjson_where(ctx, d->pos);
	struct hjson_place other = hjson_where(ctx, d->other);
	const char *kind = d->severity == HJSON_ERROR ? "error" : "warning";

	fprintf(stderr, "%s:%u:%u: %s: %s\n", at.name, at.line, at.col, kind, d->message);
	fprintf(stderr, "    %.*s\n", (int)at.line_len, at.line_text);
	if (d->hint)
		fprintf(stderr, "    hint: %s\n", d->hint);
	if (d->other)
		fprintf(stderr, "%s:%u:%u: note: %s\n", other.name, other.line, other.col,
			d->other_label);
}

/* State of on_diag_line(). */
struct line {
	struct hjson_doc *doc;
	bool has_error;
};

static void on_diag_line(void *ctx, const struct hjson_diag *d)
{
	struct line *line = ctx;
	struct hjson_place at = hjson_where(line->doc, d->pos);

	if (d->severity != HJSON_ERROR || line->has_error)
		return;
	line->has_error = true;
	printf("! %u:%u: %s\n", at.line, at.col, d->message);
}

static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, ctx) == len;
}

static char *read_all(FILE *f, size_t *ret_len)
{
	size_t room = 1 << 16, n;
	char *text = malloc(room);

	*ret_len = 0;
	while (text && (n = fread(text + *ret_len, 1, room - *ret_len, f)) > 0) {
		*ret_len += n;
		if (*ret_len == room)
			text = realloc(text, room *= 2);
	}
	return text;
}

/* Returns true if the text is Hjson. */
static bool answer(const char *text, size_t len, bool by_line)
{
	struct hjson_doc *doc = hjson_new();
	struct line line = {.doc = doc};
	struct hjson_node *root = by_line ? hjson_parse(doc, "stdin", text, len, on_diag_line,
							&line)
					  : hjson_parse(doc, "stdin", text, len, on_diag, doc);

	if (root) {
		if (by_line)
			fputs("= ", stdout);
		hjson_to_json(doc, root, by_line ? 0 : 2, on_bytes, stdout);
		putchar('\n');
	}
	hjson_free(doc);
	return root != NULL;
}

int main(int argc, char **argv)
{
	size_t len, n;
	char *text = read_all(stdin, &len);
	bool good = true;

	if (!text)
		return 2;
	if (argc < 2 || strcmp(argv[1], "-0") != 0) {
		good = answer(text, len, false);
	} else {
		for (size_t at = 0; at < len; at += n + 1) {
			n = strnlen(text + at, len - at);
			answer(text + at, n, true);
		}
	}
	free(text);
	return good ? 0 : 1;
}
