/* SPDX-License-Identifier: Apache-2.0 */
/* What has become of a job: the answers of the batch system, and the files of its runner. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/farm/farm_parts.h"
#include "base/mem.h"

/* Looks into the directory without a result until a job that is gone is lost. */
enum { LOOKS_MOST = 2 };
/* A shell exits with this and the number of the signal that ended its command. */
enum { SHELL_SIGNAL = 128 };
/* Until a cancel without effect is repeated; from KILL_NOW on, how long its end is waited for. */
static const double cancel_again_s = 10, give_up_s = 20;

static const char *submission_system(const struct submission *s)
{
	return s->farm->ops->system;
}

/* ---- its end ---- */

static void submission_add_details(const struct submission *s, struct str *to)
{
	double until_s = s->began_s > 0 ? s->began_s : farm_now_s(s->farm);
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_object(&out);
	if (s->node.len)
		jout_key_string(&out, "node", s->node.s);
	if (s->id)
		jout_key_string(&out, "batch_id", s->id);
	jout_key_real(&out, "queue_s", until_s - s->sent_s, 1);
	jout_object_end(&out);
	str_addn(to, out.buf.s, out.buf.len);
	jout_done(&out);
}

bool farm_ended_by_cancel(const struct job_result *r)
{
	if (r->status == JOB_KILLED || r->reason == REASON_SIGNAL)
		return true;
	return r->reason == REASON_EXIT && r->exit_status > SHELL_SIGNAL;
}

bool farm_ended_from_outside(const struct job_result *r)
{
	if (r->status == JOB_KILLED)
		return r->reason == REASON_USER;
	return (r->reason == REASON_SIGNAL && r->term_signal == SIGTERM) ||
	       (r->reason == REASON_EXIT && r->exit_status == SHELL_SIGNAL + SIGTERM);
}

static void submission_end(struct submission *s, const struct job_result *result)
{
	_cleanup_(str_done) struct str details = {0};
	const struct farm_owner_ops *ops = s->ops;
	struct job_result r = *result;
	void *owner = s->owner;

	if (s->is_killed && farm_ended_by_cancel(&r)) {
		r.status = JOB_KILLED;
		r.reason = s->kill_reason;
	}
	submission_add_details(s, &details);
	r.details = details.s;
	if (s->spec && s->node.len)
		farm_note_node(s->farm, s->node.s, &r);
	farm_forget(s->farm, s);
	ops->ended(owner, &r); /* it may close the farm */
}

static void submission_end_with(struct submission *s, enum job_reason reason, const char *message)
{
	submission_end(s, &(struct job_result){
				  .status = JOB_KILLED,
				  .reason = reason,
				  .message = message,
				  .exit_status = -1,
			  });
}

/* ---- the answer to its submission ---- */

static void submission_accept(struct submission *s, const char *id)
{
	free(s->id);
	s->id = xstrdup(id);
	s->state = SUBMISSION_IN_QUEUE;
	s->was_seen = true; /* a look that began before does not have it */
	s->doubted_look = s->farm->n_looks;
	s->seen_s = farm_now_s(s->farm);
	str_done(&s->order);
	if (s->is_killed)
		s->cancel_at_s = farm_now_s(s->farm);
}

void submission_answered(struct submission *s, enum farm_answer answer, const struct str *text)
{
	if (s->state != SUBMISSION_SENT)
		return;
	switch (answer) {
	case FARM_ACCEPTED:
		submission_accept(s, text->s);
		break;
	case FARM_REFUSED:
		submission_end_with(s, REASON_REFUSED, text->s);
		break;
	case FARM_UNKNOWN:
		s->farm->n_lost_answers++;
		s->state = SUBMISSION_DOUBTFUL;
		s->doubted_look = s->farm->n_looks;
		s->seen_s = farm_now_s(s->farm);
		break;
	}
}

/* ---- looks into the queue ---- */

void submission_look_begins(struct submission *s)
{
	s->was_seen = false;
}

/* "Slurm: it waits (Resources)", once per reason. */
static void submission_say_waits(struct submission *s, const char *why)
{
	struct farm *f = s->farm;
	_cleanup_(freep) char *text = NULL;
	const struct job *job;

	job = why && !map_has(&f->waits, why) ? s->ops->job(s->owner) : NULL;
	if (!job || farm_now_s(f) - s->sent_s < sched_waits_after_s(job->sched))
		return;
	map_set(&f->waits, arena_strdup(f->mem, why), f);
	text = xasprintf("%s: it waits in the queue (%s)", submission_system(s), why);
	sched_job_waits(job, text);
}

static void submission_is_over(struct submission *s, enum job_reason reason, const char *word)
{
	if (s->state != SUBMISSION_IN_QUEUE)
		return;
	s->state = SUBMISSION_GONE;
	s->reason = reason;
	s->n_looks_gone = 0;
	snprintf(s->word, sizeof(s->word), "%s", word);
	farm_hurry(s->farm);
}

/* It was sent twice because it seemed to be lost. The runner that begins first has the job, so
 * until then both are kept. */
static void submission_see_other(struct submission *s, const struct farm_sight *sight)
{
	if (sight->stage == FARM_OVER || s->other_id)
		return;
	s->other_id = xstrdup(sight->id);
	if (s->node.len)
		farm_cancel_stray(s->farm, s->other_id);
}

void submission_seen(struct submission *s, const struct farm_sight *sight)
{
	if (s->id && !str_eq(s->id, sight->id)) {
		submission_see_other(s, sight);
		return;
	}
	s->was_seen = true;
	s->seen_s = farm_now_s(s->farm);
	if (s->state == SUBMISSION_DOUBTFUL)
		submission_accept(s, sight->id);
	if (sight->stage == FARM_OVER)
		submission_is_over(s, sight->reason, sight->word);
	else if (sight->stage == FARM_WAITS && s->state == SUBMISSION_IN_QUEUE && !s->node.len)
		submission_say_waits(s, sight->why);
}

void submission_look_over(struct submission *s, uint64_t look)
{
	if (s->was_seen || look <= s->doubted_look ||
	    farm_now_s(s->farm) - s->seen_s < s->farm->options.unseen_s)
		return;
	if (s->state == SUBMISSION_IN_QUEUE)
		submission_is_over(s, REASON_LOST, "not in the queue any more");
	else if (s->state == SUBMISSION_DOUBTFUL && s->is_killed)
		submission_end_with(s, s->kill_reason, "it was never submitted");
	else if (s->state == SUBMISSION_DOUBTFUL)
		farm_send(s->farm, s);
}

/* ---- the files of its runner ---- */

/* Its runner says which submission it is, whatever the answers were. */
static void submission_take_id(struct submission *s, const char *id)
{
	char *before = s->id;

	if (!*id || (before && str_eq(before, id)))
		return;
	s->id = NULL;
	submission_accept(s, id);
	if (before)
		farm_cancel_stray(s->farm, before);
	free(before);
}

static void submission_begin(struct submission *s, const struct node_place *place)
{
	if (s->node.len)
		return;
	s->began_s = farm_now_s(s->farm);
	str_add_printable(&s->node, place->node, strlen(place->node));
	submission_take_id(s, place->batch_id);
	if (s->other_id && !str_eq(s->other_id, s->id))
		farm_cancel_stray(s->farm, s->other_id);
	s->ops->began(s->owner, s->node.s);
}

static bool submission_has_unclear_end(const struct submission *s, const struct job_result *r)
{
	return !s->is_killed && s->state != SUBMISSION_GONE && farm_ended_from_outside(r);
}

/* "Slurm ended it: PREEMPTED (job 12 on n1)" */
static void submission_explain(const struct submission *s, struct str *to)
{
	str_printf(to, "%s ended it: %s (job %s", submission_system(s), s->word,
		   s->id ? s->id : "unknown");
	if (s->node.len)
		str_printf(to, " on %s", s->node.s);
	str_addc(to, ')');
}

/* The runner's result, with the cause that the batch system gives for a signal. */
static void submission_deliver(struct submission *s, const struct job_result *result)
{
	_cleanup_(str_done) struct str message = {0};
	struct job_result r = *result;

	if (!s->is_killed && s->state == SUBMISSION_GONE && s->reason != REASON_LOST &&
	    farm_ended_from_outside(result)) {
		submission_explain(s, &message);
		r.status = JOB_KILLED;
		r.reason = s->reason;
		r.message = message.s;
	}
	submission_end(s, &r);
}

static void submission_take_result(struct submission *s, const struct node_news *news,
				   const char *bytes, size_t n)
{
	if (!submission_has_unclear_end(s, &news->outcome.result)) {
		submission_deliver(s, &news->outcome.result);
		return;
	}
	str_clear(&s->result);
	str_addn(&s->result, bytes, n);
}

void submission_news(struct submission *s, const char *bytes, size_t n, bool is_end)
{
	struct node_news news;

	if (!node_file_take_news(bytes, n, &news) || news.has_result != is_end) {
		if (is_end)
			submission_end_with(s, REASON_LOST, "the file with its result is damaged");
	} else {
		submission_begin(s, &news.place);
		if (is_end)
			submission_take_result(s, &news, bytes, n);
	}
	node_news_done(&news);
}

static void submission_deliver_kept(struct submission *s)
{
	_cleanup_(str_done) struct str bytes = s->result;
	struct node_news news;

	s->result = (struct str){0};
	if (node_file_take_news(bytes.s, bytes.len, &news))
		submission_deliver(s, &news.outcome.result);
	node_news_done(&news);
}

void submission_taken(struct submission *s)
{
	if (s->state != SUBMISSION_GONE)
		return;
	if (s->result.len) {
		submission_deliver_kept(s);
	} else if (s->is_killed) {
		submission_end_with(s, s->kill_reason, NULL);
	} else if (++s->n_looks_gone >= LOOKS_MOST) {
		s->state = SUBMISSION_ASKING;
		farm_ask_output(s->farm, s);
	}
}

void submission_output(struct submission *s, const char *text, size_t n)
{
	_cleanup_(str_done) struct str message = {0};

	if (s->state != SUBMISSION_ASKING)
		return;
	submission_explain(s, &message);
	if (s->spec)
		str_add(&message, ", and there is no result");
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (n > 0) {
		str_add(&message, "; it printed: ");
		str_add_printable(&message, text, n < 500 ? n : 500);
	} else if (!s->node.len) {
		str_printf(&message, "; does the node see %s?", s->farm->dir);
	}
	submission_end_with(s, s->reason, message.s);
}

/* ---- killed by the scheduler ---- */

void submission_kill(struct submission *s, bool is_now, enum job_reason reason)
{
	double now_s = farm_now_s(s->farm);

	if (!s->is_killed) {
		s->is_killed = true;
		s->kill_reason = reason;
		s->give_up_s = INFINITY;
	}
	s->cancel_at_s = now_s;
	if (is_now && !s->is_now) {
		s->is_now = true;
		s->give_up_s = now_s + give_up_s;
	}
	farm_hurry(s->farm);
}

static void submission_give_up(struct submission *s)
{
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text, "%s did not confirm its end; it may still be in the queue: %s",
		   submission_system(s), s->id ? s->id : s->key);
	submission_end_with(s, s->kill_reason, text.s);
}

bool submission_is_given_up(struct submission *s, double now_s)
{
	if (!s->is_killed || now_s < s->give_up_s)
		return false;
	submission_give_up(s);
	return true;
}

bool submission_wants_cancel(struct submission *s, double now_s)
{
	if (!s->is_killed || !s->id || now_s < s->cancel_at_s || s->state == SUBMISSION_GONE)
		return false;
	s->cancel_at_s = now_s + cancel_again_s;
	return true;
}
