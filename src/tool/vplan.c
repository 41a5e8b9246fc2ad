/* SPDX-License-Identifier: Apache-2.0 */
/* A verification plan as dvplan writes it: { NAME: { Normalized_Coverage: "85.3 %", … } }. */
#include <hjson.h>

#include "base/fs.h"
#include "tool/tool.h"
#include "tool/tool_row.h"

enum { VPLAN_MOST = 64 << 20 };

/* A text or a number; blanks and percent signs at the end are ignored. */
static bool read_percent(struct hjson_doc *doc, const struct hjson_node *n, double *ret)
{
	struct span s;

	if (n->type == HJSON_STRING)
		s = (struct span){n->str, n->n};
	else if (n->type == HJSON_INT || n->type == HJSON_REAL)
		s.s = hjson_number(doc, n, &s.n);
	else
		return false;
	while (s.n && (s.s[s.n - 1] == ' ' || s.s[s.n - 1] == '%'))
		s.n--;
	return span_number(s, ret);
}

static const struct hjson_node *first_member(const struct hjson_node *root)
{
	const struct hjson_node *n = root && root->type == HJSON_OBJECT ? root->child : NULL;

	while (n && n->shadowed)
		n = n->next;
	return n;
}

bool tool_read_vplan(const char *path, double *ret_percent)
{
	_cleanup_(error_done) struct error err = {0};
	_cleanup_(str_done) struct str text = {0};
	const struct hjson_node *plan, *value;
	struct hjson_doc *doc;
	bool is_there;

	if (fs_read_file(path, VPLAN_MOST, &text, &err) < 0)
		return false;
	doc = hjson_new();
	plan = first_member(hjson_parse(doc, path, text.s, text.len, NULL, NULL));
	value = plan && plan->type == HJSON_OBJECT ? hjson_get(plan, "Normalized_Coverage") : NULL;
	is_there = value && read_percent(doc, value, ret_percent);
	hjson_free(doc);
	return is_there;
}
