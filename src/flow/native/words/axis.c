/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/words/axis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

/* The values of one axis while they are being read. */
struct values {
	struct load *load;
	const char *axis;
	struct hjson_node *at; /* for messages; NULL: it comes from the command line */
	VEC(const char *) list;
	bool is_bad;
};

static const struct src_pos nowhere;

static struct diag *axis_refuse(struct values *v, const char *what)
{
	v->is_bad = true;
	if (v->at)
		return cfg_error(v->load->cfg, v->load->diags, v->at, "axis '%s': %s", v->axis,
				 what);
	return diag_error(v->load->diags, nowhere, "-D %s: %s", v->axis, what);
}

static void axis_push(struct values *v, const char *text)
{
	vec_push(&v->list, text);
}

/* "1..1000": whole numbers with both ends; "001..100" keeps its width. */
struct range {
	int64_t first, last;
	int width;
};

static size_t digits_len(const char *s)
{
	size_t sign = *s == '-', n = strspn(s + sign, "0123456789");

	return n ? sign + n : 0;
}

static bool parse_range(const char *s, struct range *ret)
{
	size_t a = digits_len(s), b;

	if (a == 0 || a > 18 || strncmp(s + a, "..", 2) != 0)
		return false;
	b = digits_len(s + a + 2);
	if (b == 0 || b > 18 || s[a + 2 + b])
		return false;
	ret->first = strtoll(s, NULL, 10);
	ret->last = strtoll(s + a + 2, NULL, 10);
	ret->width = s[0] == '0' && a > 1 ? (int)(a > b ? a : b) : 0;
	return true;
}

/* Two whole numbers, of which one is too long. */
static bool is_huge_range(const char *s)
{
	size_t a = digits_len(s), b = a ? digits_len(s + a + 2 * !strncmp(s + a, "..", 2)) : 0;

	return b && strncmp(s + a, "..", 2) == 0 && !s[a + 2 + b];
}

/* Something like "a..c" or "1..2..3": probably meant as a range, but not a valid one. */
static bool looks_like_range(const char *s)
{
	const char *dots = strstr(s, "..");

	for (const char *p = s; *p; p++)
		if ((*p < '0' || *p > '9') && (*p < 'a' || *p > 'z') && *p != '.')
			return false;
	return dots && dots > s && dots[2] && dots[2] != '.';
}

static void push_range(struct values *v, const struct range *r)
{
	uint64_t n = (uint64_t)r->last - (uint64_t)r->first + 1;

	if (r->first > r->last) {
		diag_hint(axis_refuse(v, "the range runs backwards"), "write %" PRId64 "..%" PRId64,
			  r->last, r->first);
		return;
	}
	if (n > FLOW_MOST_JOBS - v->list.n) {
		axis_refuse(v, "more than 10,000,000 values");
		return;
	}
	for (uint64_t i = 0; i < n; i++) {
		char text[32];
		int len = snprintf(text, sizeof(text), "%0*" PRId64, r->width,
				   r->first + (int64_t)i);

		axis_push(v, arena_strndup(v->load->mem, text, (size_t)len));
	}
}

static void push_text(struct values *v, const char *text)
{
	struct range r;

	if (parse_range(text, &r))
		push_range(v, &r);
	else if (is_huge_range(text))
		axis_refuse(v, "the ends of a range have 18 digits at most");
	else if (looks_like_range(text))
		diag_hint(axis_refuse(v, "not a range of whole numbers"),
			  "for example \"1..1000\"");
	else if (!text_is_clean(text))
		axis_refuse(v, "control characters cannot be in a value");
	else
		axis_push(v, text);
}

static void push_node(struct values *v, struct hjson_node *node)
{
	struct hjson_node *e;

	v->at = node;
	if (node->type == HJSON_OBJECT || node->type == HJSON_NULL) {
		axis_refuse(v, "must be a list of values or a range such as \"1..1000\"");
		return;
	}
	if (node->type != HJSON_ARRAY) {
		push_text(v, cfg_scalar_text(v->load->cfg, node));
		return;
	}
	hjson_for_each (e, node) {
		const char *text = cfg_scalar_text(v->load->cfg, e);

		v->at = e;
		if (text)
			push_text(v, text);
		else
			axis_refuse(v, "a value must be a string or a number");
	}
	v->at = node;
}

/* -D seed=1..50,99 */
static void push_define(struct values *v, const char *text)
{
	v->at = NULL;
	for (;;) {
		size_t n = strcspn(text, ",");

		if (n)
			push_text(v, arena_strndup(v->load->mem, text, n));
		if (!text[n])
			return;
		text += n + 1;
	}
}

static void refuse_twice(struct values *v)
{
	struct map seen = {0};

	for (size_t i = 0; i < v->list.n && !v->is_bad; i++)
		if (map_set(&seen, v->list.at[i], &seen))
			axis_refuse(v, arena_printf(v->load->mem, "the value '%s' is listed twice",
						    v->list.at[i]));
	map_done(&seen);
}

const char *const *axis_read(struct load *l, struct hjson_node *node, const char *name,
			     uint64_t *ret_n)
{
	const char *define = vars_take_define(&l->vars, name), *const * list;
	struct values v = {.load = l, .axis = name, .at = node};

	if (define)
		push_define(&v, define);
	else
		push_node(&v, node);
	if (v.list.n == 0 && !v.is_bad)
		axis_refuse(&v, "has no values");
	if (v.list.n > 1)
		refuse_twice(&v);
	list = v.list.n ? arena_memdup(l->mem, v.list.at, v.list.n * sizeof(*v.list.at)) : NULL;
	*ret_n = v.is_bad ? 0 : v.list.n;
	vec_done(&v.list);
	return list;
}

const char *axis_read_one(struct load *l, struct hjson_node *node, const char *name)
{
	struct values v = {.load = l, .axis = name, .at = node};
	const char *text = cfg_scalar_text(l->cfg, node);

	if (text && text_is_clean(text))
		return text;
	axis_refuse(&v, "a value must be a string or a number without control characters");
	return "";
}
