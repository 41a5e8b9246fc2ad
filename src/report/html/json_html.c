/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html/json_html.h"

#include "report/html/html.h"

enum { DEPTH = 6 }; /* levels of nested tables; only the JSON has deeper ones */

static void json_html_add_value(struct json_in *in, struct hjson_node *n, unsigned depth,
				struct str *out);

void json_html_scalar(struct json_in *in, struct hjson_node *n, struct str *out)
{
	const char *text;
	size_t len;

	if (n->type == HJSON_STRING) {
		html_text(out, hjson_cstr(in->doc, n));
	} else if (n->type == HJSON_INT || n->type == HJSON_REAL) {
		text = hjson_number(in->doc, n, &len);
		str_addn(out, text, len);
	} else if (n->type == HJSON_BOOL) {
		str_add(out, n->i ? "true" : "false");
	} else {
		str_add(out, "--");
	}
}

static bool json_html_is_scalar(const struct hjson_node *n)
{
	return n->type != HJSON_OBJECT && n->type != HJSON_ARRAY;
}

/* Whether n is a list of objects with scalar members, all with the keys of the first. */
static bool is_records(const struct hjson_node *n)
{
	struct hjson_node *row, *cell, *first = json_in_next(n->child);

	if (n->type != HJSON_OBJECT || !first)
		return false;
	json_in_each(row, n)
	{
		if (row->type != HJSON_OBJECT || row->n == 0 || row->n != first->n)
			return false;
		json_in_each(cell,
			     row) if (!json_html_is_scalar(cell) ||
				      !hjson_get_n(first, cell->key, cell->key_len)) return false;
	}
	return true;
}

static void json_html_add_cell(struct json_in *in, struct hjson_node *n, struct str *out)
{
	bool is_number = n && (n->type == HJSON_INT || n->type == HJSON_REAL);

	str_add(out, is_number ? "<td class=\"n\">" : "<td>");
	if (n)
		json_html_scalar(in, n, out);
	str_add(out, "</td>");
}

static void add_records(struct json_in *in, struct hjson_node *n, struct str *out)
{
	struct hjson_node *row, *cell, *first = json_in_next(n->child);

	str_add(out, "<table>\n<tr><th></th>");
	json_in_each(cell, first) html_line(out, "th", hjson_key_cstr(in->doc, cell));
	str_add(out, "</tr>\n");
	json_in_each(row, n)
	{
		str_add(out, "<tr>");
		html_line(out, "td", hjson_key_cstr(in->doc, row));
		json_in_each(cell, first)
			json_html_add_cell(in, hjson_get_n(row, cell->key, cell->key_len), out);
		str_add(out, "</tr>\n");
	}
	str_add(out, "</table>\n");
}

static void add_members(struct json_in *in, struct hjson_node *n, unsigned depth, struct str *out)
{
	struct hjson_node *e;

	str_add(out, "<table>\n");
	json_in_each(e, n)
	{
		str_add(out, "<tr>");
		if (e->key)
			html_line(out, "td", hjson_key_cstr(in->doc, e));
		str_add(out, "<td>");
		json_html_add_value(in, e, depth, out);
		str_add(out, "</td></tr>\n");
	}
	str_add(out, "</table>\n");
}

static void json_html_add_value(struct json_in *in, struct hjson_node *n, unsigned depth,
				struct str *out)
{
	if (json_html_is_scalar(n))
		json_html_scalar(in, n, out);
	else if (depth == 0)
		str_add(out, "…"); /* only the JSON has it */
	else if (is_records(n))
		add_records(in, n, out);
	else
		add_members(in, n, depth - 1, out);
}

void json_html_value(struct json_in *in, struct hjson_node *n, struct str *out)
{
	json_html_add_value(in, n, DEPTH, out);
}
