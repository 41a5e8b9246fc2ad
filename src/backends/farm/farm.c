/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The farm's loop: which command runs when. Four agents, so that a submission, a look into the
 * queue, a cancel and a look into the directory never wait for each other. A timer decides about
 * looks: files of another machine are no events here.
 */
#include "backends/farm/farm.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/farm/farm_parts.h"
#include "base/mem.h"
#include "base/vec.h"

/* Pauses between two looks into the directory: short after something has happened. */
static const double pause_least_s = 0.05;
/* How long a command may take. */
static const double submit_limit_s = 120, look_limit_s = 60, cancel_limit_s = 60;
/* How long the batch system may not answer before users get a message. */
static const double silent_most_s = 30;
/* At the end: time for the agents. */
static const double close_s = 10;
/* Ids in one command that cancels. */
enum { CANCEL_MOST = 200 };

double farm_now_s(const struct farm *f)
{
	return clock_now(f->options.clock);
}

static struct submission *farm_find(const struct farm *f, const char *key, size_t n)
{
	return map_get_n(&f->by_key, key, n);
}

static struct submission *farm_find_number(const struct farm *f, uint32_t number)
{
	char key[16];
	int n = snprintf(key, sizeof(key), "%" PRIu32, number);

	return farm_find(f, key, (size_t)n);
}

static void farm_set_tick(struct farm *f, double after_s)
{
	ev_now_update(f->loop);
	ev_timer_stop(f->loop, &f->tick);
	ev_timer_set(&f->tick, after_s, 0);
	ev_timer_start(f->loop, &f->tick);
}

void farm_hurry(struct farm *f)
{
	f->pause_s = pause_least_s;
	if (!ev_is_active(&f->tick) || ev_timer_remaining(f->loop, &f->tick) > f->pause_s)
		farm_set_tick(f, f->pause_s);
}

/* ---- agents ---- */

static void farm_on_submitted(void *ctx, uint32_t number, const struct command_end *end)
{
	struct farm *f = ctx;
	struct submission *s = farm_find_number(f, number);
	_cleanup_(str_done) struct str text = {0};

	if (s)
		submission_answered(s, f->ops->submitted(f->ctx, end, &text), &text);
	farm_hurry(f);
}

static void farm_see_one(void *ctx, const struct farm_sight *sight)
{
	struct farm *f = ctx;
	size_t n = strlen(f->prefix);
	struct submission *s;

	if (strncmp(sight->name, f->prefix, n) != 0)
		return;
	s = farm_find(f, sight->name + n, strlen(sight->name + n));
	if (s)
		submission_seen(s, sight);
}

static void farm_note_silence(struct farm *f, const struct command_end *end)
{
	_cleanup_(str_done) struct str text = {0}, why = {0};

	f->n_unanswered_looks++;
	if (f->silent_s <= 0)
		f->silent_s = farm_now_s(f);
	if (f->is_silent || farm_now_s(f) - f->silent_s < silent_most_s)
		return;
	f->is_silent = true;
	command_explain(f->ops->system, end, &why);
	str_printf(&text,
		   "%s does not answer (%s). Its jobs go on, and so does this run as soon as it "
		   "answers again",
		   f->ops->system, why.s);
	if (f->options.warn)
		f->options.warn(text.s);
}

static void farm_on_looked(void *ctx, uint32_t number, const struct command_end *end)
{
	struct farm *f = ctx;

	(void)number;
	f->is_looking = false;
	f->look_due_s = farm_now_s(f) + f->options.look_s;
	list_for_each (it, &f->submissions)
		submission_look_begins(list_entry(it, struct submission, link));
	if (!f->ops->seen(f->ctx, end, farm_see_one, f)) {
		farm_note_silence(f, end);
		return;
	}
	f->silent_s = 0;
	f->is_silent = false;
	list_for_each (it, &f->submissions)
		submission_look_over(list_entry(it, struct submission, link), f->n_looks);
}

static void farm_on_cancelled(void *ctx, uint32_t number, const struct command_end *end)
{
	struct farm *f = ctx;

	(void)number;
	(void)end; /* what is still there is cancelled again */
	f->is_cancelling = false;
	f->look_due_s = 0;
	farm_hurry(f);
}

/* "17.ended" */
static void farm_on_file(void *ctx, const char *name, const char *bytes, size_t n)
{
	struct farm *f = ctx;
	const char *dot = strchr(name, '.');
	struct submission *s = dot ? farm_find(f, name, (size_t)(dot - name)) : NULL;

	f->pause_s = pause_least_s;
	if (s)
		submission_news(s, bytes, n, str_eq(dot, ".ended"));
}

static void farm_on_taken(void *ctx)
{
	struct farm *f = ctx;

	f->is_taking = false;
	list_for_each (it, &f->submissions)
		submission_taken(list_entry(it, struct submission, link));
}

static void farm_on_text(void *ctx, uint32_t number, const char *bytes, size_t n)
{
	struct submission *s = farm_find_number(ctx, number);

	if (s)
		submission_output(s, bytes, n);
}

static void farm_finish_closing(struct farm *f)
{
	void (*closed)(void *ctx, const char *trouble) = f->closed;

	if (!closed || f->agents.submit || f->agents.look || f->agents.cancel || f->agents.files)
		return;
	f->closed = NULL;
	closed(f->closed_ctx, NULL);
}

static void farm_drop_agent(struct farm *f, struct agent **a)
{
	agent_free(*a);
	*a = NULL;
	farm_finish_closing(f);
}

/* What it was asked to submit may have arrived. */
static void farm_on_submit_died(void *ctx)
{
	struct farm *f = ctx;

	list_for_each (it, &f->submissions)
		submission_answered(list_entry(it, struct submission, link), FARM_UNKNOWN, NULL);
	farm_drop_agent(f, &f->agents.submit);
}

static void farm_on_look_died(void *ctx)
{
	struct farm *f = ctx;

	f->is_looking = false;
	farm_drop_agent(f, &f->agents.look);
}

static void farm_on_cancel_died(void *ctx)
{
	struct farm *f = ctx;

	f->is_cancelling = false;
	farm_drop_agent(f, &f->agents.cancel);
}

static void farm_on_files_died(void *ctx)
{
	struct farm *f = ctx;

	f->is_taking = false;
	list_for_each (it, &f->submissions)
		submission_output(list_entry(it, struct submission, link), "", 0);
	farm_drop_agent(f, &f->agents.files);
}

static const struct agent_handler submit_handler = {.ran = farm_on_submitted,
						    .died = farm_on_submit_died};
static const struct agent_handler look_handler = {.ran = farm_on_looked, .died = farm_on_look_died};
static const struct agent_handler cancel_handler = {.ran = farm_on_cancelled,
						    .died = farm_on_cancel_died};
static const struct agent_handler files_handler = {
	.file = farm_on_file,
	.taken = farm_on_taken,
	.text = farm_on_text,
	.died = farm_on_files_died,
};

/* Starts the agent if necessary. NULL: it cannot be started now. */
static struct agent *farm_agent(struct farm *f, struct agent **a,
				const struct agent_handler *handler)
{
	struct error err = {0};

	if (!*a)
		*a = agent_new(f->loop, handler, f, &err);
	error_done(&err); /* a shortage: tried again at the next tick */
	return *a;
}

/* ---- commands ---- */

static char *farm_path(const struct farm *f, const char *part, const char *key)
{
	return xasprintf("%s/%s/%s", f->dir, part, key);
}

static char *farm_out_path(const struct farm *f, const struct submission *s)
{
	return xasprintf("%s/jobs/%s.out", f->dir, s->key);
}

static void farm_add_script(const char *const *runner, struct str *to)
{
	str_add(to, "#!/bin/sh\nexec");
	for (; *runner; runner++) {
		str_addc(to, ' ');
		str_add_shell_word(to, *runner);
	}
	str_addc(to, '\n');
}

void farm_send(struct farm *f, struct submission *s)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	_cleanup_(str_done) struct str script = {0};
	_cleanup_(freep) char *name = xasprintf("%s%s", f->prefix, s->key);
	_cleanup_(freep) char *path = farm_path(f, "jobs", s->key), *out = farm_out_path(f, s);
	const char *const runner[] = {f->options.program, "__runner", f->dir, s->key, NULL};
	struct command_words words = {.mem = mem};
	struct agent *a = farm_agent(f, &f->agents.submit, &submit_handler);

	s->state = SUBMISSION_DOUBTFUL; /* without an agent it is sent after the next look */
	s->doubted_look = f->n_looks;
	if (!a)
		return;
	s->state = SUBMISSION_SENT;
	farm_add_script(runner, &script);
	f->ops->submit(f->ctx,
		       &(struct farm_order){s->spec, name, out, runner, nodes_bad(&f->nodes)},
		       &words);
	agent_run(a, &(struct agent_command){
			     .number = s->number,
			     .limit_s = submit_limit_s,
			     .argv = words.at,
			     .input = script.s,
			     .path = path,
			     .content = s->order.s,
			     .n_content = s->order.len,
		     });
}

void farm_ask_output(struct farm *f, struct submission *s)
{
	_cleanup_(freep) char *path = farm_out_path(f, s);
	struct agent *a = farm_agent(f, &f->agents.files, &files_handler);

	if (a)
		agent_read(a, s->number, path);
	else
		submission_output(s, "", 0);
}

static void farm_look(struct farm *f)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct command_words words = {.mem = mem};
	struct agent *a = farm_agent(f, &f->agents.look, &look_handler);

	if (!a)
		return;
	f->is_looking = true;
	f->n_looks++;
	f->ops->look(f->ctx, f->prefix, &words);
	agent_run(a, &(struct agent_command){.limit_s = look_limit_s, .argv = words.at});
}

static void farm_take(struct farm *f)
{
	_cleanup_(freep) char *dir = xasprintf("%s/news", f->dir);
	struct agent *a = farm_agent(f, &f->agents.files, &files_handler);

	if (!a)
		return;
	f->is_taking = true;
	agent_take(a, dir);
}

void farm_cancel_stray(struct farm *f, const char *id)
{
	for (size_t i = 0; i < f->strays.n; i++)
		if (str_eq(f->strays.at[i], id))
			return;
	command_add(&f->strays, "%s", id);
	farm_hurry(f);
}

static void farm_run_cancel(struct farm *f, bool is_now, const char *const *ids)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct command_words words = {.mem = mem};
	struct agent *a = farm_agent(f, &f->agents.cancel, &cancel_handler);

	if (!a)
		return;
	f->is_cancelling = true;
	f->ops->cancel(f->ctx, is_now, ids, &words);
	agent_run(a, &(struct agent_command){.limit_s = cancel_limit_s, .argv = words.at});
}

/* Each once: a stray that stays in the queue finds no job when it begins. */
static void farm_cancel_strays(struct farm *f)
{
	if (f->is_cancelling || !f->strays.n)
		return;
	farm_run_cancel(f, false, f->strays.at);
	if (f->is_cancelling) /* else no agent can be started now */
		f->strays.n = 0;
}

/* Those that need the same command: with a grace, or without. */
static void farm_cancel(struct farm *f, bool is_now)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct command_words ids = {.mem = mem};
	double now_s = farm_now_s(f);

	if (f->is_cancelling)
		return;
	list_for_each (it, &f->submissions) {
		struct submission *s = list_entry(it, struct submission, link);

		if (ids.n < CANCEL_MOST && s->is_now == is_now && submission_wants_cancel(s, now_s))
			command_add(&ids, "%s", s->id);
	}
	if (ids.n)
		farm_run_cancel(f, is_now, ids.at);
}

static void on_farm_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct farm *f = w->data;

	(void)loop;
	(void)revents;
	list_for_each (it, &f->submissions)
		submission_is_given_up(list_entry(it, struct submission, link), farm_now_s(f));
	farm_cancel_strays(f);
	if (list_is_empty(&f->submissions))
		return;
	farm_cancel(f, true);
	farm_cancel(f, false);
	if (!f->is_looking && farm_now_s(f) >= f->look_due_s)
		farm_look(f);
	if (!f->is_taking)
		farm_take(f);
	f->pause_s = fmin(f->pause_s * 1.5, f->options.look_s);
	farm_set_tick(f, f->pause_s);
}

/* ---- submissions ---- */

void farm_forget(struct farm *f, struct submission *s)
{
	static const struct {
		const char *part, *end;
	} files[] = {{"jobs", ""}, {"jobs", ".out"}, {"news", ".began"}, {"news", ".ended"}};

	for (size_t i = 0; f->agents.files && i < ARRAY_LEN(files); i++) {
		_cleanup_(freep) char *path = xasprintf("%s/%s/%s%s", f->dir, files[i].part, s->key,
							files[i].end);

		agent_remove(f->agents.files, path);
	}
	map_remove(&f->by_key, s->key);
	map_set_address(&f->by_job, s->owner, NULL);
	list_remove(&s->link);
	f->n_submissions--;
	str_done(&s->order);
	str_done(&s->result);
	str_done(&s->node);
	if (s->other_id && !(s->id && str_eq(s->id, s->other_id)))
		farm_cancel_stray(f, s->other_id);
	free(s->other_id);
	free(s->id);
	free(s);
}

static struct submission *farm_add(struct farm *f, const struct farm_owner_ops *ops, void *owner)
{
	struct submission *s = xcalloc(1, sizeof(*s));

	s->farm = f;
	s->ops = ops;
	s->owner = owner;
	s->number = ++f->n_made;
	snprintf(s->key, sizeof(s->key), "%" PRIu32, s->number);
	s->sent_s = farm_now_s(f);
	s->cancel_at_s = s->give_up_s = INFINITY;
	node_file_put_site(&s->order, f->options.site);
	list_append(&f->submissions, &s->link);
	map_set(&f->by_key, s->key, s);
	map_set_address(&f->by_job, owner, s);
	f->n_submissions++;
	return s;
}

static void farm_job_began(void *owner, const char *node)
{
	const struct job *job = owner;
	_cleanup_(freep) char *where = xasprintf("%s/%s", job->backend->ops->name, node);

	sched_job_started(job, where);
}

static void farm_job_ended(void *owner, const struct job_result *result)
{
	sched_job_ended(owner, result);
}

static const struct job *farm_job_itself(void *owner)
{
	return owner;
}

static const struct farm_owner_ops farm_job_ops = {
	.began = farm_job_began,
	.ended = farm_job_ended,
	.job = farm_job_itself,
};

enum submit farm_submit(struct farm *f, const struct job *job, uint32_t attempt, struct error *why)
{
	const struct job_needs needs = sched_job_needs(job);
	const struct slot_options slot = {
		.scratch_root = f->options.scratch_root,
		.default_grace_s = f->options.grace_s,
		.job_nofile = f->options.job_nofile,
		.numa = -1,
	};
	struct submission *s;

	(void)why;
	assert(f->dir);
	if (f->n_submissions >= f->options.n_most)
		return SUBMIT_BUSY;
	s = farm_add(f, &farm_job_ops, (void *)job);
	s->spec = job->spec;
	node_file_put_job(&s->order, &slot, job->spec, attempt, sched_job_env(job), &needs);
	farm_send(f, s);
	farm_hurry(f);
	return SUBMIT_ACCEPTED;
}

struct submission *farm_add_other(struct farm *f, const struct farm_owner_ops *ops, void *owner,
				  struct str *content)
{
	struct submission *s = farm_add(f, ops, owner);

	str_addn(&s->order, content->s, content->len);
	str_done(content);
	farm_send(f, s);
	farm_hurry(f);
	return s;
}

void farm_note_node(struct farm *f, const char *node, const struct job_result *result)
{
	nodes_note(&f->nodes, node, result);
}

bool farm_node_is_bad(const struct farm *f, const char *node)
{
	return nodes_is_bad(&f->nodes, node);
}

void farm_look_soon(struct farm *f)
{
	f->look_due_s = 0;
	farm_hurry(f);
}

void farm_cancel_other(struct submission *s)
{
	submission_kill(s, false, REASON_USER);
}

const char *farm_key(const struct submission *s)
{
	return s->key;
}

void farm_kill(struct farm *f, const struct job *job, enum kill_level level, enum job_reason reason)
{
	struct submission *s = map_get_address(&f->by_job, job);

	if (s)
		submission_kill(s, level == KILL_NOW, reason);
}

/* ---- the farm ---- */

struct farm *farm_new(const struct farm_options *options, const struct farm_ops *ops, void *ctx)
{
	struct farm *f = xcalloc(1, sizeof(*f));

	f->mem = arena_new();
	f->strays.mem = f->mem;
	f->nodes = (struct nodes){.mem = f->mem, .warn = options->warn, .system = ops->system};
	f->ops = ops;
	f->ctx = ctx;
	f->options = *options;
	f->loop = options->loop;
	list_init(&f->submissions);
	ev_timer_init(&f->tick, on_farm_tick, 0, 0);
	f->tick.data = f;
	return f;
}

char *farm_prefix(const char *run_dir)
{
	const char *dash = strrchr(run_dir, '-');

	return xasprintf("dvs-%s-", dash ? dash + 1 : "run");
}

void farm_begin(struct farm *f, const char *run_dir)
{
	f->dir = xasprintf("%s/farm", run_dir);
	f->prefix = farm_prefix(run_dir);
}

void farm_close(struct farm *f, void (*closed)(void *ctx, const char *trouble), void *ctx)
{
	struct agent *last;

	f->closed = closed;
	f->closed_ctx = ctx;
	farm_cancel_strays(f);
	ev_timer_stop(f->loop, &f->tick);
	last = f->agents.files ? f->agents.files : f->agents.submit;
	if (last && list_is_empty(&f->submissions))
		agent_remove(last, f->dir);
	struct agent *const agents[] = {f->agents.submit, f->agents.look, f->agents.cancel,
					f->agents.files};
	for (size_t i = 0; i < ARRAY_LEN(agents); i++)
		if (agents[i])
			agent_close(agents[i], close_s);
	farm_finish_closing(f);
}

void farm_free(struct farm *f)
{
	if (!f)
		return;
	ev_timer_stop(f->loop, &f->tick);
	agent_free(f->agents.submit);
	agent_free(f->agents.look);
	agent_free(f->agents.cancel);
	f->agents.submit = f->agents.look = f->agents.cancel = NULL;
	agent_free(f->agents.files);
	f->agents.files = NULL;
	while (!list_is_empty(&f->submissions))
		farm_forget(f, list_entry(f->submissions.next, struct submission, link));
	ev_timer_stop(f->loop, &f->tick); /* a stray starts it */
	map_done(&f->by_key);
	map_done(&f->by_job);
	map_done(&f->waits);
	nodes_done(&f->nodes);
	free(f->dir);
	free(f->prefix);
	arena_free(f->mem);
	free(f);
}

void farm_tell(const struct farm *f, struct json_out *json)
{
	jout_key_int(json, "submitted", f->n_made);
	jout_key_int(json, "lost_answers", (int64_t)f->n_lost_answers);
	jout_key_int(json, "unanswered_looks", (int64_t)f->n_unanswered_looks);
	jout_key_strings(json, "bad_nodes", nodes_bad(&f->nodes));
}
