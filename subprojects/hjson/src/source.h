/* SPDX-License-Identifier: Apache-2.0 */
/* A source: one text with its name, kept as it was on disk, and the positions that belong to it. */
#ifndef HJSON_SOURCE_H
#define HJSON_SOURCE_H

#include "hjson.h"

struct source {
	const char *name; /* owned by the document */
	char *text;
	size_t len;
	hjson_pos base;	 /* positions base .. base + len are here; the last one is the end */
	uint32_t *lines; /* offsets of the line starts; NULL until somebody asks */
	unsigned n_lines;
	/* The place asked for last, from which the next is counted: a file may be a single line. */
	unsigned last_line;	   /* from 0 */
	size_t last_at, last_stop; /* offsets: of the place, of the end of its line; 0: none yet */
	size_t last_columns;	   /* before last_at */
};

/* Text is copied. The source must not be made when base + len would not fit a position. */
struct source *source_new(const char *name, const char *text, size_t len, hjson_pos base);
void source_free(struct source *s);
/* Bytes at the start that are a byte order mark: 0 or 3. */
size_t source_mark(const struct source *s);
struct hjson_place source_place(struct source *s, hjson_pos pos);
size_t source_memory(const struct source *s);

#endif
