/* SPDX-License-Identifier: Apache-2.0 */
#include "config/fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/vec.h"

struct cfg_fields {
	struct cfg *cfg;
	struct hjson_node *node; /* NULL: like {} */
	const char *what;
	struct diags *diags;
	VEC(const char *) asked; /* all keys that a getter was called for */
	bool has_error;
};

enum { SHOWN_MOST = 48 };

/* The value as it is written in the file, in a short form for messages. */
static const char *config_fields_shown(const struct cfg_fields *f, struct hjson_node *node)
{
	_cleanup_(str_done) struct str text = {0};
	const char *s;
	size_t n;

	if (node->type == HJSON_ARRAY)
		return "an array";
	if (node->type == HJSON_OBJECT)
		return "an object";
	if (node->type == HJSON_NULL)
		return "null";
	s = cfg_scalar_text(f->cfg, node);
	n = strlen(s);
	if (node->type == HJSON_STRING)
		str_addc(&text, '"');
	if (n <= SHOWN_MOST) {
		str_addn(&text, s, n);
	} else {
		for (n = SHOWN_MOST; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
			n--;
		str_addn(&text, s, n);
		str_add(&text, "…");
	}
	if (node->type == HJSON_STRING)
		str_addc(&text, '"');
	return arena_strdup(cfg_mem(f->cfg), text.s);
}

static struct diag *config_fields_complain(struct cfg_fields *f, const char *key,
					   struct hjson_node *node, const char *wanted)
{
	f->has_error = true;
	return cfg_error(f->cfg, f->diags, node, "'%s' must be %s, not %s", key, wanted,
			 config_fields_shown(f, node));
}

struct cfg_fields *cfg_fields_new(struct cfg *c, struct hjson_node *node, const char *what,
				  struct diags *diags)
{
	struct cfg_fields *f = xcalloc(1, sizeof(*f));

	*f = (struct cfg_fields){.cfg = c, .node = node, .what = what, .diags = diags};
	if (node && node->type != HJSON_OBJECT) {
		config_fields_complain(f, what, node, "an object");
		f->node = NULL;
	}
	return f;
}

static bool was_asked(const struct cfg_fields *f, const struct hjson_node *member)
{
	for (size_t i = 0; i < f->asked.n; i++)
		if (hjson_key_is(member, f->asked.at[i]))
			return true;
	return false;
}

static void config_fields_refuse_unknown(struct cfg_fields *f, const struct hjson_node *member)
{
	const char *key = hjson_key_cstr(cfg_doc(f->cfg), member);
	const char *near = str_suggest(key, f->asked.at, f->asked.n);
	struct diag *e;

	f->has_error = true;
	e = cfg_key_error(f->cfg, f->diags, member, "unknown key '%s' in %s", key, f->what);
	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

bool cfg_fields_end(struct cfg_fields *f)
{
	struct hjson_node *m;
	bool is_fine;

	if (f->node) {
		/* A member without a position was added by dvsched, not by the user. */
		hjson_for_each (m, f->node)
			if (!m->shadowed && m->pos && !was_asked(f, m))
				config_fields_refuse_unknown(f, m);
	}
	is_fine = !f->has_error;
	vec_done(&f->asked);
	free(f);
	return is_fine;
}

void cfg_fields_allow(struct cfg_fields *f, const char *key)
{
	vec_push(&f->asked, key);
}

struct hjson_node *cfg_fields_node(struct cfg_fields *f, const char *key)
{
	cfg_fields_allow(f, key);
	return f->node ? hjson_get(f->node, key) : NULL;
}

const char *cfg_fields_string(struct cfg_fields *f, const char *key, const char *otherwise)
{
	struct hjson_node *node = cfg_fields_node(f, key);
	struct diag *e;

	if (!node)
		return otherwise;
	if (node->type == HJSON_STRING)
		return hjson_cstr(cfg_doc(f->cfg), node);
	e = config_fields_complain(f, key, node, "a string");
	if (node->type == HJSON_INT || node->type == HJSON_REAL || node->type == HJSON_BOOL)
		diag_hint(e, "put it in quotes: \"%s\"", cfg_scalar_text(f->cfg, node));
	return otherwise;
}

bool cfg_fields_bool(struct cfg_fields *f, const char *key, bool otherwise)
{
	struct hjson_node *node = cfg_fields_node(f, key);

	if (!node)
		return otherwise;
	if (node->type == HJSON_BOOL)
		return node->i != 0;
	config_fields_complain(f, key, node, "true or false");
	return otherwise;
}

/* A number in quotes is a string: adds a hint about the quotes. */
static void hint_if_quoted(struct cfg_fields *f, struct diag *e, struct hjson_node *node)
{
	const char *s;
	size_t n;

	if (node->type != HJSON_STRING)
		return;
	s = hjson_cstr(cfg_doc(f->cfg), node);
	n = strlen(s);
	if (n && strspn(s, "0123456789.-") == n)
		diag_hint(e, "write it without quotes: %s", s);
}

int64_t cfg_fields_int(struct cfg_fields *f, const char *key, int64_t least, int64_t most,
		       int64_t otherwise)
{
	struct hjson_node *node = cfg_fields_node(f, key);
	_cleanup_(str_done) struct str wanted = {0};

	if (!node)
		return otherwise;
	if (node->type == HJSON_INT && !node->big && node->i >= least && node->i <= most)
		return node->i;
	str_add(&wanted, "a whole number");
	if (node->type == HJSON_INT && most == INT64_MAX)
		str_printf(&wanted, " of at least %" PRId64, least);
	else if (node->type == HJSON_INT)
		str_printf(&wanted, " from %" PRId64 " to %" PRId64, least, most);
	hint_if_quoted(f, config_fields_complain(f, key, node, wanted.s), node);
	return otherwise;
}

/* A whole or real number; false for anything else. */
static bool config_fields_number_of(struct cfg_fields *f, struct hjson_node *node, double *ret)
{
	const char *digits;
	size_t len;

	if (node->type == HJSON_REAL) {
		*ret = node->d;
		return true;
	}
	if (node->type != HJSON_INT)
		return false;
	if (!node->big) {
		*ret = (double)node->i;
		return true;
	}
	digits = hjson_number(cfg_doc(f->cfg), node, &len);
	*ret = *digits == '-' ? -HUGE_VAL : HUGE_VAL; /* outside of all ranges */
	return len > 0;
}

double cfg_fields_real(struct cfg_fields *f, const char *key, double least, double most,
		       double otherwise)
{
	struct hjson_node *node = cfg_fields_node(f, key);
	_cleanup_(str_done) struct str wanted = {0};
	double value;

	if (!node)
		return otherwise;
	if (config_fields_number_of(f, node, &value) && value >= least && value <= most)
		return value;
	if (isinf(most))
		str_printf(&wanted, "a number of at least %g", least);
	else
		str_printf(&wanted, "a number from %g to %g", least, most);
	hint_if_quoted(f, config_fields_complain(f, key, node, wanted.s), node);
	return otherwise;
}

/* In a string the unit is required: "90" could mean minutes. */
static bool is_duration(const char *text, double *ret_s)
{
	return text[strcspn(text, "smhdu")] && duration_parse(text, ret_s);
}

double cfg_fields_duration(struct cfg_fields *f, const char *key, double otherwise)
{
	struct hjson_node *node = cfg_fields_node(f, key);
	struct diag *e;
	double s;

	if (!node)
		return otherwise;
	if (config_fields_number_of(f, node, &s) && s >= 0 && !isinf(s))
		return s;
	if (node->type == HJSON_STRING && is_duration(hjson_cstr(cfg_doc(f->cfg), node), &s))
		return s;
	e = config_fields_complain(f, key, node, "a duration such as \"90s\" or \"5m\"");
	if (node->type == HJSON_STRING)
		diag_hint(e, "the units are ms, s, m, h and d; a number without quotes is seconds");
	return otherwise;
}

uint64_t cfg_fields_size(struct cfg_fields *f, const char *key, uint64_t otherwise)
{
	struct hjson_node *node = cfg_fields_node(f, key);
	uint64_t bytes;

	if (!node)
		return otherwise;
	if (node->type == HJSON_INT && !node->big && node->i >= 0)
		return (uint64_t)node->i;
	if (node->type == HJSON_STRING && units_size(hjson_cstr(cfg_doc(f->cfg), node), &bytes))
		return bytes;
	config_fields_complain(f, key, node, "a size such as \"64M\" or a number of bytes");
	return otherwise;
}

int cfg_fields_word(struct cfg_fields *f, const char *key, const char *const *words, int otherwise)
{
	struct hjson_node *node = cfg_fields_node(f, key);
	const char *near = NULL;
	_cleanup_(str_done) struct str wanted = {0};
	struct diag *e;
	size_t n = 0;

	if (!node)
		return otherwise;
	while (words[n]) {
		if (n)
			str_add(&wanted, words[n + 1] ? ", " : " or ");
		str_printf(&wanted, "\"%s\"", words[n++]);
	}
	if (node->type == HJSON_STRING) {
		const char *s = hjson_cstr(cfg_doc(f->cfg), node);

		for (size_t i = 0; i < n; i++)
			if (strcmp(words[i], s) == 0)
				return (int)i;
		near = str_suggest(s, words, n);
	}
	e = config_fields_complain(f, key, node, wanted.s);
	if (near)
		diag_hint(e, "did you mean \"%s\"?", near);
	return otherwise;
}

static struct hjson_node **nodes_of(struct arena *mem, struct hjson_node *node)
{
	size_t n = node->type == HJSON_ARRAY ? node->n : 1, i = 0;
	struct hjson_node **list = arena_array(mem, n + 1, sizeof(struct hjson_node *)), *e;

	if (node->type == HJSON_STRING) {
		list[i] = node;
		return list;
	}
	hjson_for_each (e, node)
		list[i++] = e;
	return list;
}

const char *const *cfg_fields_strings(struct cfg_fields *f, const char *key,
				      struct hjson_node ***ret_nodes)
{
	struct hjson_node *node = cfg_fields_node(f, key), **nodes;
	struct arena *mem = cfg_mem(f->cfg);
	const char **texts;
	size_t n = 0, n_good = 0;

	if (ret_nodes)
		*ret_nodes = NULL;
	if (!node)
		return NULL;
	if (node->type != HJSON_STRING && node->type != HJSON_ARRAY) {
		config_fields_complain(f, key, node, "a string or an array of strings");
		return NULL;
	}
	nodes = nodes_of(mem, node);
	while (nodes[n])
		n++;
	texts = arena_array(mem, n + 1, sizeof(*texts));
	for (size_t i = 0; i < n; i++) {
		if (nodes[i]->type != HJSON_STRING) {
			config_fields_complain(f, key, nodes[i], "a string or an array of strings");
			continue;
		}
		texts[n_good] = hjson_cstr(cfg_doc(f->cfg), nodes[i]);
		nodes[n_good++] = nodes[i];
	}
	nodes[n_good] = NULL;
	if (ret_nodes)
		*ret_nodes = nodes;
	return texts;
}

struct cfg *cfg_fields_cfg(const struct cfg_fields *f)
{
	return f->cfg;
}

struct hjson_node *cfg_fields_object(const struct cfg_fields *f)
{
	return f->node;
}

struct diags *cfg_fields_diags(const struct cfg_fields *f)
{
	return f->diags;
}

static bool config_fields_write_str(void *ctx, const char *bytes, size_t len)
{
	str_addn(ctx, bytes, len);
	return true;
}

const char *cfg_json(struct cfg *c, const struct hjson_node *node)
{
	_cleanup_(str_done) struct str out = {0};

	str_reserve(&out, 0);
	hjson_to_json(cfg_doc(c), node, 0, config_fields_write_str, &out);
	return arena_strndup(cfg_mem(c), out.s, out.len);
}
