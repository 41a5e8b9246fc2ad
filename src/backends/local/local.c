/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local backend: slots, started when first needed. The slot that was used last is used first,
 * because its memory is still in the caches.
 */
#include <assert.h>
#include <ev.h>
#include <math.h>
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

/* How often the first slot is tried before a job is refused. */
enum { START_TRIES = 5 };
/* Processes of the run that are neither slots nor jobs and may come later. */
enum { CLERK_SHARE = 2 };

static const double PAUSE_LEAST_S = 0.05, PAUSE_MOST_S = 5;

static const char local_name[] = "local";

struct local_slot {
	struct list link; /* idle, busy */
	struct local *local;
	struct slot *slot;
	const struct job *job; /* NULL: idle */
	bool is_short;	       /* no process can be made for its job */
	bool is_taken_back;    /* its job was killed for that reason, to be started again */
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
	struct list family; /* all slots; see slot_options */
	struct console *console;
	void (*warn)(const char *text);
	uint32_t n_slots, n_leaving, n_made;
	unsigned n_start_failures; /* in a row, with no slot at all */
	/* After a job that its slot could not prepare for lack of descriptors or memory. */
	double pause_s, paused_until_s; /* 0: none */
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

/* A job that its slot could not start for lack of processes is tried again, and the attempt does
 * not count. */
static struct job_result result_if_taken_back(const struct local_slot *ls,
					      const struct job_result *result)
{
	struct job_result r = *result;

	if (!ls->is_taken_back || r.status != JOB_KILLED || r.reason != REASON_LAUNCH)
		return r;
	r.message = "its slot could not create a process";
	r.is_uncounted = true;
	return r;
}

static void local_pause_after(struct local *l, const struct job_result *result)
{
	if (!result->is_uncounted) {
		l->pause_s = l->paused_until_s = 0;
		return;
	}
	l->pause_s = l->pause_s > 0 ? fmin(2 * l->pause_s, PAUSE_MOST_S) : PAUSE_LEAST_S;
	l->paused_until_s = local_now_s() + l->pause_s;
}

static void on_local_ended(struct slot *slot, void *ctx, const struct job_result *result)
{
	struct local_slot *ls = ctx;
	struct local *l = ls->local;
	const struct job_result told = result_if_taken_back(ls, result);
	const struct job *job = ls->job;

	(void)slot;
	release_console(l, job);
	local_pause_after(l, result);
	ls->job = NULL;
	ls->is_short = ls->is_taken_back = false;
	list_remove(&ls->link);
	list_prepend(&l->idle, &ls->link);
	/* A slot that could not kill its job is closed: its next job would be lost with it. */
	if (result->reason == REASON_UNKILLABLE || shortage_must_shrink(&l->shortage, n_active(l)))
		send_away(ls);
	sched_job_ended(job, &told);
}

/* All slots wait for a process, so none of them will free one. */
static bool all_are_short(const struct local *l)
{
	list_for_each (it, &l->busy)
		if (!list_entry(it, struct local_slot, link)->is_short)
			return false;
	return true;
}

static void on_short(struct slot *slot, void *ctx, bool is_short)
{
	struct local_slot *ls = ctx;
	struct local *l = ls->local;

	ls->is_short = is_short;
	if (!is_short)
		return;
	if (shortage_seen(&l->shortage, n_active(l), local_now_s()) && l->warn)
		l->warn("cannot create a process for a job (limited by ulimit -u, or by pids.max "
			"of a cgroup, or by memory); fewer jobs run at a time until the shortage "
			"is over");
	if (!list_is_empty(&l->idle)) {
		send_away(list_entry(l->idle.next, struct local_slot, link));
	} else if (n_active(l) > 1 && l->n_leaving == 0 && all_are_short(l)) {
		ls->is_taken_back = true;
		slot_kill(slot, true, REASON_LAUNCH);
	}
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

static enum submit answer_without_slot(struct local *l, struct error *err, struct error *why)
{
	if (l->n_slots == 0 && ++l->n_start_failures >= START_TRIES) {
		*why = *err;
		return SUBMIT_REFUSED;
	}
	error_done(err); /* a shortage; running jobs will end it */
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

	if (l->is_paused || (l->paused_until_s > 0 && local_now_s() < l->paused_until_s) ||
	    (is_interactive && console_is_taken(l->console)))
		return SUBMIT_BUSY;
	if (list_is_empty(&l->idle) &&
	    !shortage_may_grow(&l->shortage, n_active(l), local_now_s(), local_has_room, l))
		return SUBMIT_BUSY;
	if (list_is_empty(&l->idle) && !start_slot(l, &err))
		return answer_without_slot(l, &err, why);
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
