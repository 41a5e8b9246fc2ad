/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/tally.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MESSAGE_BYTES 1000u /* kept of a failure's message */

void tally_init(struct tally *t, uint32_t n_jobs, double now)
{
	*t = (struct tally){.n_jobs = n_jobs, .started_s = now, .ended_s = NAN};
	list_init(&t->running);
	t->run_of = xcalloc(n_jobs ? n_jobs : 1, sizeof(*t->run_of));
	t->failures = xcalloc(TALLY_FAILURES, sizeof(*t->failures));
}

static void failure_done(struct tally_failure *f)
{
	free(f->id);
	free(f->message);
	free(f->log_path);
}

void tally_done(struct tally *t)
{
	for (uint32_t i = 0; t->run_of && i < t->n_jobs; i++)
		free(t->run_of[i]);
	for (uint32_t i = 0; t->failures && i < TALLY_FAILURES; i++)
		failure_done(&t->failures[i]);
	for (uint32_t i = 0; i < t->n_targets; i++)
		free(t->targets[i].name);
	free(t->run_of);
	free(t->failures);
	free(t->targets);
	*t = (struct tally){0};
}

/* Makes room for one more target. The room doubles, because a configuration may have a target per
 * job. Not vec.h, because lists must be initialised again after a move. */
static void tally_grow(struct tally *t)
{
	uint32_t n = t->n_targets;

	if (n & (n - 1))
		return;
	t->targets = xreallocarray(t->targets, n ? 2 * (size_t)n : 1, sizeof(*t->targets));
	for (uint32_t i = 0; i < n; i++)
		list_init(&t->targets[i].running); /* empty, but invalid after the move */
}

void tally_add_target(struct tally *t, const char *name, const uint32_t *n)
{
	struct tally_target *target;

	assert(list_is_empty(&t->running)); /* so the targets' own lists are empty, too */
	tally_grow(t);
	target = &t->targets[t->n_targets++];
	*target = (struct tally_target){.name = xstrdup(name), .started_s = NAN, .ended_s = NAN};
	for (int i = 0; i < JOB_STATUS_COUNT; i++) {
		target->n[i] = n[i];
		target->total += n[i];
		t->n[i] += n[i];
	}
	t->total += target->total;
	list_init(&target->running);
	t->version++;
}

/* Jobs start in the order of their times, so the place is nearly always at the end. */
static void running_insert(struct tally *t, struct tally_running *r)
{
	struct list *at = t->running.prev, *mine = &t->targets[r->target].running, *in = mine->prev;

	while (at != &t->running &&
	       list_entry(at, struct tally_running, link)->started_s > r->started_s)
		at = at->prev;
	while (in != mine &&
	       list_entry(in, struct tally_running, in_target)->started_s > r->started_s)
		in = in->prev;
	list_prepend(at, &r->link);
	list_prepend(in, &r->in_target);
}

static void running_drop(struct tally *t, uint32_t n)
{
	struct tally_running *r = t->run_of[n];

	if (!r)
		return;
	list_remove(&r->link);
	list_remove(&r->in_target);
	free(r);
	t->run_of[n] = NULL;
}

static void running_set(struct tally *t, const struct tally_job *job)
{
	struct tally_running *r = xmalloc(sizeof(*r));

	running_drop(t, job->n);
	*r = (struct tally_running){.id = job->id,
				    .where = job->where,
				    .started_s = job->started_s,
				    .n = job->n,
				    .target = job->target};
	t->run_of[job->n] = r;
	running_insert(t, r);
}

/* A job that was killed because of another job or by the user is no failure. */
static bool is_failure(const struct tally_job *job)
{
	enum job_class class = job_reason_class(job->reason);

	if (job->status == JOB_FAILED)
		return true;
	return job->status == JOB_KILLED && class != CLASS_DEPENDENCY && class != CLASS_USER;
}

/* Replaces tabs, which have no fixed width. */
static char *copy_line(const char *message)
{
	char *copy = xstrndup(message, strnlen(message, MESSAGE_BYTES));

	for (char *p = copy; *p; p++)
		if (*p == '\t')
			*p = ' ';
	return copy;
}

static void keep_failure(struct tally *t, const struct tally_job *job, double now)
{
	struct tally_failure *f = &t->failures[t->n_failures++ % TALLY_FAILURES];
	const char *message = job->message ? job->message : job_reason_name(job->reason);

	failure_done(f);
	*f = (struct tally_failure){
		.id = xstrdup(job->id),
		.message = copy_line(message),
		.log_path = job->log_path ? xstrdup(job->log_path) : NULL,
		.at_s = now - t->started_s,
		.status = job->status,
	};
}

static void target_times(struct tally_target *target, const struct tally_job *job, double now)
{
	if (isnan(target->started_s)) {
		if (job->status == JOB_RUNNING)
			target->started_s = job->started_s;
		else if (job_status_is_final(job->status))
			target->started_s = now; /* ended without having run */
	}
	if (isnan(target->ended_s) && tally_target_is_done(target))
		target->ended_s = now;
}

static bool count_end(struct tally *t, const struct tally_job *job, double now)
{
	t->n_flaky += job->is_flaky;
	if (is_failure(job)) {
		keep_failure(t, job, now);
		return true;
	}
	t->n_cancelled += job->status == JOB_KILLED;
	return false;
}

bool tally_change(struct tally *t, const struct tally_job *job, enum job_status was, double now)
{
	struct tally_target *target = &t->targets[job->target];

	target->n[was]--;
	target->n[job->status]++;
	t->n[was]--;
	t->n[job->status]++;
	if (job->status == JOB_RUNNING)
		running_set(t, job);
	else
		running_drop(t, job->n);
	target_times(target, job, now);
	target->version++;
	t->version++;
	return was != job->status && job_status_is_final(job->status) && count_end(t, job, now);
}

void tally_end(struct tally *t, double now)
{
	t->ended_s = now;
	t->version++;
	for (uint32_t i = 0; i < t->n_targets; i++)
		if (!isnan(t->targets[i].started_s) && isnan(t->targets[i].ended_s))
			t->targets[i].ended_s = now;
}

uint32_t tally_n_done(const uint32_t *n)
{
	uint32_t done = 0;

	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		if (job_status_is_final((enum job_status)i))
			done += n[i];
	return done;
}

unsigned tally_percent(uint32_t done, uint32_t total)
{
	return total ? (unsigned)((uint64_t)done * 100 / total) : 100;
}

double tally_elapsed(const struct tally *t, double now)
{
	return fmax(0, (isnan(t->ended_s) ? now : t->ended_s) - t->started_s);
}

bool tally_target_is_begun(const struct tally_target *t)
{
	return t->n[JOB_RUNNING] || tally_n_done(t->n) || !isnan(t->started_s);
}

bool tally_target_is_done(const struct tally_target *t)
{
	return tally_n_done(t->n) == t->total;
}

bool tally_target_is_at_work(const struct tally_target *t)
{
	return t->n[JOB_RUNNING] + t->n[JOB_QUEUED] > 0;
}

double tally_target_elapsed(const struct tally_target *t, double now)
{
	if (isnan(t->started_s))
		return 0;
	return fmax(0, (isnan(t->ended_s) ? now : t->ended_s) - t->started_s);
}

const struct tally_running *tally_target_longest(const struct tally_target *t)
{
	return list_is_empty(&t->running)
		       ? NULL
		       : list_entry(t->running.next, struct tally_running, in_target);
}

unsigned tally_digits(const struct tally *t, bool with_sum)
{
	uint32_t most = with_sum ? t->total : 0;
	unsigned digits = 1;

	for (uint32_t i = 0; i < t->n_targets; i++)
		if (t->targets[i].total > most)
			most = t->targets[i].total;
	for (; most >= 10; most /= 10)
		digits++;
	return digits;
}

uint64_t tally_first_failure(const struct tally *t)
{
	return t->n_failures > TALLY_FAILURES ? t->n_failures - TALLY_FAILURES : 0;
}

const struct tally_failure *tally_failure(const struct tally *t, uint64_t i)
{
	assert(i < t->n_failures && i >= tally_first_failure(t));
	return &t->failures[i % TALLY_FAILURES];
}
