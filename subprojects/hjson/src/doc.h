/* SPDX-License-Identifier: Apache-2.0 */
/* The document: owner of all sources, nodes and strings. */
#ifndef HJSON_DOC_H
#define HJSON_DOC_H

#include "hjson.h"

#include "arena.h"
#include "source.h"

#include <locale.h>

struct hjson_doc {
	struct arena nodes;	 /* nodes only, so that none is padded */
	struct arena bytes;	 /* names, decoded strings, keys */
	struct source **sources; /* in the order of their bases */
	unsigned n_sources;
	hjson_pos next_base;
	/* The array that grew last, and its last element: hjson_append() need not walk. */
	struct hjson_node *grown;
	struct hjson_node *grown_last;
	locale_t c_locale; /* for numbers; made for the first real */
};

struct hjson_node *doc_node(struct hjson_doc *doc, enum hjson_type type, hjson_pos pos);
/* NULL: positions have run out. */
struct source *doc_add_source(struct hjson_doc *doc, const char *name, const char *text,
			      size_t len);
/* NULL: the position is nowhere. */
struct source *doc_source_of(const struct hjson_doc *doc, hjson_pos pos);
/* The source that holds this byte; NULL: it is one of doc->bytes. hint: a position that is probably
 * there. */
const struct source *doc_source_holding(const struct hjson_doc *doc, const char *byte,
					hjson_pos hint);
/* Copies a key that is not in a text as it is. pos: where it is written, or 0. */
const char *doc_key(struct hjson_doc *doc, const char *key, size_t len, hjson_pos pos);
/* A number in decimal, independent of the program's locale. */
double doc_strtod(struct hjson_doc *doc, const char *number);
int doc_format_real(struct hjson_doc *doc, char *text, size_t size, int digits, double d);

#endif
