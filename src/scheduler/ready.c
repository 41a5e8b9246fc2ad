/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs next. Jobs that ask for the same (backend, CPUs, resources) are one class: what holds
 * one of them back holds all of them back, so only the best of a class is ever looked at. A class
 * whose resource is used up waits in that resource's list and costs nothing until some is given
 * back. Where a backend has no room for the best of its classes, the others wait as well: otherwise
 * narrow jobs would keep a wide one out for ever.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "scheduler/state.h"

struct class_need {
	struct resource *resource;
	uint32_t count; /* RESOURCE_UNLIMITED: as many as it likes */
};

struct ready_class {
	struct lane *lane;
	uint32_t cpus;
	uint32_t n_needs;
	struct heap jobs;      /* ready ones */
	struct heap_node node; /* in the lane's heap, while it has jobs and is not blocked */
	struct list link;      /* in the list of the resource that blocks it */
	struct class_need needs[];
};

static struct job *head_of(const struct ready_class *c)
{
	return container_of(heap_top(&c->jobs), struct job, ready);
}

static bool job_less(const struct heap_node *a, const struct heap_node *b, void *ctx)
{
	return priority_first(ctx, container_of(a, struct job, ready),
			      container_of(b, struct job, ready));
}

static bool class_less(const struct heap_node *a, const struct heap_node *b, void *ctx)
{
	return priority_first(ctx, head_of(container_of(a, struct ready_class, node)),
			      head_of(container_of(b, struct ready_class, node)));
}

/* ---- making classes, at load ---- */

static int compare_needs(const void *a, const void *b)
{
	const struct class_need *x = a, *y = b;
	uintptr_t p = (uintptr_t)x->resource, q = (uintptr_t)y->resource;

	return (p > q) - (p < q);
}

/* The lines about one resource become one need. */
static void sum_needs(struct ready_class *c)
{
	uint32_t n = 0;

	qsort(c->needs, c->n_needs, sizeof(c->needs[0]), compare_needs);
	for (uint32_t i = 0; i < c->n_needs; i++) {
		struct class_need *last = n ? &c->needs[n - 1] : NULL;

		if (!last || last->resource != c->needs[i].resource)
			c->needs[n++] = c->needs[i];
		else if (last->count > RESOURCE_UNLIMITED - c->needs[i].count)
			last->count = RESOURCE_UNLIMITED;
		else
			last->count += c->needs[i].count;
	}
	c->n_needs = n;
}

static struct ready_class *class_new(struct sched *s, struct lane *lane,
				     const struct job_rules *rules)
{
	struct ready_class *c = xcalloc(1, sizeof(*c) + rules->n_resources * sizeof(c->needs[0]));

	c->lane = lane;
	c->cpus = rules->cpus ? rules->cpus : 1;
	c->n_needs = rules->n_resources;
	heap_init(&c->jobs, job_less, s);
	heap_node_init(&c->node);
	list_init(&c->link);
	for (uint32_t i = 0; i < rules->n_resources; i++) {
		c->needs[i].resource = resource_get(s, rules->resources[i].name);
		c->needs[i].count = rules->resources[i].count;
	}
	if (c->n_needs)
		sum_needs(c);
	return c;
}

/* What makes a class, as text. */
static void add_key(struct str *key, const struct ready_class *c)
{
	str_printf(key, "%p %" PRIu32, (void *)c->lane, c->cpus);
	for (uint32_t i = 0; i < c->n_needs; i++)
		str_printf(key, " %p=%" PRIu32, (void *)c->needs[i].resource, c->needs[i].count);
}

static struct ready_class *class_of(struct sched *s, struct lane *lane,
				    const struct job_rules *rules)
{
	struct ready_class *c = class_new(s, lane, rules), *known;
	_cleanup_(str_done) struct str key = {0};

	add_key(&key, c);
	known = map_get(&s->classes, key.s);
	if (known) {
		free(c);
		return known;
	}
	map_set(&s->classes, arena_strdup(s->mem, key.s), c);
	return c;
}

void ready_init_lane(struct sched *s, struct lane *lane)
{
	heap_init(&lane->classes, class_less, s);
}

void ready_classify(struct sched *s, struct job *job, struct lane *lane)
{
	const struct job *before = job->n ? job - 1 : NULL;

	if (before && before->class && before->backend == lane->backend &&
	    before->spec->rules == job->spec->rules)
		job->class = before->class;
	else
		job->class = class_of(s, lane, job->spec->rules);
	job->backend = lane->backend;
}

void ready_note_stage(struct sched *s, const struct job_spec *spec, struct lane *lane)
{
	struct ready_class *c = class_of(s, lane, spec->rules);

	map_set_n(&s->stages, arena_memdup(s->mem, &spec, sizeof(spec)), sizeof(spec), c);
}

void ready_enter_stage(struct job *job, const struct job_spec *spec)
{
	assert(!heap_is_in(&job->ready));
	job->spec = spec;
	job->class = map_get_n(&job->sched->stages, (const char *)&spec, sizeof(spec));
	job->backend = job->class->lane->backend;
}

/* ---- resources of a class ---- */

static bool need_fits(const struct class_need *need)
{
	const struct resource *r = need->resource;

	if (r->limit == RESOURCE_UNLIMITED)
		return true;
	return need->count != RESOURCE_UNLIMITED && r->in_use + need->count <= r->limit;
}

/* The first resource that holds c back, or NULL. */
static struct resource *blocker_of(const struct ready_class *c)
{
	for (uint32_t i = 0; i < c->n_needs; i++)
		if (!need_fits(&c->needs[i]))
			return c->needs[i].resource;
	return NULL;
}

static uint32_t count_of(const struct class_need *need)
{
	return need->count == RESOURCE_UNLIMITED ? 0 : need->count;
}

static void take_needs(const struct ready_class *c)
{
	for (uint32_t i = 0; i < c->n_needs; i++)
		c->needs[i].resource->in_use += count_of(&c->needs[i]);
}

static void give_needs(const struct ready_class *c)
{
	for (uint32_t i = 0; i < c->n_needs; i++) {
		struct resource *r = c->needs[i].resource;

		assert(r->in_use >= count_of(&c->needs[i]));
		r->in_use -= count_of(&c->needs[i]);
		ready_unblock(r);
	}
}

static bool class_needs_fit(const struct ready_class *c, const struct resource *r)
{
	for (uint32_t i = 0; i < c->n_needs; i++)
		if (c->needs[i].resource == r)
			return need_fits(&c->needs[i]);
	return true;
}

void ready_unblock(struct resource *r)
{
	list_for_each (it, &r->waiting) {
		struct ready_class *c = list_entry(it, struct ready_class, link);

		if (!class_needs_fit(c, r))
			continue;
		list_remove(&c->link);
		heap_push(&c->lane->classes, &c->node);
	}
}

/* ---- jobs in and out ---- */

void ready_push(struct job *job)
{
	struct ready_class *c = job->class;

	heap_push(&c->jobs, &job->ready);
	if (heap_is_in(&c->node))
		heap_moved(&c->lane->classes, &c->node);
	else if (!list_is_linked(&c->link))
		heap_push(&c->lane->classes, &c->node);
}

void ready_remove(struct job *job)
{
	struct ready_class *c = job->class;

	if (!heap_is_in(&job->ready))
		return;
	heap_remove(&c->jobs, &job->ready);
	if (heap_is_in(&c->node)) {
		if (c->jobs.n)
			heap_moved(&c->lane->classes, &c->node);
		else
			heap_remove(&c->lane->classes, &c->node);
	} else if (c->jobs.n == 0) {
		list_remove(&c->link);
	}
}

/* The best class of a lane that no resource blocks, if there is room for its best job. */
static struct ready_class *candidate(struct lane *l)
{
	struct heap_node *top;

	if (!lane_has_room(l, 1))
		return NULL;
	while ((top = heap_top(&l->classes)) != NULL) {
		struct ready_class *c = container_of(top, struct ready_class, node);
		struct resource *r = blocker_of(c);

		if (!r)
			return lane_has_room(l, c->cpus) ? c : NULL;
		heap_remove(&l->classes, &c->node);
		list_append(&r->waiting, &c->link);
	}
	return NULL;
}

struct job *ready_take(struct sched *s)
{
	struct ready_class *best = NULL;
	struct job *job;

	if (s->options.max_parallel && s->n_in_flight >= s->options.max_parallel)
		return NULL;
	for (uint32_t i = 0; i < s->n_lanes; i++) {
		struct ready_class *c = candidate(s->lanes[i]);

		if (c && (!best || priority_first(s, head_of(c), head_of(best))))
			best = c;
	}
	if (!best)
		return NULL;
	job = head_of(best);
	ready_remove(job);
	take_needs(best);
	lane_take(best->lane, best->cpus);
	s->n_in_flight++;
	return job;
}

void ready_give(struct job *job)
{
	assert(job->sched->n_in_flight > 0);
	job->sched->n_in_flight--;
	lane_give(job->class->lane, job->class->cpus);
	give_needs(job->class);
}

size_t ready_memory(const struct sched *s)
{
	const struct map_entry *e;
	size_t size = 0;

	for (size_t at = 0; (e = map_next(&s->classes, &at)) != NULL;) {
		const struct ready_class *c = e->value;

		size += sizeof(*c) + c->n_needs * sizeof(c->needs[0]);
		size += c->jobs.cap * sizeof(c->jobs.nodes[0]);
	}
	return size;
}

void ready_done(struct sched *s)
{
	const struct map_entry *e;

	for (size_t at = 0; (e = map_next(&s->classes, &at)) != NULL;) {
		struct ready_class *c = e->value;

		heap_done(&c->jobs);
		free(c);
	}
	map_done(&s->classes);
	map_done(&s->stages);
}
