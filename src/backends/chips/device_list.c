/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/device_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "job/resource_units.h"

enum { LARGEST_ID = 65535, MOST_DEVICES = 4096 };

static bool read_id(const char **at, long *ret)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*ret = strtol(*at, &end, 10);
	*at = end;
	return *ret <= LARGEST_ID;
}

/* "3" or "0-7" */
static bool device_list_read_range(const char **at, long *ret_first, long *ret_last)
{
	if (!read_id(at, ret_first))
		return false;
	*ret_last = *ret_first;
	if (**at != '-')
		return true;
	(*at)++;
	return read_id(at, ret_last) && *ret_last >= *ret_first;
}

int device_list_parse(struct arena *mem, const char *text, int32_t **ret, uint32_t *ret_n)
{
	int32_t *ids = arena_array(mem, MOST_DEVICES, sizeof(*ids));
	const char *at = text;
	uint32_t n = 0;
	long first, last;

	do {
		at += at != text; /* the comma */
		at += strspn(at, " ");
		if (!device_list_read_range(&at, &first, &last) ||
		    n + (last - first) >= MOST_DEVICES)
			return -1;
		while (first <= last)
			ids[n++] = (int32_t)first++;
		at += strspn(at, " ");
	} while (*at == ',');
	*ret = ids;
	*ret_n = n;
	return *at == '\0' ? 0 : -1;
}

void device_list_add(struct str *out, const int32_t *ids, uint32_t n)
{
	resource_units_add(out, (const uint32_t *)ids, n); /* no id is negative */
}

/* ---- checked against the driver's devices ---- */

struct listing {
	struct arena *mem;
	struct cfg_fields *f;
	const struct driver_facts *facts;
	struct chips_settings *s;
	struct diags *diags;
	int32_t *missing; /* of the list that is being read */
	uint32_t n_missing;
};

static const struct dvs_device *find_there(const struct driver_facts *facts, int32_t id)
{
	for (size_t i = 0; i < facts->n_devices; i++)
		if (facts->devices[i].id == id)
			return &facts->devices[i];
	return NULL;
}

static const char *ids_there(struct listing *l)
{
	const struct driver_facts *facts = l->facts;
	int32_t *ids = arena_array(l->mem, facts->n_devices + 1, sizeof(*ids));
	_cleanup_(str_done) struct str out = {0};

	for (size_t i = 0; i < facts->n_devices; i++)
		ids[i] = facts->devices[i].id;
	device_list_add(&out, ids, (uint32_t)facts->n_devices);
	return arena_strdup(l->mem, out.len ? out.s : "none");
}

static void refuse_missing(struct listing *l, const struct hjson_node *at)
{
	_cleanup_(str_done) struct str ids = {0};

	device_list_add(&ids, l->missing, l->n_missing);
	diag_hint(cfg_error(cfg_fields_cfg(l->f), l->diags, at, "the driver '%s' has no device %s",
			    l->facts->name, ids.s),
		  "there are: %s", ids_there(l));
}

static struct chips_device *device_list_find_own(struct chips_settings *s, int32_t id)
{
	for (uint32_t i = 0; i < s->n_devices; i++)
		if (s->devices[i].id == id)
			return &s->devices[i];
	return NULL;
}

static void device_list_add_id(struct listing *l, const struct hjson_node *at, int32_t id)
{
	const struct dvs_device *there = find_there(l->facts, id);
	struct cfg *c = cfg_fields_cfg(l->f);
	struct chips_device *d;

	if (!there) {
		l->missing[l->n_missing++] = id;
		return;
	}
	if (device_list_find_own(l->s, id)) {
		cfg_error(c, l->diags, at, "device %d is listed twice", id);
		return;
	}
	d = &l->s->devices[l->s->n_devices++];
	*d = (struct chips_device){
		.id = id, .domain = there->fault_domain, .facts = there, .family = there->family};
}

static void device_list_add_listed(struct listing *l, struct hjson_node *node)
{
	struct cfg *c = cfg_fields_cfg(l->f);
	const char *text = cfg_scalar_text(c, node);
	int32_t *ids;
	uint32_t n;

	if (!text || device_list_parse(l->mem, text, &ids, &n) < 0) {
		diag_hint(
			cfg_error(c, l->diags, node, "'devices' must be a list of device numbers"),
			"like \"0-7\", \"0,2,4-5\" or [0, 2]");
		return;
	}
	l->missing = arena_array(l->mem, n, sizeof(*l->missing));
	l->n_missing = 0;
	for (uint32_t i = 0; i < n; i++)
		device_list_add_id(l, node, ids[i]);
	if (l->n_missing)
		refuse_missing(l, node);
}

static void read_ids(struct listing *l)
{
	struct hjson_node *node = cfg_fields_node(l->f, "devices"), *e;

	l->s->devices = arena_array(l->mem, l->facts->n_devices + 1, sizeof(*l->s->devices));
	if (!node) {
		for (size_t i = 0; i < l->facts->n_devices; i++)
			device_list_add_id(l, NULL, l->facts->devices[i].id);
		return;
	}
	if (node->type != HJSON_ARRAY) {
		device_list_add_listed(l, node);
		return;
	}
	hjson_for_each (e, node)
		device_list_add_listed(l, e);
}

static void read_domain(struct listing *l, struct hjson_node *list, int32_t domain)
{
	struct cfg *c = cfg_fields_cfg(l->f);
	struct hjson_node *e;

	hjson_for_each (e, list) {
		struct chips_device *d = e->type == HJSON_INT && !e->big && e->i >= 0 &&
							 e->i <= LARGEST_ID
						 ? device_list_find_own(l->s, (int32_t)e->i)
						 : NULL;

		if (!d)
			cfg_error(c, l->diags, e,
				  "'fault_domains' lists a device that the pool does not have");
		else if (d->domain >= CHIPS_FIRST_OWN_DOMAIN && d->domain != domain)
			diag_hint(cfg_error(c, l->diags, e, "device %d is in two fault domains",
					    d->id),
				  "a device fails with one group of others: put all of them into "
				  "one list");
		else
			d->domain = domain;
	}
}

static void read_domains(struct listing *l)
{
	struct hjson_node *node = cfg_fields_node(l->f, "fault_domains"), *e;
	int32_t domain = CHIPS_FIRST_OWN_DOMAIN;

	if (!node)
		return;
	if (node->type != HJSON_ARRAY) {
		cfg_error(cfg_fields_cfg(l->f), l->diags, node,
			  "'fault_domains' must be a list of lists: [[0, 1], [2, 3]]");
		return;
	}
	hjson_for_each (e, node) {
		if (e->type == HJSON_ARRAY)
			read_domain(l, e, domain++);
		else
			cfg_error(cfg_fields_cfg(l->f), l->diags, e,
				  "a fault domain is a list of device numbers");
	}
}

void device_list_read(struct arena *mem, struct cfg_fields *f, const struct driver_facts *facts,
		      struct chips_settings *s, struct diags *diags)
{
	struct listing l = {.mem = mem, .f = f, .facts = facts, .s = s, .diags = diags};
	unsigned n_before = diags->n_errors;

	read_ids(&l);
	if (diags->n_errors > n_before)
		return;
	if (s->n_devices == 0)
		cfg_error(cfg_fields_cfg(f), diags,
			  cfg_fields_node(f, "devices") ? cfg_fields_node(f, "devices")
							: cfg_fields_object(f),
			  facts->n_devices ? "'devices' of '%s' is empty"
					   : "the driver '%s' has no device here",
			  facts->n_devices ? s->name : facts->name);
	read_domains(&l);
}
