/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The values of one axis while they are being read. */
struct values {
	struct load *load;
	const char *axis;
	struct hjson_node *at; /* for messages; NULL: it comes from the command line */
	const char **list;
	size_t n, cap;
	bool is_bad;
};

static const struct src_pos nowhere;

static struct diag *refuse(struct values *v, const char *what)
{
	v->is_bad = true;
	if (v->at)
		return cfg_error(v->load->cfg, v->load->diags, v->at, "axis '%s': %s", v->axis,
				 what);
	return diag_error(v->load->diags, nowhere, "-D %s: %s", v->axis, what);
}

static void push(struct values *v, const char *text)
{
	if (v->n == v->cap) {
		v->cap = v->cap ? v->cap * 2 : 16;
		v->list = xreallocarray(v->list, v->cap, sizeof(*v->list));
	}
	v->list[v->n++] = text;
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

/* Something like "a..c" or "1..2..3": surely meant as a range, but not one that we know. */
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
		diag_hint(refuse(v, "the range runs backwards"), "write %" PRId64 "..%" PRId64,
			  r->last, r->first);
		return;
	}
	if (n > FLOW_MOST_JOBS - v->n) {
		refuse(v, "more than 10,000,000 values");
		return;
	}
	for (uint64_t i = 0; i < n; i++) {
		char text[32];
		int len = snprintf(text, sizeof(text), "%0*" PRId64, r->width,
				   r->first + (int64_t)i);

		push(v, arena_strndup(v->load->mem, text, (size_t)len));
	}
}

static void push_text(struct values *v, const char *text)
{
	struct range r;

	if (parse_range(text, &r))
		push_range(v, &r);
	else if (looks_like_range(text))
		diag_hint(refuse(v, "not a range of whole numbers"), "for example \"1..1000\"");
	else if (!text_is_clean(text))
		refuse(v, "control characters cannot be in a value");
	else
		push(v, text);
}

/* A value as it is in a row: no range. */
static const char *scalar(struct values *v, struct hjson_node *node)
{
	const char *text = cfg_scalar_text(v->load->cfg, node);

	v->at = node;
	if (!text || !text_is_clean(text)) {
		refuse(v, "a value must be a string or a number without control characters");
		return "";
	}
	return text;
}

static void push_node(struct values *v, struct hjson_node *node)
{
	struct hjson_node *e;

	v->at = node;
	if (node->type == HJSON_OBJECT || node->type == HJSON_NULL) {
		refuse(v, "must be a list of values or a range such as \"1..1000\"");
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
			refuse(v, "a value must be a string or a number");
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

	for (size_t i = 0; i < v->n && !v->is_bad; i++)
		if (map_set(&seen, v->list[i], &seen))
			refuse(v, arena_printf(v->load->mem, "the value '%s' is there twice",
					       v->list[i]));
	map_done(&seen);
}

/* All values of an axis; *ret_n 0 after an error. Borrowed from the load. */
static const char *const *read_axis(struct load *l, struct hjson_node *node, const char *name,
				    uint64_t *ret_n)
{
	const char *define = vars_take_define(&l->vars, name), *const * list;
	struct values v = {.load = l, .axis = name, .at = node};

	if (define)
		push_define(&v, define);
	else
		push_node(&v, node);
	if (v.n == 0 && !v.is_bad)
		refuse(&v, "has no values");
	if (v.n > 1)
		refuse_twice(&v);
	list = v.n ? arena_memdup(l->mem, v.list, v.n * sizeof(*v.list)) : NULL;
	*ret_n = v.is_bad ? 0 : v.n;
	free(v.list);
	return list;
}

/* The name of an axis, if it can be one. */
static const char *axis_name(struct load *l, struct hjson_node *member)
{
	const char *name = hjson_key_cstr(cfg_doc(l->cfg), member);
	struct hjson_node *other = map_get(&l->vars.declared, name);

	map_set(&l->vars.axes, name, member);
	if (!text_is_word(name, strlen(name)))
		diag_hint(cfg_key_error(l->cfg, l->diags, member,
					"'%s' cannot be the name of an axis",
					text_printable(l->mem, name)),
			  "use letters, digits and _, and begin with no digit");
	else if (vars_is_builtin(name, strlen(name)))
		cfg_key_error(l->cfg, l->diags, member, "'%s' is a word of our own", name);
	else if (other)
		diag_note(cfg_key_error(l->cfg, l->diags, member,
					"the axis '%s' is also a variable", name),
			  cfg_pos(l->cfg, hjson_key_pos(cfg_doc(l->cfg), other)),
			  "the variable is here");
	return name;
}

static uint32_t count_members(const struct hjson_node *obj)
{
	struct hjson_node *m;
	uint32_t n = 0;

	hjson_for_each (m, obj)
		n += !m->shadowed;
	return n;
}

/* Room for n more axes in one dimension more. */
static struct dimension *add_dimension(struct load *l, struct sweep *s, uint32_t n_axes)
{
	const char **axes = arena_array(l->mem, s->n_axes + n_axes, sizeof(*axes));
	struct dimension *d = arena_array(l->mem, s->n_dimensions + 1, sizeof(*d));

	if (s->n_dimensions) {
		memcpy(axes, s->axes, s->n_axes * sizeof(*axes));
		memcpy(d, s->dimensions, s->n_dimensions * sizeof(*d));
	}
	s->axes = axes;
	s->dimensions = d;
	d += s->n_dimensions++;
	d->n_axes = n_axes;
	return d;
}

static void add_axis(struct load *l, struct sweep *s, const char *name, struct hjson_node *at)
{
	if (sweep_find(s, name, strlen(name)) >= 0)
		cfg_key_error(l->cfg, l->diags, at, "the axis '%s' is there twice", name);
	s->axes[s->n_axes++] = name;
}

static void read_product_axis(struct load *l, struct sweep *s, struct hjson_node *member)
{
	struct dimension *d = add_dimension(l, s, 1);
	const char *name = axis_name(l, member);

	add_axis(l, s, name, member);
	d->values = read_axis(l, member, name, &d->n);
}

/* zip: {a: [1, 2], b: [x, y]}: columns of the same length. */
static void read_zip(struct load *l, struct sweep *s, struct hjson_node *zip)
{
	uint32_t n = count_members(zip), column = 0;
	const char *const **columns = arena_array(l->mem, n + 1, sizeof(*columns));
	struct dimension *d = add_dimension(l, s, n);
	struct hjson_node *m, *first = NULL;
	const char **values;
	bool is_bad = false;

	hjson_for_each (m, zip) {
		const char *name;
		uint64_t k;

		if (m->shadowed)
			continue;
		name = axis_name(l, m);
		add_axis(l, s, name, m);
		columns[column] = read_axis(l, m, name, &k);
		is_bad |= k == 0;
		if (first && k && d->n && k != d->n) {
			diag_note(
				cfg_error(l->cfg, l->diags, m,
					  "axes of a zip have the same number of values, but '%s' "
					  "has %" PRIu64 " and '%s' has %" PRIu64,
					  name, k, s->axes[s->n_axes - 1 - column], d->n),
				cfg_pos(l->cfg, first->pos), "the first of them");
			is_bad = true;
		}
		if (column++ == 0) {
			d->n = k;
			first = m;
		}
	}
	if (is_bad) {
		d->n = 0;
		return;
	}
	if (n == 0)
		cfg_error(l->cfg, l->diags, zip, "'zip' has no axes");
	values = arena_array(l->mem, d->n * n, sizeof(*values));
	for (uint64_t row = 0; row < d->n; row++)
		for (uint32_t c = 0; c < n; c++)
			values[row * n + c] = columns[c][row];
	d->values = values;
}

static void read_product(struct load *l, struct sweep *s, struct hjson_node *node)
{
	struct hjson_node *m;

	if (count_members(node) == 0)
		cfg_error(l->cfg, l->diags, node, "'sweep' has no axes");
	hjson_for_each (m, node) {
		if (m->shadowed)
			continue;
		if (!hjson_key_is(m, "zip"))
			read_product_axis(l, s, m);
		else if (m->type == HJSON_OBJECT)
			read_zip(l, s, m);
		else
			cfg_error(l->cfg, l->diags, m,
				  "'zip' must be an object of axes that go side by side");
	}
}

/* One row of [{a: 1, b: 2}, …], in the order of the first one's keys. */
static void read_row(struct load *l, const struct sweep *s, struct hjson_node *row,
		     const char **values)
{
	struct hjson_node *m;

	if (row->type != HJSON_OBJECT) {
		cfg_error(l->cfg, l->diags, row, "a row of 'sweep' must be an object");
		return;
	}
	hjson_for_each (m, row) {
		const char *name = hjson_key_cstr(cfg_doc(l->cfg), m);
		struct values v = {.load = l, .axis = name, .at = m};
		int axis = sweep_find(s, name, strlen(name));

		if (m->shadowed)
			continue;
		if (axis >= 0)
			values[axis] = scalar(&v, m);
		else
			cfg_key_error(l->cfg, l->diags, m,
				      "'%s' is not in the first row; all rows have the same keys",
				      text_printable(l->mem, name));
	}
	for (uint32_t i = 0; i < s->n_axes; i++)
		if (!values[i])
			cfg_error(l->cfg, l->diags, row,
				  "this row has no '%s'; all rows have the same keys", s->axes[i]);
}

static void read_rows(struct load *l, struct sweep *s, struct hjson_node *node)
{
	struct hjson_node *first = node->child, *row, *m;
	struct dimension *d;
	const char **values;
	uint64_t n = 0;

	if (!first || first->type != HJSON_OBJECT || count_members(first) == 0) {
		cfg_error(l->cfg, l->diags, first ? first : node,
			  first ? "a row of 'sweep' must be an object with at least one key"
				: "'sweep' has no rows");
		return;
	}
	d = add_dimension(l, s, count_members(first));
	hjson_for_each (m, first)
		if (!m->shadowed)
			add_axis(l, s, axis_name(l, m), m);
	values = arena_array(l->mem, (size_t)node->n * s->n_axes, sizeof(*values));
	hjson_for_each (row, node)
		read_row(l, s, row, values + n++ * s->n_axes);
	d->n = n;
	d->values = values;
}

void sweep_read(struct load *l, struct hjson_node *node, struct sweep *ret)
{
	*ret = (struct sweep){.n_jobs = 1};
	if (!node)
		return;
	if (node->type == HJSON_OBJECT)
		read_product(l, ret, node);
	else if (node->type == HJSON_ARRAY)
		read_rows(l, ret, node);
	else
		cfg_error(l->cfg, l->diags, node,
			  "'sweep' must be an object of axes or a list of rows");
	for (uint32_t i = 0; i < ret->n_dimensions; i++) {
		ret->n_jobs *= ret->dimensions[i].n; /* both factors are below 2^24 */
		if (ret->n_jobs > FLOW_MOST_JOBS) {
			cfg_error(l->cfg, l->diags, node,
				  "this sweep makes more than 10,000,000 jobs");
			ret->n_jobs = 0;
			return;
		}
	}
}

int sweep_find(const struct sweep *s, const char *name, size_t len)
{
	for (uint32_t i = 0; i < s->n_axes; i++)
		if (strlen(s->axes[i]) == len && memcmp(s->axes[i], name, len) == 0)
			return (int)i;
	return -1;
}

void sweep_row(const struct sweep *s, uint64_t row, const char **values)
{
	uint32_t axis = s->n_axes;

	for (uint32_t i = s->n_dimensions; i-- > 0;) {
		const struct dimension *d = &s->dimensions[i];
		const char *const *from = d->values + row % d->n * d->n_axes;

		row /= d->n;
		axis -= d->n_axes;
		for (uint32_t c = 0; c < d->n_axes; c++)
			values[axis + c] = from[c];
	}
}
