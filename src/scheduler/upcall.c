/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upcalls of backends. They only append to a queue and wake the host; the next turn processes them.
 * So a backend may call from anywhere.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scheduler/state.h"

static struct upcall *upcall_append(struct upcall_queue *q)
{
	if (q->n == q->size) { /* a ring, hence not vec.h */
		size_t size = q->size ? q->size * 2 : 64, n_front;

		q->at = xreallocarray(q->at, size, sizeof(*q->at));
		/* Moves the part that had wrapped around behind the old end. */
		n_front = q->first + q->n - q->size;
		if (q->n)
			memcpy(q->at + q->size, q->at, n_front * sizeof(*q->at));
		q->size = size;
	}
	return &q->at[(q->first + q->n++) & (q->size - 1)];
}

/* Returns a copy of where. Many attempts have the same place, so each text is stored once. */
static const char *upcall_place(struct sched *s, const char *where)
{
	char *known;

	if (!where)
		return NULL;
	known = map_get(&s->places, where);
	if (!known) {
		known = arena_strdup(s->mem, where);
		map_set(&s->places, known, known);
	}
	return known;
}

void sched_job_started(const struct job *job, const char *where)
{
	struct sched *s = job->sched;
	struct job *own = job_at(s, job->n);

	assert((own->flags & (FLAG_SUBMITTED | FLAG_STARTED | FLAG_ENDED)) == FLAG_SUBMITTED);
	own->flags |= FLAG_STARTED;
	*upcall_append(&s->upcalls) = (struct upcall){
		.what = UPCALL_START, .job = own, .text = upcall_place(s, where)};
	s->host->wake(s->host);
}

void sched_job_ended(const struct job *job, const struct job_result *result)
{
	struct sched *s = job->sched;
	struct job *own = job_at(s, job->n);
	struct job_result *kept;

	assert((own->flags & (FLAG_SUBMITTED | FLAG_ENDED)) == FLAG_SUBMITTED);
	assert(job_status_is_final(result->status));
	assert((own->flags & FLAG_STARTED) || result->status == JOB_KILLED);
	own->flags |= FLAG_ENDED;
	kept = xmalloc(sizeof(*kept));
	job_result_copy(kept, result, s->mem);
	*upcall_append(&s->upcalls) = (struct upcall){
		.what = UPCALL_END, .job = own, .result = kept};
	s->host->wake(s->host);
}

void sched_job_waits(const struct job *job, const char *what)
{
	struct sched *s = job->sched;

	*upcall_append(&s->upcalls) = (struct upcall){.what = UPCALL_WAITS,
						      .job = job_at(s, job->n),
						      .text = arena_strdup_or_null(s->mem, what)};
	s->host->wake(s->host);
}

void sched_backend_capacity(struct backend *b)
{
	lane_set_free(b->lane);
	b->sched->host->wake(b->sched->host);
}

static void upcall_start_attempt(struct job *job, const struct upcall *u)
{
	struct sched *s = job->sched;
	struct job_attempt *a = job_add_attempt(job, u->text);

	job->started_s = clock_now(s->host->clock);
	a->start_wall_s = clock_wall(s->host->clock);
	job_set_status(job, JOB_RUNNING, REASON_NONE, NULL);
}

/* The job goes back to the queue for another attempt, and observers are called. */
static void upcall_requeue(struct job *job, enum job_reason reason, const char *message)
{
	if (job_status(job) == JOB_RUNNING) {
		job_set_status(job, JOB_QUEUED, reason, message);
		return;
	}
	job->reason = (uint8_t)reason;
	job->message = message;
	emit_job_changed(job->sched, job, JOB_QUEUED);
}

static void try_again(struct job *job, const struct job_result *result)
{
	struct sched *s = job->sched;
	const char *why = result->message ? result->message : job_reason_name(result->reason);
	const char *message;

	if (result->is_uncounted)
		message = arena_printf(
			s->mem, "attempt %u ended (%s); trying again, the attempt does not count",
			job->n_attempts, why);
	else
		message = arena_printf(s->mem, "attempt %u of %u ended (%s); trying again",
				       retry_n_counted(job), job->spec->rules->retry.max + 1, why);
	upcall_requeue(job, result->reason, message);
	retry_later(job);
}

static void upcall_end_attempt(struct job *job, const struct job_result *result)
{
	struct job_attempt *a = job->attempts;
	const char *message;
	bool is_excused;

	if (!(job->flags & FLAG_STARTED))
		a = job_add_attempt(job, NULL);
	job_attempt_end(a, job->sched->mem, result);
	job->marks = (uint8_t)(result->marks & MARK_LEAKY);
	job->flags &= (uint8_t) ~(FLAG_SUBMITTED | FLAG_STARTED | FLAG_ENDED | FLAG_KILL_SENT);
	lane_set_free(job->backend->lane);
	ready_give(job);
	is_excused = retry_excuse(job, result);
	if (retry_is_due(job, result, is_excused)) {
		try_again(job, result);
	} else if (fallback_go_on(job, result, &message)) {
		upcall_requeue(job, result->reason, message);
		ready_push(job);
	} else {
		fallback_settle(job, result);
	}
}

static void upcall_show_wait(struct job *job, const struct upcall *u)
{
	if (job_status(job) == JOB_QUEUED)
		emit_job_waits(job->sched, job, u->text);
}

bool upcalls_drain(struct sched *s)
{
	struct upcall_queue *q = &s->upcalls;
	bool has_any = q->n > 0;

	while (q->n) {
		struct upcall u = q->at[q->first];

		q->first = (q->first + 1) & (q->size - 1);
		q->n--;
		if (u.what == UPCALL_END) {
			upcall_end_attempt(u.job, u.result);
			free(u.result);
		} else if (u.what == UPCALL_START) {
			upcall_start_attempt(u.job, &u);
		} else {
			upcall_show_wait(u.job, &u);
		}
		settle_all(s);
		stop_at_max_failures(s);
		stop_apply(s);
	}
	return has_any;
}

void upcalls_done(struct sched *s)
{
	struct upcall_queue *q = &s->upcalls;

	for (size_t i = 0; i < q->n; i++) {
		struct upcall *u = &q->at[(q->first + i) & (q->size - 1)];

		if (u->what == UPCALL_END)
			free(u->result);
	}
	free(q->at);
	map_done(&s->places);
}
