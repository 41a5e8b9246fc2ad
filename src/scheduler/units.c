/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbered units of resources that an attempt holds. Whether a job may start depends on counts
 * only (ready.c, rivals.c). An attempt gets the lowest free units and gives them back at its end.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "scheduler/backend.h"
#include "scheduler/state.h"

struct held_unit {
	struct resource *resource;
	uint32_t place; /* index in resource->units */
};

struct held_units {
	uint32_t job; /* the key in sched.held */
	struct held_unit *at;
	size_t n, room;
	const char *const *env; /* made by the first sched_job_env(); NULL: not made yet */
	const char *json;
};

static bool is_taken(const struct resource *r, uint32_t place)
{
	return r->taken[place / 64] & UINT64_C(1) << place % 64;
}

static uint32_t take_lowest(struct resource *r)
{
	uint32_t place = r->free_from;

	while (is_taken(r, place))
		place++;
	assert(place < r->n_units); /* the counts guarantee a free unit */
	r->taken[place / 64] |= UINT64_C(1) << place % 64;
	r->free_from = place + 1;
	return place;
}

static void units_give_back(struct resource *r, uint32_t place)
{
	assert(is_taken(r, place));
	r->taken[place / 64] &= ~(UINT64_C(1) << place % 64);
	if (place < r->free_from)
		r->free_from = place;
}

static bool has_units(const struct class_need *need)
{
	return need->resource->n_units && need->count != RESOURCE_UNLIMITED;
}

static size_t units_count(const struct ready_class *c)
{
	size_t n = 0;

	for (uint32_t i = 0; i < c->n_needs; i++)
		n += has_units(&c->needs[i]) ? c->needs[i].count : 0;
	return n;
}

static struct held_units *units_find(const struct job *job)
{
	return map_get_n(&job->sched->held, (const char *)&job->n, sizeof(job->n));
}

/* A job that is submitted again (SUBMIT_BUSY, retry) gets other units; their record is reused. */
static struct held_units *place_for(struct job *job, size_t n)
{
	struct held_units *h = units_find(job);

	if (h && h->room >= n)
		return h;
	h = arena_zalloc(job->sched->mem, sizeof(*h));
	h->job = job->n;
	h->at = arena_array(job->sched->mem, n, sizeof(*h->at));
	h->room = n;
	map_set_n(&job->sched->held, (const char *)&h->job, sizeof(h->job), h);
	return h;
}

void units_take(struct job *job)
{
	const struct ready_class *c = job->class;
	size_t n = units_count(c);
	struct held_units *h;

	if (!n)
		return;
	h = place_for(job, n);
	assert(h->n == 0);
	h->env = NULL;
	h->json = NULL;
	for (uint32_t i = 0; i < c->n_needs; i++)
		for (uint32_t k = 0; has_units(&c->needs[i]) && k < c->needs[i].count; k++)
			h->at[h->n++] = (struct held_unit){c->needs[i].resource,
							   take_lowest(c->needs[i].resource)};
}

void units_give(struct job *job)
{
	struct held_units *h = units_find(job);

	for (size_t i = 0; h && i < h->n; i++)
		units_give_back(h->at[i].resource, h->at[i].place);
	if (h)
		h->n = 0;
}

/* ---- as text ---- */

/* Appends the numbers of the units of one resource, which are adjacent: "60003,60004". Returns how
 * many. */
static size_t units_add_list(const struct held_units *h, size_t from, struct str *out)
{
	const struct resource *r = h->at[from].resource;
	size_t n = 0;

	for (; from + n < h->n && h->at[from + n].resource == r; n++)
		str_printf(out, "%s%u", n ? "," : "", r->units[h->at[from + n].place]);
	return n;
}

static void write_texts(struct sched *s, struct held_units *h)
{
	const char **env = arena_array(s->mem, h->n + 1, sizeof(*env));
	_cleanup_(str_done) struct str json = {0};
	size_t n_env = 0;

	for (size_t i = 0; i < h->n;) {
		const char *name = h->at[i].resource->name;
		_cleanup_(str_done) struct str list = {0};

		i += units_add_list(h, i, &list);
		str_printf(&json, "%s\"%s\":[%s]", n_env ? "," : "{", name, list.s);
		env[n_env++] = arena_printf(s->mem, "DVSCHED_RESOURCE_%s=%s", name, list.s);
	}
	str_addc(&json, '}');
	h->env = env;
	h->json = arena_strndup(s->mem, json.s, json.len);
}

static struct held_units *find_written(const struct job *job)
{
	struct held_units *h = units_find(job);

	if (!h || !h->n)
		return NULL;
	if (!h->env)
		write_texts(job->sched, h);
	return h;
}

const char *units_json(const struct job *job)
{
	const struct held_units *h = find_written(job);

	return h ? h->json : NULL;
}

const char *const *sched_job_env(const struct job *job)
{
	const struct held_units *h = find_written(job);

	return h ? h->env : NULL;
}

void units_set(struct resource *r, const uint32_t *units, uint32_t n)
{
	free(r->taken);
	r->units = units;
	r->n_units = n;
	r->free_from = 0;
	r->taken = xcalloc(n / 64 + 1, sizeof(*r->taken));
}
