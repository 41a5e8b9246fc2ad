/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings in three quotes that lose their indentation are a large part of real configurations. They
 * are changed in place, in the kept text, so that they need no second copy. This happens after the
 * whole source was found valid, so that errors are shown with the text as it was written. The
 * number of line ends is unchanged, and a line with text after the closing quotes is unchanged: the
 * positions of all nodes stay right.
 */
#ifndef HJSON_UNINDENT_H
#define HJSON_UNINDENT_H

#include "hjson.h"

struct scan;

struct indented {
	struct hjson_node *node; /* str and n: the text to unindent */
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
