/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local backend: slots, started when first needed. The slot that was used last is used first,
 * because its memory is still in the caches.
 */
#include <assert.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "backends/backends.h"
#include "backends/console.h"
#include "backends/local/cpus.h"
#include "backends/local/processes.h"
#include "backends/local/shortage.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/proc_tree.h"
#include "exec/slot.h"

/* How often the first slot is tried before a job is refused, if there is no shortage. */
enum { START_TRIES = 5 };
/* Processes of the run that are neither slots nor jobs and may come later. */
enum { CLERK_SHARE = 2 };

static const char local_name[] = "local";

struct local_slot {
	struct list link; /* idle, busy */
	struct local *local;
	struct slot *slot;
	const struct job *job; /* NULL: idle */
	int shortage;	       /* an errno: its job cannot be started for lack of something */
	int killed_for;	       /* an errno: its job was killed for that */
	bool is_taken_back;    /* … to be started again */
	bool is_leaving;
	char where[24]; /* "local/3" */
};

struct local {
	struct backend base;
	struct ev_loop *loop;
	struct slot_options slot;
	struct list idle, busy; /* idle: used last first */
	struct list leaving;	/* their sockets are closing */
	struct shortage shortage;
	bool has_warned;     /* of it */
	bool has_shown_wait; /* of a job, since one was started */
	struct list family;  /* all slots; see slot_options */
	struct console *console;
	void (*warn)(const char *text);
	uint32_t n_slots, n_leaving, n_made;
	unsigned n_start_failures; /* in a row, with no slot at all */
	bool is_paused;
	struct map checked; /* rules -> themselves */
	void (*closed)(void *ctx, const char *trouble);
	void *closed_ctx;
};

static struct local *local_of(struct backend *b)
{
	return container_of(b, struct local, base);
}

static void release_console(struct local *l, const struct job *job)
{
	if (job && (job->spec->rules->is_interactive || job->spec->rules->is_shown))
		console_release(l->console);
}

/* ---- slots ---- */

static uint32_t n_active(const struct local *l)
{
	return l->n_slots - l->n_leaving;
}

static double local_now_s(void)
{
	return clock_now(clock_real());
}

/* ls must have no job. */
static void send_away(struct local_slot *ls)
{
	list_remove(&ls->link);
	list_append(&ls->local->leaving, &ls->link);
	ls->is_leaving = true;
	ls->local->n_leaving++;
	slot_close(ls->slot);
}

/* An attempt that was taken back does not count, and the job is tried again. text: for a message.
 */
static struct job_result result_after_shortage(const struct local_slot *ls,
					       const struct job_result *result, struct str *text)
{
	struct job_result r = *result;

	if (!ls->killed_for || r.status != JOB_KILLED || r.reason != REASON_LAUNCH)
		return r;
	if (ls->is_taken_back)
		str_add(text, shortage_text(ls->killed_for));
	else
		shortage_add_verdict(text, ls->killed_for);
	r.message = text->s;
	r.is_uncounted = ls->is_taken_back;
	return r;
}

/* A job was started. */
static void local_shortage_over(struct local *l)
{
	shortage_is_over(&l->shortage);
	l->has_shown_wait = false;
}

static void on_local_ended(struct slot *slot, void *ctx, const struct job_result *result)
{
	struct local_slot *ls = ctx;
	struct local *l = ls->local;
	_cleanup_(str_done) struct str text = {0};
	const struct job_result told = result_after_shortage(ls, result, &text);
	const struct job *job = ls->job;

	(void)slot;
	release_console(l, job);
	if (!ls->shortage)
		local_shortage_over(l);
	ls->job = NULL;
	ls->shortage = ls->killed_for = 0;
	list_remove(&ls->link);
	list_prepend(&l->idle, &ls->link);
	/* A slot that could not kill its job is closed: its next job would be lost with it. */
	if (result->reason == REASON_UNKILLABLE || shortage_must_shrink(&l->shortage, n_active(l)))
		send_away(ls);
	sched_job_ended(job, &told);
}

/* Busy slots whose jobs could be started. If there is none, none of them will give back anything.
 */
static uint32_t n_running(const struct local *l)
{
	uint32_t n = 0;

	list_for_each (it, &l->busy)
		n += !list_entry(it, struct local_slot, link)->shortage;
	return n;
}

static void local_warn_of(struct local *l, int errnum)
{
	_cleanup_(freep) char *text = NULL;

	if (l->has_warned || !l->warn)
		return;
	l->has_warned = true;
	text = xasprintf("%s; fewer jobs run at a time until the shortage is over",
			 shortage_text(errnum));
	l->warn(text);
}

static void kill_short(struct local_slot *ls, bool is_taken_back)
{
	ls->killed_for = ls->shortage;
	ls->is_taken_back = is_taken_back;
	slot_kill(ls->slot, true, REASON_LAUNCH);
}

/* One slot fewer, so that its process, and what that holds, is free for a job. */
static void local_give_back(struct local *l, struct local_slot *ls)
{
	if (!list_is_empty(&l->idle))
		send_away(list_entry(l->idle.next, struct local_slot, link));
	else if (n_active(l) > 1 && l->n_leaving == 0 && n_running(l) == 0)
		kill_short(ls, true);
	else if (shortage_gives_up(&l->shortage, n_running(l), local_now_s()))
		kill_short(ls, false);
}

static void on_short(struct slot *slot, void *ctx, int errnum)
{
	struct local_slot *ls = ctx;
	struct local *l = ls->local;

	(void)slot;
	ls->shortage = errnum;
	if (!errnum) {
		local_shortage_over(l);
		return;
	}
	shortage_seen(&l->shortage, n_active(l), local_now_s());
	local_warn_of(l, errnum);
	if (!ls->killed_for)
		local_give_back(l, ls);
}

static void free_slot(struct local_slot *ls)
{
	list_remove(&ls->link);
	ls->local->n_slots--;
	ls->local->n_leaving -= ls->is_leaving;
	slot_free(ls->slot);
	free(ls);
}

static void finish_closing(struct local *l)
{
	void (*closed)(void *ctx, const char *trouble) = l->closed;

	if (!closed || l->n_slots)
		return;
	l->closed = NULL;
	closed(l->closed_ctx, NULL);
}

static void on_local_died(struct slot *slot, void *ctx, const char *why)
{
	struct local_slot *ls = ctx;
	struct local *l = ls->local;
	const struct job *job = ls->job;
	struct job_result lost = {
		.status = JOB_KILLED,
		.reason = slot_lost_reason(slot),
		.message = why,
		.exit_status = -1,
	};

	release_console(l, job);
	if (job)
		sched_job_ended(job, &lost);
	free_slot(ls);
	finish_closing(l);
}

static void on_noted(struct slot *slot, void *ctx, const char *text)
{
	const struct local_slot *ls = ctx;

	(void)slot;
	if (ls->local->warn)
		ls->local->warn(text);
}

static void on_said(struct slot *slot, void *ctx, const char *bytes, size_t n)
{
	const struct local_slot *ls = ctx;

	(void)slot;
	console_say(ls->local->console, bytes, n);
}

static void on_stopped(struct slot *slot, void *ctx)
{
	const struct local_slot *ls = ctx;

	(void)slot;
	console_stopped(ls->local->console);
}

static const struct slot_handler slot_handler = {
	.ended = on_local_ended,
	.died = on_local_died,
	.noted = on_noted,
	.said = on_said,
	.stopped = on_stopped,
	.is_short = on_short,
};

static struct local_slot *start_slot(struct local *l, struct error *err)
{
	struct local_slot *ls = xcalloc(1, sizeof(*ls));

	l->slot.number = l->n_made;
	ls->slot = slot_new(l->loop, &l->slot, &slot_handler, ls, err);
	if (!ls->slot) {
		free(ls);
		return NULL;
	}
	ls->local = l;
	snprintf(ls->where, sizeof(ls->where), "local/%u", l->n_made++);
	list_prepend(&l->idle, &ls->link);
	l->n_slots++;
	return ls;
}

/* ---- verbs ---- */

/* Those that run now count as left: a job may be between two processes just now. */
static bool local_has_room(const void *ctx)
{
	const struct local *l = ctx;
	uint32_t wanted = (n_active(l) + 1) * PROCESSES_PER_JOB + CLERK_SHARE, left;
	struct proc_tree tree = {0};
	size_t n_own;

	proc_tree_read_below(&tree, getpid());
	n_own = tree.n;
	proc_tree_done(&tree);
	left = processes_left(wanted);
	return left == UINT32_MAX || left + n_own >= wanted;
}

static enum submit refuse_for_shortage(int errnum, struct error *why)
{
	_cleanup_(str_done) struct str text = {0};

	shortage_add_verdict(&text, errnum);
	error_plain(why, "%s", text.s);
	return SUBMIT_REFUSED;
}

/* Observers are called for the first job that waits. */
static void show_wait(struct local *l, const struct job *job, int errnum)
{
	_cleanup_(freep) char *what = NULL;

	local_warn_of(l, errnum);
	if (l->has_shown_wait)
		return;
	l->has_shown_wait = true;
	what = xasprintf("the end of a shortage: %s", shortage_text(errnum));
	sched_job_waits(job, what);
}

static enum submit answer_without_slot(struct local *l, const struct job *job, struct error *err,
				       struct error *why)
{
	int errnum = err->errnum;

	if (!errno_is_shortage(errnum)) {
		if (l->n_slots == 0 && ++l->n_start_failures >= START_TRIES) {
			*why = *err;
			return SUBMIT_REFUSED;
		}
		error_done(err);
		return SUBMIT_BUSY;
	}
	error_done(err);
	if (l->n_slots == 0 && shortage_gives_up(&l->shortage, 0, local_now_s()))
		return refuse_for_shortage(errnum, why);
	show_wait(l, job, errnum);
	return SUBMIT_BUSY;
}

static enum submit local_submit(struct backend *b, const struct job *job, uint32_t attempt,
				struct error *why)
{
	struct local *l = local_of(b);
	const struct job_needs needs = sched_job_needs(job);
	bool is_interactive = job->spec->rules->is_interactive;
	struct error err = {0};
	struct local_slot *ls;

	if (l->is_paused || (is_interactive && console_is_taken(l->console)))
		return SUBMIT_BUSY;
	if (list_is_empty(&l->idle) &&
	    !shortage_may_grow(&l->shortage, n_active(l), local_now_s(), local_has_room, l))
		return SUBMIT_BUSY;
	if (list_is_empty(&l->idle) && !start_slot(l, &err))
		return answer_without_slot(l, job, &err, why);
	l->n_start_failures = 0;
	ls = list_entry(l->idle.next, struct local_slot, link);
	if (console_take(l->console, ls->slot, job->spec->rules, why) < 0)
		return SUBMIT_REFUSED;
	ls->job = job;
	list_remove(&ls->link);
	list_append(&l->busy, &ls->link);
	slot_run(ls->slot, job->spec, attempt, sched_job_env(job), &needs);
	sched_job_started(job, ls->where);
	return SUBMIT_ACCEPTED;
}

static void local_kill(struct backend *b, const struct job *job, enum kill_level level,
		       enum job_reason reason)
{
	struct local *l = local_of(b);

	list_for_each (it, &l->busy) {
		struct local_slot *ls = list_entry(it, struct local_slot, link);

		if (ls->job != job)
			continue;
		if (job->spec->rules->is_interactive || job->spec->rules->is_shown)
			console_hurry(l->console);
		slot_kill(ls->slot, level == KILL_NOW, reason);
	}
}

static bool local_measure(const struct backend *b, const struct job *job, struct job_load *ret)
{
	const struct local *l = container_of(b, const struct local, base);

	list_for_each (it, &l->busy) {
		const struct local_slot *ls = list_entry(it, struct local_slot, link);

		if (ls->job == job)
			return slot_measure(ls->slot, ret);
	}
	return false;
}

static void local_pause(struct backend *b, bool is_paused)
{
	struct local *l = local_of(b);

	l->is_paused = is_paused;
	if (!is_paused)
		sched_backend_capacity(b);
}

static void pause_slots(const struct list *slots, bool is_paused)
{
	list_for_each (it, slots)
		slot_pause(list_entry(it, struct local_slot, link)->slot, is_paused);
}

/* Jobs are continued only after dvsched has the terminal again. */
static void local_suspend(struct backend *b, bool is_suspended)
{
	struct local *l = local_of(b);

	if (!is_suspended)
		console_suspend(l->console, false);
	pause_slots(&l->busy, is_suspended);
	pause_slots(&l->idle, is_suspended);
	if (is_suspended)
		console_suspend(l->console, true);
}

static void local_set_parallel(struct backend *b, uint32_t n)
{
	b->max_parallel = n ? n : cpus_usable();
	sched_backend_capacity(b);
}

static void local_check(struct backend *b, const struct job_spec *spec, struct diags *diags)
{
	struct local *l = local_of(b);
	const struct job_rules *r = spec->rules;

	/* Jobs of one kind share their rules, which are checked once. */
	if (map_set_address(&l->checked, r, (void *)r))
		return;
	if (spec->is_request && !spec->request)
		diag_error(diags, spec->pos, "'%s' has no 'command' and no 'argv' to run here",
			   spec->id);
	for (uint32_t i = 0; i < r->n_backend_keys; i++) {
		const struct backend_key *k = &r->backend_keys[i];

		backend_check_foreign_key(k, local_name, diags);
		if (str_eq(k->backend, local_name))
			diag_error(diags, k->pos, "the local backend has no setting '%s'", k->key);
	}
}

static void local_close(struct backend *b, void (*closed)(void *ctx, const char *trouble),
			void *ctx)
{
	struct local *l = local_of(b);

	l->closed = closed;
	l->closed_ctx = ctx;
	list_for_each (it, &l->idle)
		slot_close(list_entry(it, struct local_slot, link)->slot);
	finish_closing(l);
}

static void hang_up_slots(struct list *slots)
{
	list_for_each (it, slots)
		slot_hang_up(list_entry(it, struct local_slot, link)->slot);
}

static void free_slots(struct list *slots)
{
	while (!list_is_empty(slots))
		free_slot(list_entry(slots->next, struct local_slot, link));
}

static void local_destroy(struct backend *b)
{
	struct local *l;

	if (!b)
		return;
	l = local_of(b);
	console_free(l->console);
	hang_up_slots(&l->busy); /* first all, so that they end at the same time */
	hang_up_slots(&l->idle);
	free_slots(&l->busy);
	free_slots(&l->idle);
	free_slots(&l->leaving);
	map_done(&l->checked);
	free(l);
}

static const struct backend_ops local_ops = {
	.name = local_name,
	.check = local_check,
	.submit = local_submit,
	.kill = local_kill,
	.measure = local_measure,
	.pause = local_pause,
	.suspend = local_suspend,
	.set_parallel = local_set_parallel,
	.close = local_close,
	.destroy = local_destroy,
};

static uint32_t read_parallel(struct cfg_fields *settings)
{
	return (uint32_t)cfg_fields_int(settings, "parallel", 1, 65535, 0);
}

static int check_name(const char *name, struct cfg_fields *settings)
{
	struct cfg *cfg = cfg_fields_cfg(settings);

	if (str_eq(name, local_name))
		return 0;
	diag_hint(cfg_error(cfg, cfg_fields_diags(settings), cfg_fields_object(settings),
			    "'%s' cannot be another local backend", name),
		  "there is only one local backend: 'local'");
	return -1;
}

void backend_local_check_settings(const char *name, struct cfg_fields *settings)
{
	check_name(name, settings);
	read_parallel(settings);
}

static uint32_t parallel_of(const struct backend_env *env)
{
	uint32_t n = env->settings ? read_parallel(env->settings) : 0;

	if (env->max_parallel)
		return env->max_parallel;
	return n ? n : cpus_usable();
}

/* Jobs that create processes themselves would fail when slots and other jobs have taken all: there
 * are as many slots as leave room for some. */
static void local_limit_slots(struct local *l)
{
	_cleanup_(freep) char *text = NULL;
	uint32_t n = l->base.max_parallel;
	uint32_t left = processes_left(n < UINT32_MAX / 8 ? n * PROCESSES_PER_JOB + CLERK_SHARE
							  : 0);

	if (left == UINT32_MAX)
		return;
	n = left > CLERK_SHARE + PROCESSES_PER_JOB ? (left - CLERK_SHARE) / PROCESSES_PER_JOB : 1;
	shortage_allow(&l->shortage, n, local_now_s());
	text = xasprintf("only %u job%s at a time: %u more processes may be created (limited by "
			 "ulimit -u, or by pids.max of a cgroup)",
			 n, n == 1 ? " runs" : "s run", left);
	if (l->warn)
		l->warn(text);
}

struct backend *backend_local_create(const struct backend_env *env, struct diags *diags)
{
	struct local *l;

	(void)diags; /* the settings have them, too */
	if (env->settings && env->name && check_name(env->name, env->settings) < 0)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	assert(env->loop && env->scratch_root);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* to inherit the processes of a dead slot */
	l->base = (struct backend){
		.ops = &local_ops,
		.caps = {.is_local = true, .is_interactive = true},
		.max_parallel = parallel_of(env),
	};
	l->loop = env->loop;
	l->slot = (struct slot_options){
		.scratch_root = env->scratch_root,
		.default_grace_s = env->grace_s,
		.job_nofile = env->job_nofile,
		.cgroup_dir = env->cgroup_dir,
		.family = &l->family,
	};
	l->warn = env->warn;
	l->console = console_new(env->loop, &env->terminal);
	list_init(&l->family);
	list_init(&l->idle);
	list_init(&l->busy);
	list_init(&l->leaving);
	shortage_init(&l->shortage);
	local_limit_slots(l);
	return &l->base;
}
