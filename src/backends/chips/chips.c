/* SPDX-License-Identifier: Apache-2.0 */
/* The chips backend: its verbs. How it works: chips.h; what users see: docs/reference/devices.md.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/backends.h"
#include "backends/chips/chips.h"
#include "backends/chips/gang.h"
#include "backends/chips/lend.h"
#include "backends/console.h"
#include "base/mem.h"

/* Jobs accepted beyond those that run, so that the pool can choose one that fits, or whose image is
 * loaded. */
enum { LOOK_AHEAD_PER_UNIT = 8, LOOK_AHEAD_LEAST = 64 };

static void chips_check_job(struct backend *b, const struct job_spec *spec, struct diags *diags)
{
	struct chips *c = chips_of(b);
	struct arena *mem;

	/* Jobs with the same rules differ only in values, which the driver checks. */
	if (c->last_checked == spec->rules)
		return;
	c->last_checked = spec->rules;
	mem = arena_new();
	chips_request_read(mem, c->s, spec, diags);
	arena_free(mem);
}

static enum submit chips_submit(struct backend *b, const struct job *job, uint32_t attempt,
				struct error *why)
{
	struct chips *c = chips_of(b);
	struct arena *mem;
	struct chips_job *j;
	const struct chips_request *q;

	if (c->is_paused || c->n_queued >= c->n_units * LOOK_AHEAD_PER_UNIT + LOOK_AHEAD_LEAST)
		return SUBMIT_BUSY;
	mem = arena_new();
	q = chips_request_read(mem, c->s, job->spec, NULL);
	if (!q) {
		arena_free(mem);
		error_plain(why, "the request of '%s' for devices cannot be read", job->spec->id);
		return SUBMIT_REFUSED;
	}
	j = xcalloc(1, sizeof(*j));
	*j = (struct chips_job){
		.chips = c,
		.job = job,
		.attempt = attempt,
		.mem = mem,
		.request = q,
		.queued_s = chips_now(c),
	};
	list_init(&j->link);
	c->n_queued++;
	event_add(c, &(struct event){.kind = EVENT_SUBMIT, .new_job = j});
	return SUBMIT_ACCEPTED;
}

static void chips_kill(struct backend *b, const struct job *job, enum kill_level level,
		       enum job_reason reason)
{
	event_add(
		chips_of(b),
		&(struct event){.kind = EVENT_KILL, .job = job, .level = level, .reason = reason});
}

static bool chips_measure(const struct backend *b, const struct job *job, struct job_load *ret)
{
	const struct lend *l = lend_find(container_of(b, const struct chips, base), job);

	return l && lend_measure(l, ret);
}

/* A device cannot be stopped in the middle of a run: workers go on with theirs. */
static void chips_suspend(struct backend *b, bool is_suspended)
{
	struct chips *c = chips_of(b);

	if (!is_suspended)
		console_suspend(c->console, false);
	list_for_each (it, &c->lends)
		lend_suspend(list_entry(it, struct lend, link), is_suspended);
	if (is_suspended)
		console_suspend(c->console, true);
	if (is_suspended)
		line_leave(c); /* other processes must not wait for a stopped one */
	else
		c->back_s = chips_now(c);
}

static void chips_pause(struct backend *b, bool is_paused)
{
	event_add(chips_of(b), &(struct event){.kind = EVENT_PAUSE, .flag = is_paused});
}

static void chips_close(struct backend *b, void (*closed)(void *ctx, const char *trouble),
			void *ctx)
{
	struct chips *c = chips_of(b);

	c->is_closing = true;
	c->closed = closed;
	c->closed_ctx = ctx;
	chips_turn(c); /* workers close; late ones are killed */
}

static void chips_destroy(struct backend *b)
{
	struct chips *c;

	if (!b)
		return;
	c = chips_of(b);
	chips_turn_done(c);
	while (!list_is_empty(&c->gangs))
		gang_free(list_entry(c->gangs.next, struct gang, link));
	while (!list_is_empty(&c->lends))
		lend_free(list_entry(c->lends.next, struct lend, link));
	queue_done(c);
	line_done(c);
	events_done(c);
	for (uint32_t i = 0; i < c->n_units; i++)
		unit_done(&c->units[i]);
	console_free(c->console);
	free(c->units);
	free(c->view);
	vec_done(&c->past);
	free(c->health_warning);
	str_done(&c->trouble);
	arena_free(c->mem);
	free(c);
}

static const struct backend_ops chips_ops = {
	.check = chips_check_job,
	.submit = chips_submit,
	.kill = chips_kill,
	.measure = chips_measure,
	.pause = chips_pause,
	.suspend = chips_suspend,
	.tell = chips_tell,
	.close = chips_close,
	.destroy = chips_destroy,
};

static struct chips *chips_new(const struct backend_env *env, struct arena *mem,
			       struct chips_settings *s)
{
	struct chips *c = xcalloc(1, sizeof(*c));

	*c = (struct chips){
		.base = {.caps = {.is_local = true, .is_interactive = true}},
		.ops = chips_ops,
		.mem = mem,
		.loop = env->loop,
		.clock = env->clock,
		.scratch_root = env->scratch_root,
		.job_nofile = env->job_nofile,
		.cgroup_dir = env->cgroup_dir,
		.warn = env->warn,
		.console = console_new(env->loop, &env->terminal),
		.s = s,
	};
	c->ops.name = s->name;
	c->base.ops = &c->ops;
	list_init(&c->queue);
	list_init(&c->gangs);
	list_init(&c->lends);
	chips_turn_init(c);
	line_init(c);
	c->n_units = s->n_devices;
	c->units = xcalloc(c->n_units, sizeof(*c->units));
	c->view = xcalloc(c->n_units, sizeof(*c->view));
	for (uint32_t i = 0; i < c->n_units; i++)
		unit_init(&c->units[i], c, &s->devices[i]);
	c->last_event_s = chips_now(c);
	return c;
}

static const struct chips_device *find_shared(const struct chips_settings *a,
					      const struct chips_settings *b)
{
	for (uint32_t i = 0; i < a->n_devices; i++)
		for (uint32_t k = 0; k < b->n_devices; k++)
			if (a->devices[i].machine_id == b->devices[k].machine_id &&
			    str_eq(a->devices[i].family, b->devices[k].family))
				return &a->devices[i];
	return NULL;
}

static void refuse_shared(const struct backend_env *env, int32_t id,
			  const struct chips_settings *other, struct diags *diags)
{
	struct hjson_node *node = cfg_fields_node(env->settings, "devices");
	struct diag *e = cfg_error(cfg_fields_cfg(env->settings), diags,
				   node ? node : cfg_fields_object(env->settings),
				   "device %d of '%s' belongs to '%s' too", id, env->name,
				   other->name);

	diag_note(e, other->devices_pos, "'%s' takes it here", other->name);
}

/* Two pools with one device would wait for each other's lock. */
static bool shares_no_device(const struct backend_env *env, const struct chips_settings *s,
			     struct diags *diags)
{
	for (unsigned i = 0; i < env->n_others; i++) {
		struct backend *b = env->others[i];
		const struct chips_settings *other;
		const struct chips_device *d;

		if (b->ops->submit != chips_submit)
			continue;
		other = chips_of(b)->s;
		d = find_shared(s, other);
		if (!d)
			continue;
		refuse_shared(env, d->id, other, diags);
		return false;
	}
	return true;
}

struct backend *backend_chips_create(const struct backend_env *env, struct diags *diags)
{
	struct arena *mem = arena_new();
	struct chips_settings *s = chips_settings_read(mem, env, diags);

	assert(env->loop && env->scratch_root);
	if (!s || !shares_no_device(env, s, diags)) {
		arena_free(mem);
		return NULL;
	}
	return &chips_new(env, mem, s)->base;
}
