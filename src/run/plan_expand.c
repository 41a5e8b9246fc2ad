/* SPDX-License-Identifier: Apache-2.0 */
#include "run/plan_expand.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "run/text_delta.h"

/* The largest size of a record: a limit for damaged files. */
enum { LARGEST_MIB = 256 };

/* Checks that list alternates between places, in ascending order, and variables. */
static bool is_vary_list(const json_t *list)
{
	json_int_t before = -1;

	if (!list)
		return true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		json_int_t n = json_integer_value(v);

		if (!json_is_integer(v) || n < 0 || (i % 2 == 0 && n <= before))
			return false;
		before = i % 2 ? before : n;
	}
	return json_array_size(list) % 2 == 0;
}

bool plan_expander_init(struct plan_expander *e, const json_t *list)
{
	static const struct str none = {0};
	size_t n = json_array_size(list);

	*e = (struct plan_expander){
		.texts = xcalloc(n + 1, sizeof(*e->texts)),
		.vary = xcalloc(n + 1, sizeof(*e->vary)),
	};
	for (; e->n < n; e->n++) {
		const json_t *one = json_array_get(list, e->n);

		e->vary[e->n] = json_object_get(one, "vary");
		if (!is_vary_list(e->vary[e->n]) ||
		    !text_delta_read(json_object_get(one, "text"),
				     e->n ? &e->texts[e->n - 1] : &none, (size_t)LARGEST_MIB << 20,
				     &e->texts[e->n])) {
			str_done(&e->texts[e->n]);
			return false;
		}
	}
	return true;
}

void plan_expander_done(struct plan_expander *e)
{
	for (size_t i = 0; i < e->n; i++)
		str_done(&e->texts[i]);
	free(e->texts);
	free((void *)e->vary);
	str_done(&e->text);
}

struct value {
	const char *s;
	size_t len;
};

static struct value *plan_split_values(const char *s, size_t *ret_n)
{
	struct value *list = xcalloc(strlen(s) + 1, sizeof(*list));

	for (*ret_n = 0; *s; s += *s == ' ') {
		list[*ret_n] = (struct value){s, strcspn(s, " ")};
		s += list[(*ret_n)++].len;
	}
	return list;
}

static size_t plan_digits_at(const char *s)
{
	return strspn(s, "0123456789");
}

/* Fills the values into the text of the template. false: a value or place does not exist. */
static bool plan_fill(const struct str *text, const json_t *vary, const struct value *values,
		      size_t n, struct str *ret)
{
	size_t next = 0, number = 0, from = 0, at = 0;

	str_clear(ret);
	for (; next < json_array_size(vary); next += 2) {
		json_int_t place = json_integer_value(json_array_get(vary, next));
		size_t v = (size_t)json_integer_value(json_array_get(vary, next + 1));

		for (;; number++) {
			at += strcspn(text->s + at, "0123456789");
			if (!text->s[at] || v >= n)
				return false;
			if ((json_int_t)number == place)
				break;
			at += plan_digits_at(text->s + at);
		}
		str_addn(ret, text->s + from, at - from);
		str_addn(ret, values[v].s, values[v].len);
		at += plan_digits_at(text->s + at);
		from = at;
		number++;
	}
	str_addn(ret, text->s + from, text->len - from);
	return true;
}

json_t *plan_expand(struct plan_expander *e, json_t *record)
{
	const json_t *which = json_is_array(record) ? json_array_get(record, 0) : record;
	const char *given = json_string_value(json_array_get(record, 1));
	json_int_t t = json_integer_value(which);
	_cleanup_(freep) struct value *values = NULL;
	json_error_t where;
	size_t n;

	if (json_is_object(record))
		return json_incref(record);
	if (!json_is_integer(which) || t < 0 || (size_t)t >= e->n)
		return NULL;
	values = plan_split_values(given ? given : "", &n);
	if (!plan_fill(&e->texts[t], e->vary[t], values, n, &e->text))
		return NULL;
	return json_loadb(e->text.s, e->text.len, 0, &where);
}
