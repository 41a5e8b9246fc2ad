/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool's place among all processes that use its devices (device/lock/queue.h). The pool has one
 * place, for the first job that waits because other processes have devices. The place is for all
 * usable devices, since the job takes those that are free first. It is kept until that job has its
 * devices; the next job then goes to the end of the queue.
 */
#include "backends/chips/chips.h"
#include "device/lock/queue.h"

static void on_line_changed(void *ctx)
{
	event_add(ctx, &(struct event){.kind = EVENT_OTHERS});
}

void line_init(struct chips *c)
{
	if (c->s->lock_dir)
		c->line = device_queue_new(c->loop, c->s->lock_dir, on_line_changed, c);
}

void line_done(struct chips *c)
{
	device_queue_free(c->line);
}

void line_handle_change(struct chips *c)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		unit_try_again(&c->units[i]);
}

void line_look(struct chips *c)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		unit_look_at_others(&c->units[i]);
}

static bool is_kept_by_others(const struct unit *u)
{
	return health_is_usable(&u->health) && (u->is_locked || unit_must_yield(u));
}

static bool others_keep_any(const struct chips *c)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		if (is_kept_by_others(&c->units[i]))
			return true;
	return false;
}

/* j could run if it had all usable devices. */
static bool waits_in_line(const struct chips_job *j)
{
	return !j->refused && !chips_job_is_served(j) &&
	       outlook_n_usable(j) >= j->request->n_devices;
}

/* The job that has the place keeps it, even if other jobs were put before it. */
static const struct chips_job *find_waiting(const struct chips *c)
{
	const struct chips_job *first = NULL;

	list_for_each (it, &c->queue) {
		const struct chips_job *j = list_entry(it, struct chips_job, link);

		if (!waits_in_line(j))
			continue;
		if (c->line_job == j->job && c->line_attempt == j->attempt)
			return j;
		first = first ? first : j;
	}
	return first;
}

static void list_usable(const struct chips *c, struct str *ret)
{
	for (uint32_t i = 0; i < c->n_units; i++)
		if (health_is_usable(&c->units[i].health))
			str_printf(ret, "%s\n", c->units[i].lock_name);
}

void line_leave(struct chips *c)
{
	if (c->line)
		device_queue_leave(c->line);
	c->line_job = NULL;
}

void line_act(struct chips *c)
{
	_cleanup_(str_done) struct str wanted = {0};
	const struct chips_job *j;

	if (!c->line)
		return;
	j = c->is_paused || c->is_closing || !others_keep_any(c) ? NULL : find_waiting(c);
	if (!j || j->job != c->line_job || j->attempt != c->line_attempt)
		line_leave(c);
	c->line_job = j ? j->job : NULL;
	c->line_attempt = j ? j->attempt : 0;
	if (!j)
		return;
	list_usable(c, &wanted);
	device_queue_wait(c->line, wanted.s);
}
