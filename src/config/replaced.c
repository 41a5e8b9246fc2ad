/* SPDX-License-Identifier: Apache-2.0 */
/* Values that replaced a text with {words}: the text, and the origins of the words' values. They
 * are found by position, since the value has the position of the text. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg.h"
#include "config/fields.h"

struct origin {
	struct src_pos pos;
	const char *text;
	struct origin *next;
};

struct replaced {
	const char *written;
	struct origin *origins;
};

static struct replaced *replaced_find(const struct cfg *c, hjson_pos pos)
{
	return pos ? map_get_n(&c->replaced, (const char *)&pos, sizeof(pos)) : NULL;
}

const char *cfg_written(const struct cfg *c, const struct hjson_node *value)
{
	const struct replaced *r = replaced_find(c, value->pos);

	return r ? r->written : NULL;
}

void cfg_replace(struct cfg *c, struct hjson_node *string, struct hjson_node *value)
{
	struct replaced *r = arena_zalloc(c->mem, sizeof(*r));
	const hjson_pos *key = arena_memdup(c->mem, &string->pos, sizeof(*key));

	r->written = string->type == HJSON_STRING ? arena_strndup(c->mem, string->str, string->n)
						  : cfg_scalar_text(c, string);
	if (string->pos)
		map_set_n(&c->replaced, (const char *)key, sizeof(*key), r);
	value->key = string->key;
	value->key_len = string->key_len;
	hjson_become(c->doc, string, value);
}

void cfg_add_origin(struct cfg *c, const struct hjson_node *value, struct src_pos pos,
		    const char *text)
{
	struct replaced *r = replaced_find(c, value->pos);
	struct origin **at, *o;

	if (!r)
		return;
	o = arena_zalloc(c->mem, sizeof(*o));
	*o = (struct origin){pos, arena_strdup(c->mem, text), NULL};
	for (at = &r->origins; *at; at = &(*at)->next)
		;
	*at = o;
}

void cfg_note_origins(const struct cfg *c, struct diag *e, const struct hjson_node *at)
{
	const struct replaced *r = at ? replaced_find(c, at->pos) : NULL;

	for (const struct origin *o = r ? r->origins : NULL; o; o = o->next)
		diag_note(e, o->pos, "%s", o->text);
}

/* ---- values made from text ---- */

static struct hjson_node *new_int(struct hjson_doc *doc, const char *text, hjson_pos pos)
{
	char *end;
	long long i;

	errno = 0;
	i = strtoll(text, &end, 10);
	return errno || end == text || *end ? NULL : hjson_new_int(doc, i, pos);
}

static struct hjson_node *new_real(struct hjson_doc *doc, const char *text, hjson_pos pos)
{
	struct hjson_node *n;
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end || !isfinite(d))
		return NULL;
	n = hjson_new_node(doc, HJSON_REAL, pos);
	n->d = d;
	return n;
}

static struct hjson_node *new_bool(struct hjson_doc *doc, const char *text, hjson_pos pos)
{
	struct hjson_node *n;

	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return NULL;
	n = hjson_new_node(doc, HJSON_BOOL, pos);
	n->i = strcmp(text, "true") == 0;
	return n;
}

struct hjson_node *cfg_value_like(const struct cfg *c, const struct hjson_node *like,
				  const char *text, hjson_pos pos)
{
	struct hjson_node *n = NULL;

	if (like && like->type == HJSON_INT)
		n = new_int(c->doc, text, pos);
	if (like && !n && (like->type == HJSON_REAL || like->type == HJSON_INT))
		n = new_real(c->doc, text, pos);
	if (like && like->type == HJSON_BOOL)
		n = new_bool(c->doc, text, pos);
	return n ? n : hjson_new_string(c->doc, text, strlen(text), pos);
}
