/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text with values in it, taken apart once and put together for each job. Whose text it is says
 * what the values are: they are numbered, in the order of an array.
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
	const struct text *text; /* where it came from */
};

struct template_list {
	const struct template *at;
	uint32_t n;
};

/* A template that is being made, from left to right. */
struct template_builder {
	struct arena *mem; /* for the template */
	VEC(struct segment) segments;
	struct str literal; /* what came since the last value */
};

void template_add_text(struct template_builder *b, const char *s, size_t n);
void template_add_value(struct template_builder *b, uint32_t value);
/* The template; b is empty again. */
struct template template_end(struct template_builder *b);

/* Appends it. */
void template_render(const struct template *t, const char *const *values, struct str *out);
/* In mem; t->same itself where there is one. */
const char *template_text(const struct template *t, struct arena *mem, const char *const *values);
/* t asks for this value. */
bool template_uses(const struct template *t, uint32_t value);
/* All of them are the same in every job. */
bool template_list_is_same(const struct template_list *list);

#endif
