/* SPDX-License-Identifier: Apache-2.0 */
#include "config/nul.h"

#include <string.h>

#include "config/cfg.h"

static bool has_nul(const char *s, size_t len)
{
	return len && memchr(s, '\0', len);
}

/* The caret is under the escape if the escape is on the first line of the text at pos. */
static void report_nul(const struct cfg *c, hjson_pos pos, const char *what, struct diags *diags)
{
	size_t len;
	const char *line = cfg_rest_of_line(c, pos, &len);
	const char *escape = line ? memmem(line, len, "\\u0000", 6) : NULL;
	struct diag *e;

	e = cfg_report(c, diags, DIAG_ERROR, escape ? pos + (hjson_pos)(escape - line) : pos,
		       escape ? 6 : 1, what);
	diag_hint(e, "no argument, path or name can hold a NUL");
}

static bool is_description(const struct hjson_node *n)
{
	return n->key && (hjson_key_is(n, "description") || hjson_key_is(n, "desc"));
}

static void check_node(const struct cfg *c, const struct hjson_node *n, struct diags *diags)
{
	if (n->key && has_nul(n->key, n->key_len))
		report_nul(c, hjson_key_pos(c->doc, n), "this key holds \\u0000", diags);
	if (n->type == HJSON_STRING && has_nul(n->str, n->n) && !is_description(n))
		report_nul(c, n->pos, "this string holds \\u0000", diags);
}

int nul_refuse(const struct cfg *c, const struct hjson_node *root, struct diags *diags)
{
	const struct hjson_node *next[HJSON_MAX_DEPTH + 1] = {root};
	unsigned n_before = diags->n_errors;
	size_t depth = 1;

	while (depth) {
		const struct hjson_node *n = next[depth - 1];

		if (!n) {
			depth--;
			continue;
		}
		next[depth - 1] = depth > 1 ? n->next : NULL;
		if (n->shadowed)
			continue;
		check_node(c, n, diags);
		if (n->type == HJSON_ARRAY || n->type == HJSON_OBJECT)
			next[depth++] = n->child;
	}
	return diags->n_errors > n_before ? -1 : 0;
}
