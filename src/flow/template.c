/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/template.h"

#include <string.h>

/* ---- made ---- */

static void template_end_literal(struct template_builder *b)
{
	size_t len = b->literal.len;

	if (len)
		vec_push(&b->segments, (struct segment){
					       .literal = arena_strndup(b->mem, b->literal.s, len),
					       .len = (uint32_t)len,
				       });
	str_clear(&b->literal);
}

void template_add_text(struct template_builder *b, const char *s, size_t n)
{
	str_addn(&b->literal, s, n);
}

void template_add_value(struct template_builder *b, uint32_t value)
{
	template_end_literal(b);
	vec_push(&b->segments, (struct segment){.value = value});
}

struct template template_end(struct template_builder *b)
{
	struct template ret = {0};

	template_end_literal(b);
	ret.n = (uint32_t)b->segments.n;
	if (ret.n == 0)
		ret.same = "";
	else if (ret.n == 1 && b->segments.at[0].literal)
		ret.same = b->segments.at[0].literal;
	ret.segments = arena_memdup(b->mem, b->segments.at, ret.n * sizeof(*ret.segments));
	vec_done(&b->segments);
	str_done(&b->literal);
	*b = (struct template_builder){.mem = b->mem};
	return ret;
}

/* ---- used ---- */

void template_render(const struct template *t, const char *const *values, struct str *out)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct segment *s = &t->segments[i];

		if (s->literal)
			str_addn(out, s->literal, s->len);
		else
			str_add(out, values[s->value]);
	}
	str_reserve(out, 0);
}

const char *template_text(const struct template *t, struct arena *mem, const char *const *values)
{
	size_t len = 0;
	char *ret, *to;

	if (t->same)
		return t->same;
	for (uint32_t i = 0; i < t->n; i++)
		len += t->segments[i].literal ? t->segments[i].len
					      : strlen(values[t->segments[i].value]);
	ret = to = arena_alloc_text(mem, len);
	for (uint32_t i = 0; i < t->n; i++) {
		const struct segment *s = &t->segments[i];

		if (s->literal)
			to = mempcpy(to, s->literal, s->len);
		else
			to = stpcpy(to, values[s->value]);
	}
	*to = '\0';
	return ret;
}

bool template_uses(const struct template *t, uint32_t value)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (!t->segments[i].literal && t->segments[i].value == value)
			return true;
	return false;
}

bool template_list_is_same(const struct template_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (!list->at[i].same)
			return false;
	return true;
}
