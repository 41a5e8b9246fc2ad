/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over one source: a tree, or the first error. */
#ifndef HJSON_PARSE_H
#define HJSON_PARSE_H

#include "scan.h"

/* frames: HJSON_MAX_DEPTH of them. */
void parse_begin(struct scan *s, struct hjson_doc *doc, const struct source *source,
		 struct frame *frames);
/* The root; or NULL, then s->fault says why. */
struct hjson_node *parse_source(struct scan *s);
void parse_end(struct scan *s);

#endif
