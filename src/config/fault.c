/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about failed expansions, with the caret under the wrong wildcard. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "config/cfg.h"
#include "config/subst.h"

/* Later errors are not printed, so their details are not looked up. */
enum { SHOWN_MOST = 50 };

struct span {
	hjson_pos pos;
	size_t len;
	bool is_moved; /* in a ''' string, from whose lines the parser has cut the indentation */
};

static bool is_text_at(const struct cfg *c, hjson_pos pos, const char *text, size_t len)
{
	size_t n;
	const char *line = cfg_rest_of_line(c, pos, &n);

	return n >= len && memcmp(line, text, len) == 0;
}

/*
 * A string without escapes has the same text in the file, inside its quotes if there are any. The
 * text at the position is compared, because the string may have been expanded since.
 */
static bool find_directly(const struct cfg *c, const struct hjson_node *s, size_t offset,
			  const char *wildcard, struct span *ret)
{
	size_t quotes = s->len == s->n + 2u ? 1 : 0;

	if (s->len - 2 * quotes != s->n || offset >= s->n)
		return false;
	*ret = (struct span){s->pos + (hjson_pos)(quotes + offset), strlen(wildcard), false};
	return is_text_at(c, ret->pos, wildcard, ret->len);
}

/* Searches the string as written, line by line, for the first such wildcard. */
static bool fault_search(const struct cfg *c, const struct hjson_node *s, const char *wildcard,
			 struct span *ret)
{
	hjson_pos pos = s->pos, end = s->pos + s->len;

	while (pos < end) {
		size_t n;
		const char *line = cfg_rest_of_line(c, pos, &n), *found;

		if (n > end - pos)
			n = end - pos;
		found = memmem(line, n, wildcard, strlen(wildcard));
		if (found) {
			*ret = (struct span){pos + (hjson_pos)(found - line), strlen(wildcard),
					     true};
			return true;
		}
		pos += (hjson_pos)n + 1;
	}
	return false;
}

static struct span find_wildcard(const struct cfg *c, const struct hjson_node *s,
				 const struct subst_error *err)
{
	_cleanup_(freep) char *wildcard = NULL;
	struct span found;

	if (!s->pos || !s->len)
		return (struct span){s->pos, 0, false};
	if (!err->written) {
		if (find_directly(c, s, err->offset, "{", &found))
			return found;
	} else {
		wildcard = xasprintf("{%s}", err->written);
		if (find_directly(c, s, err->offset, wildcard, &found) ||
		    fault_search(c, s, wildcard, &found))
			return found;
	}
	return (struct span){s->pos, s->len, false};
}

/* Shows the line from the file, if the wildcard is still in it. */
static void show_as_written(struct diag *e, const char *wildcard)
{
	_cleanup_(str_done) struct str text = {0};
	_cleanup_(error_done) struct error err = {0};
	const char *line, *found;
	size_t len;

	if (fs_read_file(e->pos.file, HJSON_MAX_TEXT, &text, &err) < 0)
		return;
	line = text.s;
	for (unsigned n = 1; line && n < e->pos.line; n++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	len = line ? strcspn(line, "\r\n") : 0;
	found = len ? memmem(line, len, wildcard, strlen(wildcard)) : NULL;
	if (!found || utf8_first_bad(line, len) != len)
		return;
	e->pos.col = 1;
	for (const char *at = line; at < found; at += utf8_valid_len(at, (size_t)(found - at)))
		e->pos.col++;
	diag_excerpt(e, line, len, (unsigned)strlen(wildcard));
}

static void fault_suggest(struct diag *e, const char *name, const struct map *known)
{
	const char **names = xcalloc(known->n_live + 1, sizeof(*names));
	const struct map_entry *entry;
	size_t at = 0, n = 0;
	const char *best;

	if (strcmp(name, "proj_root") == 0) {
		diag_hint(e, "the current directory is in no git work tree: say where the project "
			     "is with -pr DIR");
		free(names);
		return;
	}
	while ((entry = map_next(known, &at)))
		names[n++] = xstrndup(entry->key, entry->key_len);
	names[n++] = xstrdup("eval_cmd");
	best = str_suggest(name, names, n);
	if (best)
		diag_hint(e, "did you mean '{%s}'?", best);
	else
		diag_hint(e, "no key and no environment variable has this name");
	while (n--)
		free((char *)names[n]);
	free(names);
}

static void hint_output(struct diag *e, const char *last_lines)
{
	diag_hint(e, "the last lines of its output:\n%s", last_lines);
}

void cfg_hint_output(const struct cfg *c, struct diag *e)
{
	if (c->eval_output)
		hint_output(e, c->eval_output);
}

struct diag *cfg_subst_fault(struct cfg *c, struct diags *diags, const struct hjson_node *string,
			     struct subst_error *err, const struct map *known)
{
	const struct hjson_node *in = err->node ? err->node : string;
	struct span at = find_wildcard(c, in, err);
	struct diag *e = cfg_report(c, diags, DIAG_ERROR, at.pos, at.len, err->msg);

	if (at.is_moved && diags->n_errors <= SHOWN_MOST) {
		_cleanup_(freep) char *wildcard = xasprintf("{%s}", err->written);

		show_as_written(e, wildcard);
	}
	if (err->problem == SUBST_UNKNOWN && diags->n_errors <= SHOWN_MOST)
		fault_suggest(e, err->name, known);
	if (err->detail)
		hint_output(e, err->detail);
	if (in != string)
		cfg_note(c, e, string, "expanded for this");
	cfg_note_status(c, err->status);
	subst_error_done(err);
	return e;
}
