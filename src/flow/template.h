/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text with places for values, parsed once and rendered for each job. The values are an array;
 * the module that makes the template defines what each index means.
 */
#ifndef FLOW_TEMPLATE_H
#define FLOW_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

struct text; /* flow/native/words/load.h */

struct segment {
	const char *literal; /* NULL: a value */
	uint32_t len, value;
};

struct template
{
	const struct segment *segments;
	uint32_t n;
	const char *same; /* the text, if it is the same in every job; else NULL */
	/* Of native flows: */
	bool has_attempt;
	const struct text *text; /* the text that was parsed, with its position */
};

struct template_list {
	const struct template *at;
	uint32_t n;
};

/* Makes a template, from left to right. */
struct template_builder {
	struct arena *mem; /* for the template */
	VEC(struct segment) segments;
	struct str literal; /* the text after the last value */
};

void template_add_text(struct template_builder *b, const char *s, size_t n);
void template_add_value(struct template_builder *b, uint32_t value);
/* Returns the template, whose memory is b->mem, and empties b. */
struct template template_end(struct template_builder *b);

/* Appends the text with these values to out. */
void template_render(const struct template *t, const char *const *values, struct str *out);
/* The text with these values, in mem; t->same itself if it is not NULL. */
const char *template_text(const struct template *t, struct arena *mem, const char *const *values);
/* Does t contain this value? */
bool template_uses(const struct template *t, uint32_t value);
/* Is each template of the list the same in every job? */
bool template_list_is_same(const struct template_list *list);

#endif
