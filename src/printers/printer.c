/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/printer.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/term_mode.h"
#include "job/job_paths.h"
#include "printers/cells.h"
#include "scheduler/sched.h"

#define QUEUE_BYTES (1u << 20)
#define UNIT_BYTES  (16u << 10) /* of lines in one unit */

static struct printer *printer_get(struct observer *o)
{
	return container_of(o, struct printer, observer);
}

double printer_now(const struct printer *p)
{
	return p->clock ? clock_now(p->clock) : 0;
}

/* ---- when to draw ---- */

static void draw_if_due(struct printer *p)
{
	double now = clock_now(clock_real());
	double wait = p->is_running ? pace_wait(&p->pace, now) : INFINITY;

	if (wait <= 0) {
		pace_drew(&p->pace, now);
		if (p->view->draw)
			p->view->draw(p);
		wait = pace_wait(&p->pace, now);
	}
	if (isinf(wait)) {
		ev_timer_stop(p->env.loop, &p->due);
	} else if (!ev_is_active(&p->due)) {
		ev_now_update(p->env.loop);
		ev_timer_set(&p->due, wait, 0.);
		ev_timer_start(p->env.loop, &p->due);
	}
}

static void on_due(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	draw_if_due(w->data);
}

/* Draws as soon as the interval allows. */
static void printer_changed(struct printer *p)
{
	bool was_dirty = p->pace.is_dirty;

	p->pace.is_dirty = true;
	/* The timer may wait for a tick, which is later than this change is due. */
	if (!was_dirty)
		ev_timer_stop(p->env.loop, &p->due);
	draw_if_due(p);
}

static void on_resize(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct printer *p = w->data;

	(void)loop;
	(void)revents;
	if (p->view->resized)
		p->view->resized(p);
}

/* ---- output ---- */

static void printer_fill(void *ctx, struct str *unit)
{
	struct printer *p = ctx;

	if (p->view->fill)
		p->view->fill(p, unit);
	else if (!line_queue_is_empty(&p->lines))
		line_queue_take(&p->lines, unit, UNIT_BYTES);
}

static void on_broken(void *ctx, int errnum)
{
	struct printer *p = ctx;

	p->is_running = false;
	ev_timer_stop(p->env.loop, &p->due);
	if (p->view->leave)
		p->view->leave(p);
	observer_break(&p->observer, "cannot write to %s any more: %s",
		       p->env.what ? p->env.what : "the terminal", strerror(errnum));
}

void printer_add_lines(struct printer *p, const char *text, size_t len)
{
	if (p->out.is_dead)
		return;
	line_queue_add(&p->lines, text, len);
	term_out_wake(&p->out);
}

void printer_add_failure(struct printer *p, const struct tally_failure *f)
{
	_cleanup_(str_done) struct str line = {0};

	rows_failure(&line, f, p->env.color);
	printer_add_lines(p, line.s, line.len);
}

void printer_size(const struct printer *p, unsigned *ret_columns, unsigned *ret_rows)
{
	struct winsize ws = {0};

	if (ioctl(p->env.fd, TIOCGWINSZ, &ws) < 0)
		ws = (struct winsize){0};
	*ret_columns = ws.ws_col ? ws.ws_col : 80;
	*ret_rows = ws.ws_row ? ws.ws_row : 24;
}

bool printer_can_draw(const struct printer_env *env)
{
	const char *term = getenv("TERM");

	return isatty(env->fd) == 1 && term && *term && strcmp(term, "dumb") != 0 &&
	       term_is_foreground(env->fd);
}

/* ---- what happens in the run ---- */

static void printer_on_run_started(struct observer *o, const struct sched *s)
{
	struct printer *p = printer_get(o);
	uint32_t n = sched_n_targets(s);

	p->clock = sched_clock(s);
	p->run_name = xstrdup(sched_plan(s)->name ? sched_plan(s)->name : "");
	tally_init(&p->tally, (uint32_t)sched_n_jobs(s), sched_started_s(s));
	for (uint32_t i = 0; i < n; i++) {
		const struct sched_target *target = sched_target(s, i);

		tally_add_target(&p->tally, target->name, target->n);
	}
	rows_measure(&p->widths, &p->tally, p->is_utf8);
	p->is_running = true;
	if (p->view->started)
		p->view->started(p);
}

static void printer_on_job_changed(struct observer *o, const struct job *job, enum job_status was)
{
	struct printer *p = printer_get(o);
	struct tally_job view = {
		.id = job->spec->id,
		.where = job->attempts ? job->attempts->where : NULL,
		.message = job->message,
		.log_path = job_log_path(job->spec, &p->path),
		.started_s = job->started_s,
		.n = job->n,
		.target = job->target,
		.status = job_status(job),
		.reason = (enum job_reason)job->reason,
		.is_flaky = job->marks & MARK_FLAKY,
	};

	if (!p->view->draw && !p->view->failed) /* nothing is shown */
		return;
	if (!tally_change(&p->tally, &view, was, printer_now(p))) {
		printer_changed(p);
		return;
	}
	if (p->view->failed)
		p->view->failed(p, tally_failure(&p->tally, p->tally.n_failures - 1));
	printer_changed(p);
}

static void printer_on_run_ended(struct observer *o, const struct sched *s)
{
	struct printer *p = printer_get(o);

	(void)s;
	tally_end(&p->tally, printer_now(p));
	p->is_running = false;
	ev_timer_stop(p->env.loop, &p->due);
	if (p->view->ended)
		p->view->ended(p);
	p->clock = NULL; /* the scheduler may be freed now */
}

static void printer_on_destroy(struct observer *o)
{
	struct printer *p = printer_get(o);

	if (p->view->leave)
		p->view->leave(p);
	term_out_flush(&p->out);
	if (p->view->destroy)
		p->view->destroy(p);
	term_out_done(&p->out);
	ev_timer_stop(p->env.loop, &p->due);
	ev_signal_stop(p->env.loop, &p->resize);
	line_queue_done(&p->lines);
	str_done(&p->path);
	tally_done(&p->tally);
	free(p->run_name);
	free(o->broken_why);
	free(p);
}

static const struct observer_ops printer_observer = {
	.name = "printer",
	.run_started = printer_on_run_started,
	.job_changed = printer_on_job_changed,
	.run_ended = printer_on_run_ended,
	.destroy = printer_on_destroy,
};

/* ---- the life of a printer ---- */

static void printer_take_view(struct printer *p, const struct view_ops *view, void *own)
{
	p->view = view;
	p->own = own;
	p->pace.interval_s = p->env.interval_s < 0 ? view->interval_s : p->env.interval_s;
	p->pace.tick_s = view->has_users_tick && p->env.interval_s > 0 ? p->env.interval_s
								       : view->tick_s;
}

struct observer *printer_new(const struct printer_env *env, const struct view_ops *view, void *own)
{
	struct printer *p = xcalloc(1, sizeof(*p));
	struct term_out_client client = {.fill = printer_fill, .broken = on_broken, .ctx = p};

	p->observer.ops = &printer_observer;
	list_init(&p->observer.link);
	p->env = *env;
	p->is_utf8 = cells_locale_is_utf8();
	p->pace.drawn_s = -INFINITY;
	printer_take_view(p, view, own);
	line_queue_init(&p->lines, QUEUE_BYTES);
	term_out_init(&p->out, env->loop, env->fd, &client);
	ev_timer_init(&p->due, on_due, 0., 0.);
	p->due.data = p;
	ev_signal_init(&p->resize, on_resize, SIGWINCH);
	p->resize.data = p;
	if (view->resized)
		ev_signal_start(env->loop, &p->resize);
	return &p->observer;
}

void printer_set_view(struct printer *p, const struct view_ops *view, void *own)
{
	if (p->view->destroy)
		p->view->destroy(p);
	printer_take_view(p, view, own);
	if (!view->resized)
		ev_signal_stop(p->env.loop, &p->resize);
	if (p->run_name && view->started)
		view->started(p);
	term_out_wake(&p->out);
}

bool printer_is_plain(const struct observer *printer)
{
	return container_of(printer, const struct printer, observer)->view == &plain_view;
}

void printer_pause(struct observer *printer, bool is_paused)
{
	struct printer *p = printer_get(printer);

	if (p->pace.is_paused == is_paused)
		return;
	p->pace.is_paused = is_paused;
	draw_if_due(p);
}

void printer_hold(struct observer *printer, bool is_held)
{
	struct printer *p = printer_get(printer);

	term_out_hold(&p->out, is_held);
}

void printer_suspend(struct observer *printer, bool is_suspended)
{
	struct printer *p = printer_get(printer);

	if (p->view->suspended)
		p->view->suspended(p, is_suspended);
}

void printer_log(struct observer *printer, const char *text, size_t len)
{
	struct printer *p = printer_get(printer);

	if (p->out.is_dead)
		return;
	line_queue_add(&p->lines, text, len);
	if (p->view->logged)
		p->view->logged(p, text, len);
	term_out_try(&p->out);
}
