/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the next job to run. Jobs that need the same backend, CPUs and resources are one class:
 * if one of them cannot start, none can, so only the best job of a class is considered. Classes
 * that lack a resource are left out before (rivals.c). If a backend has no room for the best
 * remaining class, its other classes wait as well, and the resources of the best class are reserved
 * for it; otherwise narrow jobs could delay a wide one forever.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "scheduler/state.h"

struct job *ready_head(const struct ready_class *c)
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
	return priority_first(ctx, ready_head(container_of(a, struct ready_class, node)),
			      ready_head(container_of(b, struct ready_class, node)));
}

/* ---- making classes, at load ---- */

/* By name: addresses differ from run to run. */
static int compare_needs(const void *a, const void *b)
{
	const struct class_need *x = a, *y = b;

	return strcmp(x->resource->name, y->resource->name);
}

/* Merges several needs of the same resource into one. */
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
				     const struct job_rules *rules, uint32_t memory_mib)
{
	uint32_t n = rules->n_resources + (memory_mib != 0);
	struct ready_class *c = xcalloc(1, sizeof(*c) + n * sizeof(c->needs[0]));

	c->lane = lane;
	c->cpus = rules->cpus ? rules->cpus : 1;
	c->memory_mib = memory_mib;
	c->n_needs = n;
	heap_init(&c->jobs, job_less, s);
	heap_node_init(&c->node);
	list_init(&c->link);
	list_init(&c->waits);
	for (uint32_t i = 0; i < rules->n_resources; i++) {
		c->needs[i].resource = resource_get(s, rules->resources[i].name);
		c->needs[i].count = rules->resources[i].count;
	}
	if (memory_mib)
		c->needs[n - 1] = (struct class_need){memory_get(s), memory_mib};
	if (c->n_needs)
		sum_needs(c);
	return c;
}

/* Appends the backend, CPUs and needs of a class as text, the key in sched.classes. */
static void ready_add_key(struct str *key, const struct ready_class *c)
{
	str_printf(key, "%p %" PRIu32, (void *)c->lane, c->cpus);
	for (uint32_t i = 0; i < c->n_needs; i++)
		str_printf(key, " %p=%" PRIu32, (void *)c->needs[i].resource, c->needs[i].count);
}

static struct ready_class *class_of(struct sched *s, struct lane *lane,
				    const struct job_rules *rules, uint32_t memory_mib)
{
	struct ready_class *c = class_new(s, lane, rules, memory_mib), *known;
	_cleanup_(str_done) struct str key = {0};

	ready_add_key(&key, c);
	known = map_get(&s->classes, key.s);
	if (known) {
		free(c);
		return known;
	}
	if (c->n_needs)
		rivals_join(c);
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
	uint32_t memory_mib = memory_expected(s, job->spec, lane);

	if (before && before->class && before->backend == lane->backend &&
	    before->spec->rules == job->spec->rules && before->class->memory_mib == memory_mib)
		job->class = before->class;
	else
		job->class = class_of(s, lane, job->spec->rules, memory_mib);
	job->backend = lane->backend;
}

void ready_note_stage(struct sched *s, const struct job_spec *spec, struct lane *lane)
{
	struct ready_class *c = class_of(s, lane, spec->rules, memory_expected(s, spec, lane));

	map_set_address(&s->stages, spec, c);
}

void ready_enter_stage(struct job *job, const struct job_spec *spec)
{
	assert(!heap_is_in(&job->ready));
	job->spec = spec;
	job->class = map_get_address(&job->sched->stages, spec);
	job->backend = job->class->lane->backend;
}

/* ---- resources of a class ---- */

static uint32_t ready_count_of(const struct class_need *need)
{
	return need->count == RESOURCE_UNLIMITED ? 0 : need->count;
}

static void ready_take_needs(struct sched *s, const struct ready_class *c)
{
	for (uint32_t i = 0; i < c->n_needs; i++) {
		c->needs[i].resource->in_use += ready_count_of(&c->needs[i]);
		rivals_changed(s, c->needs[i].resource);
	}
}

static void give_needs(struct sched *s, const struct ready_class *c)
{
	for (uint32_t i = 0; i < c->n_needs; i++) {
		struct resource *r = c->needs[i].resource;

		assert(r->in_use >= ready_count_of(&c->needs[i]));
		r->in_use -= ready_count_of(&c->needs[i]);
		rivals_changed(s, r);
	}
}

static uint64_t asked_of(const struct ready_class *c, const struct resource *r)
{
	for (uint32_t i = 0; i < c->n_needs; i++)
		if (c->needs[i].resource == r)
			return ready_count_of(&c->needs[i]);
	return 0;
}

/* ---- jobs in and out ---- */

static void add_class(struct sched *s, struct ready_class *c)
{
	if (c->n_needs)
		rivals_add(s, c);
	else
		heap_push(&c->lane->classes, &c->node);
}

static void remove_class(struct sched *s, struct ready_class *c)
{
	if (c->n_needs)
		rivals_remove(s, c);
	else
		heap_remove(&c->lane->classes, &c->node);
}

static void move_class(struct sched *s, struct ready_class *c)
{
	if (heap_is_in(&c->node))
		heap_moved(&c->lane->classes, &c->node);
	if (c->n_needs)
		rivals_moved(s, c);
}

void ready_push(struct job *job)
{
	struct ready_class *c = job->class;

	heap_push(&c->jobs, &job->ready);
	if (c->jobs.n == 1)
		add_class(job->sched, c);
	else if (ready_head(c) == job)
		move_class(job->sched, c);
}

void ready_remove(struct job *job)
{
	struct ready_class *c = job->class;
	bool was_head;

	if (!heap_is_in(&job->ready))
		return;
	was_head = ready_head(c) == job;
	heap_remove(&c->jobs, &job->ready);
	if (c->jobs.n == 0)
		remove_class(job->sched, c);
	else if (was_head)
		move_class(job->sched, c);
}

/* ---- the choice ---- */

/* The best class of all backends that are not held. */
static struct ready_class *best_class(struct sched *s)
{
	struct ready_class *best = NULL;

	for (uint32_t i = 0; i < s->lanes.n; i++) {
		struct heap_node *top = heap_top(&s->lanes.at[i]->classes);
		struct ready_class *c;

		if (s->lanes.at[i]->is_held || !top)
			continue;
		c = container_of(top, struct ready_class, node);
		if (!best || priority_first(s, ready_head(c), ready_head(best)))
			best = c;
	}
	return best;
}

/* c would take resources that a better class, which only waits for room in its backend, needs. */
static bool is_kept_from(const struct sched *s, const struct ready_class *c)
{
	for (uint32_t i = 0; i < c->n_needs; i++) {
		const struct resource *r = c->needs[i].resource;
		uint64_t wanted = r->in_use + ready_count_of(&c->needs[i]);

		for (uint32_t k = 0; k < s->lanes.n; k++) {
			const struct lane *l = s->lanes.at[k];

			if (l->is_held && !l->is_busy)
				wanted += asked_of(container_of(heap_top(&l->classes),
								struct ready_class, node),
						   r);
		}
		if (r->limit != RESOURCE_UNLIMITED && wanted > r->limit &&
		    !(r->is_soft && r->in_use == 0))
			return true;
	}
	return false;
}

static struct ready_class *choose_class(struct sched *s)
{
	struct ready_class *c;
	struct list aside;

	list_init(&aside);
	for (uint32_t i = 0; i < s->lanes.n; i++)
		s->lanes.at[i]->is_held = false;
	while ((c = best_class(s)) != NULL) {
		if (!lane_has_room(c->lane, c->cpus)) {
			c->lane->is_held = true;
		} else if (is_kept_from(s, c)) {
			heap_remove(&c->lane->classes, &c->node);
			list_append(&aside, &c->link);
		} else {
			break;
		}
	}
	list_for_each (it, &aside) {
		struct ready_class *back = list_entry(it, struct ready_class, link);

		list_remove(&back->link);
		heap_push(&back->lane->classes, &back->node);
	}
	return c;
}

struct job *ready_take(struct sched *s)
{
	struct ready_class *c;
	struct job *job;

	if (s->options.max_parallel && s->n_in_flight >= s->options.max_parallel)
		return NULL;
	rivals_settle(s);
	c = choose_class(s);
	if (!c)
		return NULL;
	job = ready_head(c);
	ready_remove(job);
	ready_take_needs(s, c);
	units_take(job);
	lane_take(c->lane, c->cpus);
	s->n_in_flight++;
	return job;
}

void ready_give(struct job *job)
{
	assert(job->sched->n_in_flight > 0);
	job->sched->n_in_flight--;
	lane_give(job->class->lane, job->class->cpus);
	units_give(job);
	give_needs(job->sched, job->class);
}

size_t ready_memory(const struct sched *s)
{
	const struct map_entry *e;
	size_t size = 0;

	for (size_t at = 0; (e = map_next(&s->classes, &at)) != NULL;) {
		const struct ready_class *c = e->value;

		size += sizeof(*c) + c->n_needs * sizeof(c->needs[0]);
		size += c->jobs.cap * sizeof(c->jobs.at[0]);
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
