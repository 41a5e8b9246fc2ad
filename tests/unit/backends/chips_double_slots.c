/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, and other processes that want devices, in the place of exec/slot.h and
 * device/lock/queue.h. */
#include "chips_double.h"

#include <assert.h>

#include "base/mem.h"
#include "device/lock/queue.h"

/* ---- other processes ---- */

struct device_queue *device_queue_new(struct ev_loop *loop, const char *dir,
				      void (*changed)(void *ctx), void *ctx)
{
	(void)loop;
	(void)dir;
	world.others_changed = changed;
	return ctx;
}

void device_queue_free(struct device_queue *q)
{
	(void)q;
	world.others_changed = NULL;
}

bool device_queue_is_others(struct device_queue *q, const char *device)
{
	(void)q;
	return world.is_others[atoi(strrchr(device, '-') + 1)];
}

void device_queue_wait(struct device_queue *q, const char *devices)
{
	(void)q;
	world.n_places += !world.wants[0];
	snprintf(world.wants, sizeof(world.wants), "%s", devices);
}

void device_queue_leave(struct device_queue *q)
{
	(void)q;
	world.wants[0] = '\0';
}

bool device_queue_waits(const struct device_queue *q)
{
	(void)q;
	return world.wants[0];
}

void others_change(void)
{
	world.others_changed(world.c);
	world_turn();
}

/* ---- slots ---- */

struct slot *slot_new(struct ev_loop *loop, const struct slot_options *options,
		      const struct slot_handler *handler, void *ctx, struct error *err)
{
	struct slot *s;

	(void)loop;
	(void)options;
	if (world.cannot_start) {
		error_plain(err, "no process can be made");
		return NULL;
	}
	assert(world.n_slots < MOST_SLOTS);
	s = xcalloc(1, sizeof(*s));
	s->handler = handler;
	s->ctx = ctx;
	world.slots[world.n_slots++] = s;
	world.n_acts++;
	return s;
}

void slot_run(struct slot *s, const struct job_spec *spec, uint32_t attempt, const char *const *env,
	      const struct job_needs *needs)
{
	(void)spec;
	(void)attempt;
	(void)needs;
	assert(!s->has_job && !s->is_closed && str_starts(env[0], "DVSCHED_DEVICES="));
	s->has_job = true;
	world.n_acts++;
}

void slot_give_terminal(struct slot *s, const struct slot_terminal *terminal)
{
	(void)s, (void)terminal;
}

void slot_type(struct slot *s, const char *bytes, size_t n)
{
	(void)s, (void)bytes, (void)n;
}

void slot_resize(struct slot *s, uint16_t rows, uint16_t columns)
{
	(void)s, (void)rows, (void)columns;
}

void slot_continue(struct slot *s)
{
	(void)s;
}

void slot_listen(struct slot *s, bool listens)
{
	(void)s, (void)listens;
}

void slot_kill(struct slot *s, bool now, enum job_reason reason)
{
	(void)now;
	if (s->is_killed || !s->has_job)
		return;
	s->is_killed = true;
	s->reason = reason;
	world.n_acts++;
}

void slot_pause(struct slot *s, bool is_paused)
{
	assert(s->is_paused != is_paused);
	s->is_paused = is_paused;
}

void slot_close(struct slot *s)
{
	assert(!s->has_job && !s->is_closed);
	if (s->is_gone)
		return;
	s->is_closed = true;
	world.n_acts++;
}

void slot_free(struct slot *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < world.n_slots; i++)
		if (world.slots[i] == s) {
			world.slots[i] = world.slots[--world.n_slots];
			free(s);
			return;
		}
	fail_msg("a slot is freed twice");
}

enum job_reason slot_lost_reason(const struct slot *s)
{
	return s->is_killed ? s->reason : REASON_LOST;
}

bool slot_measure(const struct slot *s, struct job_load *ret)
{
	*ret = (struct job_load){.n_processes = 1};
	return s->has_job;
}

void slot_ends(struct slot *s, bool is_good)
{
	struct job_result r = {.status = JOB_PASSED, .exit_status = 0};

	assert(s->has_job);
	s->has_job = false;
	if (!is_good)
		r = (struct job_result){
			.status = JOB_FAILED, .reason = REASON_EXIT, .message = "it failed"};
	if (s->is_killed)
		r = (struct job_result){.status = JOB_KILLED, .reason = s->reason};
	s->handler->ended(s, s->ctx, &r);
	world_settle();
}

void slot_dies(struct slot *s)
{
	s->has_job = false;
	s->is_gone = true;
	s->handler->died(s, s->ctx, "it died");
	world_settle();
}

void slot_goes_through(struct slot *s)
{
	if (s->has_job)
		slot_ends(s, true);
	else
		slot_dies(s);
}
