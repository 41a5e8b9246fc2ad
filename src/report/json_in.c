/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_in.h"

#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"

static struct src_pos json_in_place_of(struct json_in *in, hjson_pos pos)
{
	struct hjson_place place = hjson_where(in->doc, pos);

	return (struct src_pos){in->path, place.name ? place.line : 0, place.name ? place.col : 0};
}

bool json_in_is_bad(const struct json_in *in)
{
	return error_is_set(in->err);
}

int json_in_fault(struct json_in *in, const struct hjson_node *node, const char *fmt, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list ap;

	if (json_in_is_bad(in))
		return -1;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return error_set(in->err, json_in_place_of(in, node ? node->pos : 0), "%s", text);
}

static void on_syntax(void *ctx, const struct hjson_diag *d)
{
	struct json_in *in = ctx;

	if (d->severity == HJSON_ERROR && !json_in_is_bad(in))
		error_set(in->err, json_in_place_of(in, d->pos), "%s", d->message);
}

int json_in_open(struct json_in *in, const char *path, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};

	*in = (struct json_in){.path = path, .err = err};
	if (fs_read_file(path, HJSON_MAX_TEXT, &text, err) < 0)
		return -1;
	in->doc = hjson_new();
	in->root = hjson_parse(in->doc, path, text.s ? text.s : "", text.len, on_syntax, in);
	if (!in->root)
		return -1;
	/* Hjson may leave out the outermost braces; JSON may not. */
	if (in->root->type != HJSON_OBJECT || !text.s || text.s[strspn(text.s, " \t\r\n")] != '{')
		return json_in_fault(in, in->root, "a report must be a JSON object");
	return 0;
}

void json_in_close(struct json_in *in)
{
	hjson_free(in->doc);
	in->doc = NULL;
}

/* ---- members ---- */

static struct hjson_node *json_in_find(struct json_in *in, const struct hjson_node *obj,
				       const char *key, bool may_be_null)
{
	struct hjson_node *n = obj && !json_in_is_bad(in) ? hjson_get(obj, key) : NULL;

	if (n && n->type == HJSON_NULL && may_be_null)
		return NULL;
	if (!n && obj && !may_be_null)
		json_in_fault(in, obj, "'%s' is missing in this object", key);
	return n;
}

static struct hjson_node *json_in_typed(struct json_in *in, struct hjson_node *n, const char *key,
					enum hjson_type type)
{
	if (!n || n->type == type)
		return n;
	json_in_fault(in, n, "'%s' must be %s%s, not %s", key,
		      strchr("aeiou", *hjson_type_name(type)) ? "an " : "a ", hjson_type_name(type),
		      hjson_type_name((enum hjson_type)n->type));
	return NULL;
}

struct hjson_node *json_in_object(struct json_in *in, const struct hjson_node *obj, const char *key)
{
	return json_in_typed(in, json_in_find(in, obj, key, false), key, HJSON_OBJECT);
}

struct hjson_node *json_in_object_or_null(struct json_in *in, const struct hjson_node *obj,
					  const char *key)
{
	return json_in_typed(in, json_in_find(in, obj, key, true), key, HJSON_OBJECT);
}

struct hjson_node *json_in_array(struct json_in *in, const struct hjson_node *obj, const char *key)
{
	return json_in_typed(in, json_in_find(in, obj, key, false), key, HJSON_ARRAY);
}

static const char *json_in_text_of(struct json_in *in, struct hjson_node *n, const char *key)
{
	n = json_in_typed(in, n, key, HJSON_STRING);
	return n ? hjson_cstr(in->doc, n) : NULL;
}

const char *json_in_text(struct json_in *in, const struct hjson_node *obj, const char *key)
{
	const char *text = json_in_text_of(in, json_in_find(in, obj, key, false), key);

	return text ? text : "";
}

const char *json_in_text_or_null(struct json_in *in, const struct hjson_node *obj, const char *key)
{
	return json_in_text_of(in, json_in_find(in, obj, key, true), key);
}

static bool json_in_is_number(const struct hjson_node *n)
{
	return n->type == HJSON_INT || n->type == HJSON_REAL;
}

static struct hjson_node *json_in_number(struct json_in *in, const struct hjson_node *obj,
					 const char *key, bool may_be_null)
{
	struct hjson_node *n = json_in_find(in, obj, key, may_be_null);

	if (!n || json_in_is_number(n))
		return n;
	json_in_fault(in, n, "'%s' must be a number, not %s", key,
		      hjson_type_name((enum hjson_type)n->type));
	return NULL;
}

const char *json_in_digits_or_null(struct json_in *in, const struct hjson_node *obj,
				   const char *key, struct arena *mem)
{
	struct hjson_node *n = json_in_number(in, obj, key, true);
	const char *digits;
	size_t len;

	if (!n)
		return NULL;
	digits = hjson_number(in->doc, n, &len);
	return arena_strndup(mem, digits, len);
}

struct maybe_number json_in_number_or_null(struct json_in *in, const struct hjson_node *obj,
					   const char *key)
{
	struct hjson_node *n = json_in_number(in, obj, key, true);

	if (!n || n->big)
		return (struct maybe_number){0};
	return (struct maybe_number){true, n->type == HJSON_INT ? (double)n->i : n->d};
}

unsigned json_in_count(struct json_in *in, const struct hjson_node *obj, const char *key)
{
	struct hjson_node *n = json_in_number(in, obj, key, false);

	if (!n)
		return 0;
	if (n->type != HJSON_INT || n->big || n->i < 0 || n->i > UINT_MAX) {
		json_in_fault(in, n, "'%s' must be a whole number, 0 or more", key);
		return 0;
	}
	return (unsigned)n->i;
}

bool json_in_bool(struct json_in *in, const struct hjson_node *obj, const char *key)
{
	struct hjson_node *n = json_in_typed(in, json_in_find(in, obj, key, true), key, HJSON_BOOL);

	return n && n->i;
}

time_t json_in_time(struct json_in *in, const struct hjson_node *obj, const char *key)
{
	struct hjson_node *n = json_in_typed(in, json_in_find(in, obj, key, false), key,
					     HJSON_STRING);
	struct tm tm = {0};
	const char *rest;

	if (!n)
		return 0;
	rest = strptime(hjson_cstr(in->doc, n), "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || (*rest && *rest != 'Z' && *rest != '.' && *rest != '+')) {
		json_in_fault(in, n, "'%s' must be a time such as 2026-11-21T05:49:57Z", key);
		return 0;
	}
	return timegm(&tm);
}

struct hjson_node *json_in_next(struct hjson_node *n)
{
	while (n && n->shadowed)
		n = n->next;
	return n;
}
