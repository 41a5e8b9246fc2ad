/* SPDX-License-Identifier: Apache-2.0 */
/* Retries of a job, after a pause that doubles each time. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "scheduler/state.h"

static const double PAUSE_LONGEST_S = 600;

/* The most attempts of a job that do not count. With more, something is wrong with all machines. */
enum { MOST_UNCOUNTED = 16 };

struct retry {
	struct heap_node node;
	double at_s;
	struct job *job;
};

static bool retry_less(const struct heap_node *a, const struct heap_node *b, void *ctx)
{
	const struct retry *x = container_of(a, struct retry, node);
	const struct retry *y = container_of(b, struct retry, node);

	(void)ctx;
	return x->at_s != y->at_s ? x->at_s < y->at_s : x->job->n < y->job->n;
}

static bool is_wanted(const struct retry_rules *rules, enum job_reason reason)
{
	enum job_class class = job_reason_class(reason);

	if (reason == REASON_NO_DEVICE) /* its backend has waited for devices already */
		return false;
	if (reason == REASON_BREAKS_DEVICES) /* it would fail on the next device as well */
		return false;
	switch (rules->on) {
	case RETRY_INFRA:
		return class == CLASS_INFRA;
	case RETRY_JOB:
		return class == CLASS_JOB;
	case RETRY_TIMEOUT:
		return reason == REASON_TIMEOUT;
	case RETRY_ANY:
		break;
	}
	return class == CLASS_JOB || class == CLASS_INFRA;
}

bool retry_excuse(struct job *job, const struct job_result *result)
{
	if (!result->is_uncounted || job->n_uncounted >= MOST_UNCOUNTED)
		return false;
	job->n_uncounted++;
	return true;
}

bool retry_is_due(const struct job *job, const struct job_result *result, bool is_excused)
{
	const struct retry_rules *rules = &job->spec->rules->retry;

	if (result->status == JOB_PASSED || job->sched->stop_level >= 0)
		return false;
	if (is_excused)
		return true;
	return retry_n_counted(job) <= rules->max && is_wanted(rules, result->reason);
}

uint32_t retry_n_counted(const struct job *job)
{
	return job->n_attempts - job->n_uncounted - job->n_own;
}

static double pause_after(const struct job *job)
{
	double pause_s = job->spec->rules->retry.backoff_s;

	for (uint32_t i = 1; i < job->n_attempts && pause_s < PAUSE_LONGEST_S; i++)
		pause_s *= 2;
	return fmin(pause_s, PAUSE_LONGEST_S);
}

void retry_later(struct job *job)
{
	struct sched *s = job->sched;
	double pause_s = pause_after(job);
	struct retry *r;

	if (pause_s <= 0) {
		ready_push(job);
		return;
	}
	if (!s->retries.less)
		heap_init(&s->retries, retry_less, NULL);
	r = xcalloc(1, sizeof(*r));
	r->at_s = clock_now(s->host->clock) + pause_s;
	r->job = job;
	heap_node_init(&r->node);
	heap_push(&s->retries, &r->node);
}

/* A job that was killed during its pause is still in the heap and is skipped. */
bool retries_fire(struct sched *s, double now_s)
{
	bool has_fired = false;
	struct heap_node *top;

	while ((top = heap_top(&s->retries)) != NULL) {
		struct retry *r = container_of(top, struct retry, node);

		if (r->at_s > now_s)
			break;
		heap_pop(&s->retries);
		if (!job_is_final(r->job)) {
			ready_push(r->job);
			has_fired = true;
		}
		free(r);
	}
	return has_fired;
}

double retries_alarm(const struct sched *s)
{
	const struct heap_node *top = heap_top(&s->retries);

	return top ? container_of(top, struct retry, node)->at_s : INFINITY;
}

void retries_done(struct sched *s)
{
	struct heap_node *top;

	while ((top = heap_pop(&s->retries)) != NULL)
		free(container_of(top, struct retry, node));
	heap_done(&s->retries);
}
