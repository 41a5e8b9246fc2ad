/* SPDX-License-Identifier: Apache-2.0 */
/* Positions of nodes, and messages that show them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "config/cfg.h"

/* Longer lines are not shown: a file with a single long line may have many errors. */
enum { EXCERPT_MOST = 16 * 1024, BRIEF_MOST = 60 };

struct src_pos cfg_pos(const struct cfg *c, hjson_pos pos)
{
	struct hjson_place p = hjson_where(c->doc, pos);

	return (struct src_pos){p.name, p.line, p.col};
}

struct src_pos cfg_start(const struct cfg *c)
{
	return (struct src_pos){cfg_shown(c), 1, 1};
}

/* Number of bytes in the line before column col (from 1). */
static size_t bytes_before(const struct hjson_place *p)
{
	size_t at = 0;

	for (unsigned col = 1; col < p->col && at < p->line_len; col++) {
		size_t k = utf8_valid_len(p->line_text + at, p->line_len - at);

		at += k ? k : 1;
	}
	return at;
}

const char *cfg_rest_of_line(const struct cfg *c, hjson_pos pos, size_t *ret_len)
{
	struct hjson_place p = hjson_where(c->doc, pos);
	size_t before = bytes_before(&p);

	*ret_len = p.line_len - before;
	return p.line_text + before;
}

/* Number of columns of the len bytes from p on, up to the end of the line. */
static unsigned config_place_columns(const struct hjson_place *p, size_t len)
{
	size_t at = bytes_before(p);
	size_t end = len < p->line_len - at ? at + len : p->line_len;
	unsigned n = 0;

	for (; at < end; n++) {
		size_t k = utf8_valid_len(p->line_text + at, end - at);

		at += k ? k : 1;
	}
	return n;
}

struct diag *cfg_report(const struct cfg *c, struct diags *diags, enum diag_level level,
			hjson_pos pos, size_t len, const char *msg)
{
	struct hjson_place p = hjson_where(c->doc, pos);
	struct src_pos at = {p.name, p.line, p.col};
	struct diag *e = level == DIAG_ERROR ? diag_error(diags, at, "%s", msg)
					     : diag_warning(diags, at, "%s", msg);

	if (p.name && p.line_len <= EXCERPT_MOST)
		diag_excerpt(e, p.line_text, p.line_len, config_place_columns(&p, len));
	return e;
}

/* An array or object is marked at its first character only. */
static size_t place_marked(const struct hjson_node *n)
{
	return n->type == HJSON_ARRAY || n->type == HJSON_OBJECT ? 1 : n->len;
}

static _printf_(5, 0) struct diag *config_place_report(const struct cfg *c, struct diags *diags,
						       enum diag_level level,
						       const struct hjson_node *at, const char *fmt,
						       va_list ap)
{
	_cleanup_(freep) char *msg = xvasprintf(fmt, ap);
	struct diag *e = cfg_report(c, diags, level, at ? at->pos : 0, at ? place_marked(at) : 0,
				    msg);

	cfg_note_origins(c, e, at);
	return e;
}

struct diag *cfg_error(const struct cfg *c, struct diags *diags, const struct hjson_node *at,
		       const char *fmt, ...)
{
	struct diag *e;
	va_list ap;

	va_start(ap, fmt);
	e = config_place_report(c, diags, DIAG_ERROR, at, fmt, ap);
	va_end(ap);
	return e;
}

struct diag *cfg_warning(const struct cfg *c, struct diags *diags, const struct hjson_node *at,
			 const char *fmt, ...)
{
	struct diag *e;
	va_list ap;

	va_start(ap, fmt);
	e = config_place_report(c, diags, DIAG_WARNING, at, fmt, ap);
	va_end(ap);
	return e;
}

struct diag *cfg_key_error(const struct cfg *c, struct diags *diags,
			   const struct hjson_node *member, const char *fmt, ...)
{
	_cleanup_(freep) char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	return cfg_report(c, diags, DIAG_ERROR, hjson_key_pos(c->doc, member), member->key_len,
			  msg);
}

void cfg_note(const struct cfg *c, struct diag *e, const struct hjson_node *at, const char *what)
{
	if (at->pos)
		diag_note(e, cfg_pos(c, at->pos), "%s", what);
	else
		diag_note(e, (struct src_pos){0}, "%s: from outside the files", what);
}

const char *cfg_shown(const struct cfg *c)
{
	return c->text ? c->text->shown : cfg_shown_path(c->mem, c->path);
}

const char *cfg_shown_path(struct arena *a, const char *path)
{
	_cleanup_(freep) char *cwd = path_cwd();
	const char *full = path_absolute(a, path);

	if (!cwd || strcmp(cwd, "/") == 0 || strcmp(cwd, full) == 0 || !path_is_below(full, cwd))
		return full;
	return full + strlen(cwd) + 1;
}

const char *cfg_kind(const struct hjson_node *n)
{
	static const char *const names[HJSON_TYPE_COUNT] = {
		[HJSON_NULL] = "null",	      [HJSON_BOOL] = "true or false",
		[HJSON_INT] = "a number",     [HJSON_REAL] = "a number with a fraction",
		[HJSON_STRING] = "a string",  [HJSON_ARRAY] = "a list",
		[HJSON_OBJECT] = "an object",
	};

	return names[n->type];
}

static void add_brief_string(struct str *out, const struct hjson_node *value)
{
	size_t n = value->n;

	if (n > BRIEF_MOST)
		for (n = BRIEF_MOST; n > BRIEF_MOST - 4 && (value->str[n] & 0xc0) == 0x80;)
			n--;
	str_addc(out, '"');
	str_addn(out, value->str, n);
	str_add(out, n < value->n ? "…\"" : "\"");
}

void cfg_add_brief(const struct cfg *c, struct str *out, const struct hjson_node *value)
{
	const char *digits;
	size_t len;

	switch ((enum hjson_type)value->type) {
	case HJSON_STRING:
		add_brief_string(out, value);
		break;
	case HJSON_BOOL:
		str_add(out, value->i ? "true" : "false");
		break;
	case HJSON_INT:
	case HJSON_REAL:
		digits = hjson_number(c->doc, value, &len);
		str_addn(out, digits, len < BRIEF_MOST ? len : BRIEF_MOST);
		break;
	case HJSON_ARRAY:
		str_add(out, "a list");
		break;
	case HJSON_OBJECT:
		str_add(out, "an object");
		break;
	case HJSON_NULL:
	case HJSON_TYPE_COUNT:
		str_add(out, "null");
		break;
	}
}
