/* SPDX-License-Identifier: Apache-2.0 */
#include "lint.h"

#include "scan.h"

#include <stdio.h>
#include <stdlib.h>

/* A message is before, the text in question, after. */
static const struct {
	const char *before, *after;
	const char *hint;
	const char *other_label;
} says[HJSON_PROBLEM_COUNT] = {
	[HJSON_DUPLICATE_KEY] = {"key '", "' is given again; only its last value counts",
				 "remove or rename one of the two, or merge their values",
				 "first here"},
	[HJSON_SWALLOWED_COMMA] = {"the ',' is part of the quoteless string '", "'",
				   "drop the ',' (a line end is enough), or quote the string",
				   "the string starts here"},
	[HJSON_SWALLOWED_BRACKET] = {"the bracket is part of the quoteless string '", "'",
				     "quote the string, or put the bracket on the next line",
				     "the string starts here"},
	[HJSON_SWALLOWED_COMMENT] = {"the comment is part of the quoteless string '", "'",
				     "put the comment on a line of its own, or quote the string",
				     "the string starts here"},
	[HJSON_MULTILINE_INDENT] = {"a tab counts as one column in the indentation that ''' cuts",
				    "",
				    "indent with spaces, as the line that opens the string does",
				    "opened here"},
};

void lint_add(struct scan *s, struct lint lint)
{
	struct lints *l = &s->lints;

	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		l->all = must_realloc(l->all, l->room * sizeof(*l->all));
	}
	l->all[l->n++] = lint;
}

static int by_position(const void *a, const void *b)
{
	const struct lint *x = a;
	const struct lint *y = b;

	if (x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	return (x->problem > y->problem) - (x->problem < y->problem);
}

static struct excerpt subject(const struct scan *s, const struct lint *l)
{
	const char *at = s->source->text + (l->pos - s->source->base);

	if (l->problem == HJSON_MULTILINE_INDENT)
		return excerpt("", 0);
	if (l->problem == HJSON_DUPLICATE_KEY && (*at == '"' || *at == '\''))
		return excerpt(at + 1, l->len - 2);
	if (l->problem == HJSON_DUPLICATE_KEY)
		return excerpt(at, l->len);
	return excerpt(s->source->text + (l->other - s->source->base), l->pos + l->len - l->other);
}

static void report_one(const struct scan *s, const struct lint *l, hjson_report *report, void *ctx)
{
	char message[160];
	struct excerpt text = subject(s, l);

	snprintf(message, sizeof(message), "%s%s%s", says[l->problem].before, text.s,
		 says[l->problem].after);
	report(ctx,
	       &(struct hjson_diag){.severity = HJSON_WARNING,
				    .problem = l->problem,
				    .pos = l->pos,
				    .len = l->len,
				    .other = l->other,
				    .message = message,
				    .hint = says[l->problem].hint,
				    .other_label = l->other ? says[l->problem].other_label : NULL});
}

void lint_report(struct scan *s, hjson_report *report, void *ctx)
{
	if (!report || !s->lints.n)
		return;
	qsort(s->lints.all, s->lints.n, sizeof(*s->lints.all), by_position);
	for (size_t i = 0; i < s->lints.n; i++)
		report_one(s, &s->lints.all[i], report, ctx);
}
