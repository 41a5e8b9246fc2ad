/* SPDX-License-Identifier: Apache-2.0 */
#include "run/plan_templates.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "run/text_delta.h"

enum { CONSTANT = -1 };
/* If a record differs in more numbers than this, the others are not tested for
 * equality with them. */
enum { JOINED_MOST = 64 };
/* The most bytes of templates' texts in memory, for comparison; later records get templates of
 * their own. */
enum { KEPT_MOST = 16 << 20 };

/* A run of digits in a text. */
struct number {
	uint32_t at, len;
	bool is_as_first; /* the template's first record has the same number */
};

struct number_list {
	struct number *at;
	uint32_t n, cap;
};

/* One or more numbers that vary, and have been equal to each other in all records so far. */
struct variable {
	uint32_t number; /* index of the first of them */
	int32_t before;	 /* the variable that it belonged to in earlier records, or CONSTANT */
};

struct template
{
	char *delta;		/* JSON: the difference of its text from the template before */
	struct str text;	/* text of its first record */
	struct number *numbers; /* positions in text */
	int32_t *variable_of;	/* the variable of each number, or CONSTANT */
	VEC(struct variable) variables;
	uint32_t n_numbers;
	size_t next; /* the template of the record that followed the last record of this template */
};

struct record {
	uint32_t template, n_values; /* it has values for the first n_values variables */
	size_t at; /* offset in plan_templates.values, where each value has a blank after it */
};

struct plan_templates {
	struct arena *mem; /* keys */
	struct map by_form;
	struct template *at;
	size_t n, cap;
	VEC(struct record) records;
	struct str values;
	struct str newest; /* text of the newest template */
	size_t n_kept;	   /* bytes of templates' texts in memory */
	/* ---- the last record ---- */
	struct number_list numbers;
	size_t last;
};

struct plan_templates *plan_templates_new(void)
{
	struct plan_templates *t = xcalloc(1, sizeof(*t));

	t->mem = arena_new();
	return t;
}

void plan_templates_free(struct plan_templates *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->at[i].delta);
		str_done(&t->at[i].text);
		free(t->at[i].numbers);
		free(t->at[i].variable_of);
		vec_done(&t->at[i].variables);
	}
	free(t->at);
	vec_done(&t->records);
	free(t->numbers.at);
	str_done(&t->values);
	str_done(&t->newest);
	map_done(&t->by_form);
	arena_free(t->mem);
	free(t);
}

/* ---- the form of a text: everything except its numbers ---- */

static void template_add_number(struct number_list *l, size_t at, size_t len, bool is_as_first)
{
	vec_push(l, (struct number){(uint32_t)at, (uint32_t)len, is_as_first});
}

static size_t plan_templates_digits_at(const struct str *text, size_t at)
{
	size_t n = 0;

	while (at + n < text->len && ascii_is_digit(text->s[at + n]))
		n++;
	return n;
}

/* The first n bytes of s, which end with a number, are also in text at `at`, and the number ends
 * there, too. */
static bool has_same(const struct str *text, size_t at, const char *s, size_t n)
{
	return text->len - at >= n && memcmp(text->s + at, s, n) == 0 &&
	       !ascii_is_digit(text->s[at + n]);
}

/* If text has the form of template m, sets ret to its numbers. */
static bool has_form(const struct str *text, const struct template *m, struct number_list *ret)
{
	size_t from = 0, at = 0, n; /* in the template, in text */

	ret->n = 0;
	for (uint32_t i = 0; i < m->n_numbers; i++) {
		const struct number *number = &m->numbers[i];
		const char *s = m->text.s + from;
		bool is_same = has_same(text, at, s, number->at + number->len - from);

		n = number->at - from;
		from = number->at + number->len;
		if (!is_same && (text->len - at < n || memcmp(text->s + at, s, n) != 0))
			return false;
		at += n;
		n = is_same ? number->len : plan_templates_digits_at(text, at);
		if (n == 0)
			return false;
		template_add_number(ret, at, n, is_same);
		at += n;
	}
	n = m->text.len - from;
	return text->len - at == n && memcmp(text->s + at, m->text.s + from, n) == 0;
}

/* The hash of the form of a text. Also sets ret to its numbers. */
static uint64_t form_hash(const struct str *text, struct number_list *ret)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	ret->n = 0;
	for (size_t i = 0; i < text->len;) {
		size_t n = plan_templates_digits_at(text, i);

		hash = (hash ^ (n ? '0' : (unsigned char)text->s[i])) * UINT64_C(0x100000001b3);
		if (n)
			template_add_number(
				ret, i, n,
				true); /* this record would be the first of a new template */
		i += n ? n : 1;
	}
	return hash;
}

/* ---- templates ---- */

static char *delta_of(const struct str *text, const struct str *other)
{
	struct json_out out;

	jout_init(&out, -1, 0);
	text_delta_write(&out, text, other);
	return str_take(&out.buf);
}

static struct template *add_template(struct plan_templates *t, const struct str *text,
				     const struct number_list *numbers)
{
	struct template *m = vec_add(t);

	*m = (struct template){.delta = delta_of(text, &t->newest), .next = t->n - 1};
	str_clear(&t->newest);
	str_addn(&t->newest, text->s, text->len);
	if (t->n_kept < KEPT_MOST) {
		t->n_kept += text->len;
		str_addn(&m->text, text->s, text->len);
		m->n_numbers = numbers->n;
		m->numbers = xcalloc(numbers->n, sizeof(*m->numbers));
		m->variable_of = xcalloc(numbers->n, sizeof(*m->variable_of));
		for (uint32_t i = 0; i < numbers->n; i++) {
			m->numbers[i] = numbers->at[i];
			m->variable_of[i] = CONSTANT;
		}
	}
	return m;
}

/* Records of the same template are often adjacent, or templates alternate, so the template that
 * followed last time is tried first. */
static size_t find_template(struct plan_templates *t, const struct str *text,
			    struct number_list *numbers)
{
	size_t likely = t->n ? t->at[t->last].next : 0;
	uint64_t form;
	uintptr_t known;

	if (t->n && t->at[likely].text.len && has_form(text, &t->at[likely], numbers))
		return likely;
	form = form_hash(text, numbers);
	known = (uintptr_t)map_get_n(&t->by_form, (const char *)&form, sizeof(form));
	if (known && has_form(text, &t->at[known - 1], numbers))
		return known - 1;
	if (add_template(t, text, numbers)->text.len && !known)
		map_set_n(&t->by_form, arena_memdup(t->mem, &form, sizeof(form)), sizeof(form),
			  (void *)(uintptr_t)t->n);
	return t->n - 1;
}

/* ---- variables ---- */

static bool same_digits(const char *a, struct number x, const char *b, struct number y)
{
	return x.len == y.len && memcmp(a + x.at, b + y.at, x.len) == 0;
}

static int32_t add_variable(struct template *m, uint32_t number, int32_t before)
{
	vec_push(&m->variables, (struct variable){number, before});
	return (int32_t)m->variables.n - 1;
}

/* Finds a variable that is new with this record and whose value was equal to number i in all
 * records. */
static int32_t find_new(const struct template *m, uint32_t first_new, const char *s,
			const struct number *numbers, uint32_t i)
{
	for (uint32_t v = first_new; v < m->variables.n && v < first_new + JOINED_MOST; v++) {
		uint32_t k = m->variables.at[v].number;

		if (m->variables.at[v].before == m->variable_of[i] &&
		    same_digits(s, numbers[k], s, numbers[i]) &&
		    (m->variable_of[i] != CONSTANT ||
		     same_digits(m->text.s, m->numbers[k], m->text.s, m->numbers[i])))
			return (int32_t)v;
	}
	return CONSTANT;
}

static void note_numbers(struct template *m, const char *s, const struct number *numbers)
{
	uint32_t first_new = (uint32_t)m->variables.n;

	for (uint32_t i = 0; i < m->n_numbers; i++) {
		int32_t v = m->variable_of[i];

		if (v == CONSTANT
			    ? numbers[i].is_as_first
			    : same_digits(s, numbers[i], s, numbers[m->variables.at[v].number]))
			continue;
		v = find_new(m, first_new, s, numbers, i);
		m->variable_of[i] = v == CONSTANT ? add_variable(m, i, m->variable_of[i]) : v;
	}
}

static void keep_values(struct plan_templates *t, size_t template, const char *s,
			const struct number *numbers)
{
	const struct template *m = &t->at[template];

	vec_push(&t->records,
		 (struct record){(uint32_t) template, (uint32_t)m->variables.n, t->values.len});
	for (uint32_t v = 0; v < m->variables.n; v++) {
		struct number n = numbers[m->variables.at[v].number];

		str_addn(&t->values, s + n.at, n.len);
		str_addc(&t->values, ' ');
	}
}

void plan_templates_add(struct plan_templates *t, const struct str *text)
{
	size_t before = t->last, template = find_template(t, text, &t->numbers);

	note_numbers(&t->at[template], text->s, t->numbers.at);
	keep_values(t, template, text->s, t->numbers.at);
	t->at[before].next = template;
	t->last = template;
}

/* ---- writing ---- */

static void write_template(const struct template *m, struct json_out *out)
{
	jout_break(out);
	jout_object(out);
	jout_key(out, "text");
	jout_raw(out, m->delta);
	if (m->variables.n) {
		jout_key(out, "vary");
		jout_array(out);
		for (uint32_t i = 0; i < m->n_numbers; i++)
			if (m->variable_of[i] != CONSTANT) {
				jout_int(out, i);
				jout_int(out, m->variable_of[i]);
			}
		jout_array_end(out);
	}
	jout_object_end(out);
}

void plan_templates_write(const struct plan_templates *t, struct json_out *out)
{
	jout_array(out);
	for (size_t i = 0; i < t->n; i++)
		write_template(&t->at[i], out);
	jout_array_end(out);
}

/* Splits the values of a record. */
static struct number *plan_templates_split_values(const char *values, uint32_t n)
{
	struct number *list = xcalloc(n + 1, sizeof(*list));
	uint32_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		list[i] = (struct number){at, (uint32_t)strcspn(values + at, " "), false};
		at += list[i].len + 1;
	}
	return list;
}

/* A record that was added before a variable was found has no value for it. The value is then that
 * of the variable that it belonged to at that time, or the constant number of the template. */
static void plan_add_values(const struct plan_templates *t, const struct record *r, struct str *to)
{
	const struct template *m = &t->at[r->template];
	const char *values = t->values.s + r->at;
	_cleanup_(freep) struct number *own = plan_templates_split_values(values, r->n_values);

	for (uint32_t i = 0; i < m->variables.n; i++) {
		struct number n = m->numbers[m->variables.at[i].number];
		int32_t v = (int32_t)i;

		while (v != CONSTANT && (uint32_t)v >= r->n_values)
			v = m->variables.at[v].before;
		if (i)
			str_addc(to, ' ');
		if (v == CONSTANT)
			str_addn(to, m->text.s + n.at, n.len);
		else
			str_addn(to, values + own[v].at, own[v].len);
	}
}

void plan_templates_write_record(const struct plan_templates *t, size_t n, struct json_out *out)
{
	const struct record *r = &t->records.at[n];
	_cleanup_(str_done) struct str text = {0};

	jout_break(out);
	if (t->at[r->template].variables.n == 0) {
		jout_int(out, r->template);
		return;
	}
	plan_add_values(t, r, &text);
	jout_array(out);
	jout_int(out, r->template);
	jout_string_n(out, text.s, text.len);
	jout_array_end(out);
}
