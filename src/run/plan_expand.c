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
		.forms = xcalloc(n + 1, sizeof(*e->forms)),
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
	for (size_t i = 0; i < e->n; i++) {
		str_done(&e->texts[i]);
		plan_tree_done(&e->forms[i].tree);
		vec_done(&e->forms[i].places.list);
	}
	free(e->texts);
	free(e->forms);
	vec_done(&e->values);
	free((void *)e->vary);
	str_done(&e->text);
}

/* ---- values ---- */

static void plan_split_values(struct plan_expander *e, const char *s)
{
	for (e->values.n = 0; *s; s += *s == ' ') {
		size_t n = strcspn(s, " ");

		vec_push(&e->values, (struct plan_value){s, n});
		s += n;
	}
}

static size_t plan_digits_at(const char *s)
{
	return strspn(s, "0123456789");
}

/* Finds the numbers of the text that vary. false: there are fewer of them. */
static bool plan_find_places(const struct str *text, const json_t *vary, struct plan_places *ret,
			     size_t *ret_n_variables)
{
	size_t number = 0, at = 0;

	for (size_t i = 0; i < json_array_size(vary); i += 2) {
		json_int_t place = json_integer_value(json_array_get(vary, i));
		size_t variable = (size_t)json_integer_value(json_array_get(vary, i + 1));

		for (;; number++) {
			at += strcspn(text->s + at, "0123456789");
			if (!text->s[at])
				return false;
			if ((json_int_t)number == place)
				break;
			at += plan_digits_at(text->s + at);
		}
		vec_push(&ret->list,
			 (struct plan_place){at, plan_digits_at(text->s + at), variable});
		at += plan_digits_at(text->s + at);
		number++;
		if (variable >= *ret_n_variables)
			*ret_n_variables = variable + 1;
	}
	return true;
}

/* ---- records ---- */

/* What is known of template i after its first record. */
static struct plan_form *plan_form_of(struct plan_expander *e, size_t i)
{
	struct plan_form *f = &e->forms[i];

	if (f->is_known)
		return f;
	f->is_known = true;
	f->is_good = plan_find_places(&e->texts[i], e->vary[i], &f->places, &f->n_variables);
	if (f->is_good)
		plan_tree_init(&f->tree, &e->texts[i], &f->places);
	return f;
}

/* The record as text, for values and templates that dvsched does not write. */
static json_t *plan_expand_text(struct plan_expander *e, const struct str *text,
				const struct plan_places *places)
{
	json_error_t where;
	size_t from = 0;

	str_clear(&e->text);
	for (size_t i = 0; i < places->list.n; i++) {
		const struct plan_place *p = &places->list.at[i];
		const struct plan_value *v = &e->values.at[p->variable];

		str_addn(&e->text, text->s + from, p->at - from);
		str_addn(&e->text, v->s, v->len);
		from = p->at + p->len;
	}
	str_addn(&e->text, text->s + from, text->len - from);
	return json_loadb(e->text.s, e->text.len, 0, &where);
}

json_t *plan_expand(struct plan_expander *e, json_t *record)
{
	const json_t *which = json_is_array(record) ? json_array_get(record, 0) : record;
	const char *given = json_string_value(json_array_get(record, 1));
	json_int_t t = json_integer_value(which);
	struct plan_form *form;

	if (json_is_object(record))
		return json_incref(record);
	if (!json_is_integer(which) || t < 0 || (size_t)t >= e->n)
		return NULL;
	plan_split_values(e, given ? given : "");
	form = plan_form_of(e, (size_t)t);
	if (!form->is_good || form->n_variables > e->values.n)
		return NULL;
	if (form->tree.root && plan_tree_set(&form->tree, e->values.at, e->values.n))
		return json_incref(form->tree.root);
	return plan_expand_text(e, &e->texts[t], &form->places);
}
