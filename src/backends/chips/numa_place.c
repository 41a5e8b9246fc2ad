/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/numa_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/numa.h"

enum { NODE_MOST = 1023 };

struct placing {
	struct arena *mem;
	const struct numa_ask *ask;
	struct chips_settings *s;
	struct diags *diags;
};

static struct chips_device *numa_find_device(struct chips_settings *s, const char *number)
{
	char *end;
	long id = strtol(number, &end, 10);

	for (uint32_t i = 0; *number && *end == '\0' && i < s->n_devices; i++)
		if (s->devices[i].id == id)
			return &s->devices[i];
	return NULL;
}

/* { 0: 1, 1: 1 }: the node of each device; overrides the driver's. */
static void read_nodes(struct placing *p, struct hjson_node *node)
{
	struct cfg *c = p->ask->cfg;
	struct hjson_node *m;

	hjson_for_each (m, node) {
		struct chips_device *d = numa_find_device(p->s, hjson_key_cstr(cfg_doc(c), m));

		if (m->shadowed)
			continue;
		if (!d)
			cfg_error(c, p->diags, m,
				  "'numa' lists a device that the pool does not have");
		else if (m->type != HJSON_INT || m->big || m->i < 0 || m->i > NODE_MOST)
			cfg_error(c, p->diags, m, "a NUMA node is a whole number from 0 to %d",
				  NODE_MOST);
		else
			d->numa = (int32_t)m->i;
	}
}

/* true: devices are to be placed. Reads the nodes that the key gives. */
static bool numa_read_key(struct placing *p)
{
	struct hjson_node *node = p->ask->node;
	bool is_auto = !node || (node->type == HJSON_STRING &&
				 strcmp(hjson_cstr(cfg_doc(p->ask->cfg), node), "auto") == 0);

	if (is_auto)
		return numa_n_nodes(p->ask->sys) > 1;
	if (node->type == HJSON_BOOL)
		return node->i != 0;
	if (node->type == HJSON_OBJECT)
		read_nodes(p, node);
	else
		diag_hint(cfg_error(p->ask->cfg, p->diags, node,
				    "'numa' must be true, false, \"auto\" or an object"),
			  "like { 0: 0, 1: 1 }: the node of each device");
	return node->type == HJSON_OBJECT;
}

static void numa_note(struct placing *p, const struct chips_device *d, const cpu_set_t *cpus)
{
	_cleanup_(str_done) struct str text = {0};

	if (!p->ask->warn)
		return;
	str_printf(&text, "device %s/%d is on NUMA node %d, ", p->s->name, d->id, d->numa);
	if (cpus) {
		str_add(&text, "whose CPUs ");
		numa_add_list(&text, cpus);
		str_add(&text, " this process may not use");
	} else {
		str_add(&text, "which this machine does not have");
	}
	str_add(&text, ": its jobs run on any CPU");
	p->ask->warn(text.s);
}

static void numa_place_device(struct placing *p, struct chips_device *d)
{
	_cleanup_(str_done) struct str list = {0};
	cpu_set_t cpus, usable;

	if (d->numa < 0)
		return;
	if (!numa_cpus(p->ask->sys, d->numa, &cpus)) {
		numa_note(p, d, NULL);
		return;
	}
	CPU_AND(&usable, &cpus, p->ask->allowed);
	if (CPU_COUNT(&usable) == 0) {
		numa_note(p, d, &cpus);
		return;
	}
	numa_add_list(&list, &usable);
	d->cpus = arena_strdup(p->mem, list.s);
}

void numa_place_read(struct arena *mem, const struct numa_ask *ask, struct chips_settings *s,
		     struct diags *diags)
{
	struct placing p = {.mem = mem, .ask = ask, .s = s, .diags = diags};
	unsigned n_before = diags->n_errors;
	bool is_wanted;

	for (uint32_t i = 0; i < s->n_devices; i++)
		s->devices[i].numa = s->devices[i].facts->numa;
	is_wanted = numa_read_key(&p);
	for (uint32_t i = 0; is_wanted && diags->n_errors == n_before && i < s->n_devices; i++)
		numa_place_device(&p, &s->devices[i]);
}

const char *numa_place_of(struct arena *mem, const struct chips_device *const *devices, uint32_t n,
			  uint32_t n_cpus, int32_t *ret_node)
{
	_cleanup_(str_done) struct str list = {0};
	cpu_set_t all, some;

	CPU_ZERO(&all);
	*ret_node = devices[0]->numa;
	for (uint32_t i = 0; i < n; i++) {
		if (!devices[i]->cpus || !numa_read_list(devices[i]->cpus, &some))
			return NULL; /* a device that is not placed */
		CPU_OR(&all, &all, &some);
		if (devices[i]->numa != *ret_node)
			*ret_node = -1;
	}
	if ((uint32_t)CPU_COUNT(&all) < n_cpus)
		return NULL;
	numa_add_list(&list, &all);
	return arena_strdup(mem, list.s);
}
