/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, and other processes that want devices, in the place of exec/slot.h and
 * device/lock/queue.h. */
#include "chips_double.h"

#include <assert.h>

#include "backends/console.h"
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
	if (world.cannot_start) {
		error_plain(err, "no process can be made");
		return NULL;
	}
	assert(world.n_slots < MOST_SLOTS && options->n_kept <= MOST_DEVICES);
	s = xcalloc(1, sizeof(*s));
	s->options = *options;
	memcpy(s->kept, options->kept, options->n_kept * sizeof(*s->kept));
	s->options.kept = s->kept;
	s->handler = handler;
	s->ctx = ctx;
	world.slots[world.n_slots++] = s;
	world.n_acts++;
	return s;
}

void slot_run(struct slot *s, const struct job_spec *spec, uint32_t attempt, const char *const *env,
	      const struct job_needs *needs)
{
	(void)needs;
	s->spec = spec;
	s->attempt = attempt;
	for (size_t i = 0, at = 0; env[i]; i++)
		at += (size_t)snprintf(s->env + at, sizeof(s->env) - at, "%s%s", i ? "|" : "",
				       env[i]);
	assert(!s->has_job && !s->is_closed && str_starts(env[0], "DVSCHED_DEVICES="));
	s->has_job = true;
	world.n_acts++;
}

void slot_kill(struct slot *s, bool now, enum job_reason reason)
{
	if (!s->has_job)
		return;
	s->is_killed_now |= now;
	if (s->is_killed)
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

/* ---- the user's terminal ---- */

struct console {
	const struct slot *slot; /* who has it */
};

static void console_note(const char *what)
{
	size_t n = strlen(world.console);

	snprintf(world.console + n, sizeof(world.console) - n, "%s ", what);
}

struct console *console_new(struct ev_loop *loop, const struct backend_terminal *terminal)
{
	(void)loop;
	(void)terminal;
	return xcalloc(1, sizeof(struct console));
}

void console_free(struct console *c)
{
	free(c);
}

int console_take(struct console *c, struct slot *slot, const struct job_rules *rules,
		 struct error *err)
{
	if (!rules->is_interactive && !rules->is_shown)
		return 0;
	assert(!c->slot && !slot->has_job);
	if (world.has_no_terminal)
		return error_plain(err, "there is no terminal");
	c->slot = slot;
	console_note("take");
	return 0;
}

void console_release(struct console *c)
{
	if (c->slot)
		console_note("release");
	c->slot = NULL;
}

void console_say(struct console *c, const char *bytes, size_t n)
{
	char text[64];

	(void)c;
	snprintf(text, sizeof(text), "say:%.*s", (int)n, bytes);
	console_note(text);
}

void console_suspend(struct console *c, bool is_suspended)
{
	(void)c;
	console_note(is_suspended ? "suspend" : "resume");
}

void console_stopped(struct console *c)
{
	(void)c;
	console_note("stopped");
}

void console_hurry(struct console *c)
{
	(void)c;
	console_note("hurry");
}
