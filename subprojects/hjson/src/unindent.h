/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings in three quotes that have to lose their indentation are much of a real configuration.
 * They are made good in place, in the kept text, so that they need no second copy; but only when
 * the whole source is known to be good, so that an error is shown with the text as it was written.
 * Line ends keep their number, and where something follows on the line that closes a string, that
 * line stays as it is: the places of all nodes stay right.
 */
#ifndef HJSON_UNINDENT_H
#define HJSON_UNINDENT_H

#include "hjson.h"

struct scan;

struct indented {
	struct hjson_node *node; /* str and n: what is to be unindented */
	size_t indent;		 /* columns to cut */
	const char *close;	 /* the closing quotes */
};

struct indented_list {
	struct indented *all;
	size_t n, room;
};

void unindent_later(struct scan *s, struct indented i);
void unindent_all(struct scan *s);

#endif
