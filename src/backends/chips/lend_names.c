/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/lend_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_ID = 65535 };

/* ---- variables ---- */

static bool is_variable(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_";

	return *s && !isdigit((unsigned char)*s) && s[strspn(s, letters)] == '\0';
}

static bool has_text(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i], s))
			return true;
	return false;
}

/* The words between commas, without blanks around them; NULL-terminated. "": none. */
static const char **lend_names_split(struct arena *mem, const char *text)
{
	const char **list = arena_array(mem, strlen(text) + 2, sizeof(*list));
	size_t n = 0;

	while (*text) {
		size_t len = strcspn(text, ","), end = len, from = strspn(text, " ");

		while (end > from && text[end - 1] == ' ')
			end--;
		from = from < end ? from : end;
		list[n++] = arena_strndup(mem, text + from, end - from);
		text += len + (text[len] == ',');
		if (!*text && text[-1] == ',')
			list[n++] = ""; /* after the last comma */
	}
	return list;
}

const char *const *lend_names_variables(struct arena *mem, const char *text)
{
	const char *const *list = lend_names_split(mem, text);

	for (size_t i = 0; list[i]; i++)
		if (!is_variable(list[i]) || has_text(list, i, list[i]))
			return NULL;
	return list;
}

/* ---- names ---- */

struct naming {
	struct arena *mem;
	struct cfg_fields *f;
	const struct driver_facts *facts;
	struct chips_settings *s;
	struct diags *diags;
};

static struct chips_device *lend_find_device(struct chips_settings *s, const char *number)
{
	char *end;
	long id = isdigit((unsigned char)*number) ? strtol(number, &end, 10) : -1;

	for (uint32_t i = 0; id >= 0 && *end == '\0' && i < s->n_devices; i++)
		if (s->devices[i].id == id)
			return &s->devices[i];
	return NULL;
}

/* Names are separated by commas in the environment of the borrower. */
static bool lend_is_name(const char *s)
{
	if (!s || !*s)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f || *s == ',')
			return false;
	return true;
}

static void lend_read_names(struct naming *n)
{
	struct hjson_node *node = cfg_fields_node(n->f, "names"), *m;
	struct cfg *c = cfg_fields_cfg(n->f);

	if (!node)
		return;
	if (node->type != HJSON_OBJECT) {
		diag_hint(cfg_error(c, n->diags, node, "'names' must be an object"),
			  "like { 0: \"GPU-8932f937\", 1: \"GPU-5a1b02cc\" }");
		return;
	}
	hjson_for_each (m, node) {
		struct chips_device *d = lend_find_device(n->s, hjson_key_cstr(cfg_doc(c), m));
		const char *name = cfg_scalar_text(c, m);

		if (m->shadowed)
			continue;
		if (!d)
			cfg_key_error(c, n->diags, m,
				      "'names' lists a device that the pool does not have");
		else if (!lend_is_name(name))
			cfg_error(c, n->diags, m,
				  "a device's name must be a text without blanks and commas");
		else
			d->lent_as = arena_strdup(n->mem, name);
	}
}

/* ---- by their place in a variable ---- */

static void lend_refuse_place(struct naming *n, struct hjson_node *at, const struct chips_device *d,
			      const char *variable, const char *list)
{
	diag_hint(cfg_error(cfg_fields_cfg(n->f), n->diags, at,
			    "device %d has no place in %s=%s, by which devices are numbered here",
			    d->id, variable, list),
		  "'devices' counts the places in the variable, from 0");
}

static void lend_read_places(struct naming *n)
{
	const char *variable = cfg_fields_string(n->f, "numbered_by", NULL), *list;
	struct hjson_node *at = cfg_fields_node(n->f, "numbered_by");
	const char **places;
	uint32_t n_places = 0;

	if (!variable)
		return;
	if (!is_variable(variable)) {
		cfg_error(cfg_fields_cfg(n->f), n->diags, at,
			  "'numbered_by' must be the name of a variable");
		return;
	}
	list = getenv(variable);
	if (!list)
		return; /* devices are not renumbered */
	places = lend_names_split(n->mem, list);
	while (places[n_places])
		n_places++;
	for (uint32_t i = 0; i < n->s->n_devices; i++) {
		struct chips_device *d = &n->s->devices[i];

		if ((uint32_t)d->id >= n_places || !lend_is_name(places[d->id]))
			lend_refuse_place(n, at, d, variable, list);
		else if (!d->lent_as)
			d->lent_as = places[d->id];
	}
}

/* ---- all of it ---- */

static const char *drivers_name(const struct naming *n, const struct chips_device *d)
{
	size_t i = (size_t)(d->facts - n->facts->devices);

	return n->facts->lend_as && *n->facts->lend_as[i] ? n->facts->lend_as[i] : NULL;
}

/* If lent_as is a number, it is the device's number on the machine. A text identifies the device by
 * itself, whatever number it has here. */
static void lend_names_identify(struct naming *n, struct chips_device *d, bool is_renumbered)
{
	char *end;
	long id = strtol(d->lent_as, &end, 10);

	d->machine_id = d->id;
	if (isdigit((unsigned char)*d->lent_as) && *end == '\0' && id <= LARGEST_ID) {
		d->machine_id = (int32_t)id;
	} else if (is_renumbered) {
		d->family = arena_printf(n->mem, "%s-%s", d->family, d->lent_as);
		d->machine_id = 0;
		for (char *c = (char *)d->family; *c; c++)
			if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
				*c = '_';
	}
}

static void refuse_same_names(struct naming *n)
{
	struct hjson_node *at = cfg_fields_node(n->f, "names");
	struct chips_device *d = n->s->devices;

	for (uint32_t i = 0; i < n->s->n_devices; i++)
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(d[k].lent_as, d[i].lent_as))
				cfg_error(cfg_fields_cfg(n->f), n->diags,
					  at ? at : cfg_fields_object(n->f),
					  "devices %d and %d would both be lent as '%s'", d[k].id,
					  d[i].id, d[i].lent_as);
}

void lend_names_read(struct arena *mem, struct cfg_fields *f, const struct driver_facts *facts,
		     struct chips_settings *s, struct diags *diags)
{
	struct naming n = {.mem = mem, .f = f, .facts = facts, .s = s, .diags = diags};
	const char *variable;
	bool is_renumbered;

	lend_read_names(&n);
	lend_read_places(&n);
	variable = cfg_fields_string(f, "numbered_by", NULL);
	is_renumbered = variable && getenv(variable);
	for (uint32_t i = 0; i < s->n_devices; i++) {
		struct chips_device *d = &s->devices[i];

		if (!d->lent_as)
			d->lent_as = drivers_name(&n, d);
		if (!d->lent_as)
			d->lent_as = arena_printf(mem, "%d", d->id);
		lend_names_identify(&n, d, is_renumbered);
	}
	refuse_same_names(&n);
}
