/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/words/sweep.h"

#include <inttypes.h>
#include <string.h>

#include "flow/native/words/axis.h"

/* The name of an axis. Reports an error if it cannot be one. */
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
		cfg_key_error(l->cfg, l->diags, member, "'%s' is a built-in word", name);
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

/* Adds a dimension, with room for n_axes axes. */
static struct dimension *add_dimension(struct load *l, struct sweep *s, uint32_t n_axes)
{
	struct dimension *d;

	s->axes = arena_grow(l->mem, s->axes, s->n_axes, s->n_axes + n_axes, sizeof(*s->axes));
	s->dimensions = arena_grow(l->mem, s->dimensions, s->n_dimensions, s->n_dimensions + 1,
				   sizeof(*s->dimensions));
	d = &s->dimensions[s->n_dimensions++];
	*d = (struct dimension){.n_axes = n_axes};
	return d;
}

static void add_axis(struct load *l, struct sweep *s, const char *name, struct hjson_node *at)
{
	if (sweep_find(s, name, strlen(name)) >= 0)
		cfg_key_error(l->cfg, l->diags, at, "the axis '%s' is defined twice", name);
	s->axes[s->n_axes++] = name;
}

static void read_product_axis(struct load *l, struct sweep *s, struct hjson_node *member)
{
	struct dimension *d = add_dimension(l, s, 1);
	const char *name = axis_name(l, member);

	add_axis(l, s, name, member);
	d->values = axis_read(l, member, name, &d->n);
}

/* Columns become rows. */
static const char *const *side_by_side(struct arena *mem, const char *const **columns, uint32_t n,
				       uint64_t n_rows)
{
	const char **values = arena_array(mem, n_rows * n, sizeof(*values));

	for (uint64_t row = 0; row < n_rows; row++)
		for (uint32_t c = 0; c < n; c++)
			values[row * n + c] = columns[c][row];
	return values;
}

/* zip: {a: [1, 2], b: [x, y]}: columns of the same length. */
static void read_zip(struct load *l, struct sweep *s, struct hjson_node *zip)
{
	uint32_t n = count_members(zip), column = 0;
	const char *const **columns = arena_array(l->mem, n + 1, sizeof(*columns));
	struct dimension *d = add_dimension(l, s, n);
	struct hjson_node *m, *first = NULL;
	bool is_bad = false;

	hjson_for_each (m, zip) {
		const char *name;
		uint64_t k;

		if (m->shadowed)
			continue;
		name = axis_name(l, m);
		add_axis(l, s, name, m);
		columns[column] = axis_read(l, m, name, &k);
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
	d->values = side_by_side(l->mem, columns, n, d->n);
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
		int axis = sweep_find(s, name, strlen(name));

		if (m->shadowed)
			continue;
		if (axis >= 0)
			values[axis] = axis_read_one(l, m, name);
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
