/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text: of wildcards, and of scalars. */
#include <inttypes.h>

#include "config/fields.h"
#include "config/subst.h"

static void add_whole(struct hjson_doc *doc, const struct hjson_node *n, struct str *out)
{
	const char *digits;
	size_t len;

	if (!n->big) {
		str_printf(out, "%" PRId64, n->i); /* 1.0 and 1e3 are whole numbers, too */
		return;
	}
	digits = hjson_number(doc, n, &len);
	str_addn(out, digits, len);
}

static void add_keys(const struct hjson_node *object, struct str *out)
{
	const char *between = "";
	const struct hjson_node *m;

	hjson_for_each (m, object) {
		if (m->shadowed)
			continue;
		str_add(out, between);
		str_addn(out, m->key, m->key_len);
		between = " ";
	}
}

/* Recursive for lists in lists, whose depth the parser limits to HJSON_MAX_DEPTH. */
static bool add_elements(struct hjson_doc *doc, const struct hjson_node *array, struct str *out)
{
	const struct hjson_node *e;

	hjson_for_each (e, array) {
		if (e != array->child)
			str_addc(out, ' ');
		if (!subst_add_value(doc, e, out))
			return false;
	}
	return true;
}

bool subst_add_value(struct hjson_doc *doc, const struct hjson_node *value, struct str *out)
{
	switch ((enum hjson_type)value->type) {
	case HJSON_STRING:
		str_addn(out, value->str, value->n);
		return true;
	case HJSON_BOOL:
	case HJSON_INT:
		add_whole(doc, value, out);
		return true;
	case HJSON_ARRAY:
		return add_elements(doc, value, out);
	case HJSON_OBJECT:
		add_keys(value, out);
		return true;
	case HJSON_NULL:
	case HJSON_REAL:
	case HJSON_TYPE_COUNT:
		break;
	}
	return false;
}

const char *cfg_scalar_text(struct cfg *c, struct hjson_node *node)
{
	const char *s;
	size_t len;

	switch ((enum hjson_type)node->type) {
	case HJSON_STRING:
		return hjson_cstr(cfg_doc(c), node);
	case HJSON_BOOL:
		return node->i ? "true" : "false";
	case HJSON_INT:
	case HJSON_REAL:
		s = hjson_number(cfg_doc(c), node, &len);
		return arena_strndup(cfg_mem(c), s, len);
	default:
		return NULL;
	}
}
