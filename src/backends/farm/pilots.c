/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/pilots.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "backends/farm/farm_parts.h"
#include "backends/farm/remote.h"
#include "base/mem.h"
#include "base/vec.h"
#include "exec/slot_wire.h"

/* Pilots in a row that never connected, until the waiting jobs are given up. */
enum { FAILURES_MOST = 3 };
static const double pilots_tick_s = 0.5, kill_patience_s = 8, lost_patience_s = 5,
		    pilots_close_s = 30;

/* ---- jobs ---- */

static double pilots_now_s(const struct pilots *p)
{
	return clock_now(p->farm_options.clock);
}

static void pilot_job_free(struct pilots *p, struct pilot_job *pj)
{
	map_set_address(&p->by_job, pj->job, NULL);
	list_remove(&pj->at);
	p->n_jobs--;
	str_done(&pj->needs);
	str_done(&pj->node);
	str_done(&pj->details);
	arena_free(pj->doubt_mem);
	free(pj);
}

void pilots_end_job(struct pilots *p, struct pilot_job *pj, const struct job_result *result)
{
	struct job_result r = *result;

	if (pj->is_killed && farm_ended_by_cancel(&r)) {
		r.status = JOB_KILLED;
		r.reason = pj->kill_reason;
	}
	if (!r.details && pj->details.len)
		r.details = pj->details.s;
	if (pj->node.len)
		farm_note_node(p->options.farm, pj->node.s, &r);
	sched_job_ended(pj->job, &r); /* copies the result */
	pilot_job_free(p, pj);
}

void pilots_end_lost(struct pilots *p, struct pilot_job *pj, enum job_reason reason,
		     const char *message)
{
	pilots_end_job(p, pj,
		       &(struct job_result){
			       .status = JOB_KILLED,
			       .reason = reason,
			       .message = message,
			       .exit_status = -1,
		       });
}

static bool pilots_run_instead(struct pilots *p, struct pilot_job *pj)
{
	if (pj->is_killed || !p->options.instead ||
	    !p->options.instead(p->options.instead_ctx, pj->job, pj->attempt))
		return false;
	pilot_job_free(p, pj);
	return true;
}

/* Those whose mode the user chose end; the others get a submission of their own. */
static void pilots_end_waiting(struct pilots *p, enum job_reason reason, const char *message)
{
	bool are_rescued = false;

	while (!list_is_empty(&p->waiting)) {
		struct pilot_job *pj = list_entry(p->waiting.next, struct pilot_job, at);

		if (pilots_run_instead(p, pj))
			are_rescued = true;
		else
			pilots_end_lost(p, pj, reason, message);
	}
	if (are_rescued && p->farm_options.warn)
		p->farm_options.warn("no pilot can connect to dvsched, so each job is submitted by "
				     "itself; `mode: \"job\"` does so at once");
}

static void pilots_ask_why(struct allocation *a, struct pilot_job *pj)
{
	struct pilots *p = a->pilots;

	pj->lost_s = pilots_now_s(p);
	list_remove(&pj->at);
	list_append(&a->lost, &pj->at);
	farm_look_soon(p->options.farm);
}

void pilots_lose_job(struct allocation *a, struct pilot_job *pj)
{
	struct pilots *p = a->pilots;

	if (pj->is_killed || a->is_leaving || p->over)
		pilots_end_lost(p, pj, REASON_LOST, "the connection to its slot ended");
	else
		pilots_ask_why(a, pj);
}

void pilots_doubt_job(struct allocation *a, struct pilot_job *pj, const struct job_result *result)
{
	if (pj->is_killed || a->is_leaving || a->pilots->over) {
		pilots_end_job(a->pilots, pj, result);
		return;
	}
	pj->doubt_mem = arena_new();
	job_result_copy(&pj->doubtful, result, pj->doubt_mem);
	pilots_ask_why(a, pj);
}

/* result: that of its allocation; NULL: that goes on. */
static void pilots_end_one_lost(struct pilots *p, struct pilot_job *pj,
				const struct job_result *result)
{
	bool is_explained = result && result->reason != REASON_LOST;

	if (pj->doubt_mem && !is_explained) {
		pilots_end_job(p, pj, &pj->doubtful);
		return;
	}
	pilots_end_lost(p, pj, is_explained ? result->reason : REASON_LOST,
			is_explained ? result->message : "the connection to its slot ended");
}

/* ---- pilots ---- */

static void pilots_add_hosts(struct pilots *p, bool is_loopback)
{
	struct ifaddrs *all = NULL;
	char text[INET_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;

		if (!in || in->sin_family != AF_INET ||
		    (ntohl(in->sin_addr.s_addr) >> 24 == 127) != is_loopback ||
		    !inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)))
			continue;
		vec_push_in(p->mem, &p->hosts, arena_strdup(p->mem, text));
	}
	freeifaddrs(all);
}

static void pilots_find_hosts(struct pilots *p)
{
	char name[256] = "";

	if (p->options.host) {
		vec_push_in(p->mem, &p->hosts, p->options.host);
	} else {
		pilots_add_hosts(p, false);
		if (gethostname(name, sizeof(name) - 1) == 0)
			vec_push_in(p->mem, &p->hosts, arena_strdup(p->mem, name));
		pilots_add_hosts(p, true); /* all on one machine */
	}
	vec_push_in(p->mem, &p->hosts, NULL);
}

static unsigned pilots_count(const struct pilots *p)
{
	unsigned n = 0;

	list_for_each (it, &p->allocations)
		n += !list_entry(it, struct allocation, at)->is_leaving;
	return n;
}

static void allocation_begin(void *owner, const char *node)
{
	(void)owner;
	(void)node;
}

/* The job whose waiting is reported. */
static const struct job *allocation_job(void *owner)
{
	const struct pilots *p = ((struct allocation *)owner)->pilots;

	return list_is_empty(&p->waiting) ? NULL
					  : list_entry(p->waiting.next, struct pilot_job, at)->job;
}

static void pilots_check_over(struct pilots *p)
{
	void (*over)(void *ctx) = p->over;

	if (!over || !list_is_empty(&p->allocations))
		return;
	p->over = NULL;
	over(p->over_ctx);
}

static void pilots_balance(struct pilots *p);

static void allocation_end(void *owner, const struct job_result *result)
{
	struct allocation *a = owner;
	struct pilots *p = a->pilots;

	while (!list_is_empty(&a->remotes))
		remote_lose(list_entry(a->remotes.next, struct remote, at));
	while (!list_is_empty(&a->lost))
		pilots_end_one_lost(p, list_entry(a->lost.next, struct pilot_job, at), result);
	if (!a->was_connected && !a->is_leaving)
		p->n_failures++;
	list_remove(&a->at);
	free(a);
	if (pilots_count(p) == 0 &&
	    (p->n_failures >= FAILURES_MOST || result->reason == REASON_REFUSED)) {
		pilots_end_waiting(p, result->reason, result->message);
		p->n_failures = 0;
	}
	pilots_balance(p);
	pilots_check_over(p);
}

static const struct farm_owner_ops allocation_ops = {
	.began = allocation_begin,
	.ended = allocation_end,
	.job = allocation_job,
};

static void pilots_start(struct pilots *p)
{
	struct allocation *a = xcalloc(1, sizeof(*a));
	struct str order = {0};

	a->pilots = p;
	list_init(&a->remotes);
	list_init(&a->lost);
	list_append(&p->allocations, &a->at);
	pilot_put_order(&order, &(struct pilot_order){
					.n_slots = p->options.n_slots,
					.port = post_port(p->post),
					.hosts = p->hosts.at,
					.secret = post_secret(p->post),
				});
	a->idle_s = pilots_now_s(p);
	a->submission = farm_add_other(p->options.farm, &allocation_ops, a, &order);
}

/* As many as the jobs need, at most n_most. */
static void pilots_balance(struct pilots *p)
{
	uint32_t wanted = (p->n_jobs + p->options.n_slots - 1) / p->options.n_slots;

	if (p->over || list_is_empty(&p->waiting))
		return;
	if (wanted > p->options.n_most)
		wanted = p->options.n_most;
	while (pilots_count(p) < wanted)
		pilots_start(p);
}

static void allocation_leave(struct allocation *a)
{
	a->is_leaving = true;
	if (list_is_empty(&a->remotes))
		farm_cancel_other(a->submission);
	while (!list_is_empty(&a->remotes))
		remote_drop(list_entry(a->remotes.next, struct remote, at));
}

/* ---- running ---- */

static void pilots_dispatch(struct pilots *p)
{
	while (!list_is_empty(&p->waiting) && !list_is_empty(&p->idle)) {
		struct remote *r = list_entry(p->idle.next, struct remote, free);
		struct pilot_job *pj = list_entry(p->waiting.next, struct pilot_job, at);

		list_remove(&r->free);
		list_remove(&pj->at);
		list_append(&p->running, &pj->at);
		r->allocation->n_busy++;
		remote_run(r, pj);
	}
}

/* Its node gets no more jobs. The allocation ends when the running ones have ended. */
static void allocation_avoid(struct allocation *a)
{
	a->is_avoided = true;
	list_for_each (it, &a->remotes)
		list_remove(&list_entry(it, struct remote, at)->free);
}

void pilots_remote_is_idle(struct pilots *p, struct remote *r)
{
	struct allocation *a = r->allocation;

	if (--a->n_busy == 0)
		a->idle_s = pilots_now_s(p);
	list_prepend(&p->idle, &r->free);
	if (farm_node_is_bad(p->options.farm, r->node.s))
		allocation_avoid(a);
	pilots_dispatch(p);
}

static struct allocation *pilots_find(const struct pilots *p, const char *key)
{
	list_for_each (it, &p->allocations) {
		struct allocation *a = list_entry(it, struct allocation, at);

		if (!a->is_leaving && str_eq(farm_key(a->submission), key))
			return a;
	}
	return NULL;
}

static void pilots_on_arrived(void *ctx, int fd, const struct pilot_hello *hello)
{
	struct pilots *p = ctx;
	struct allocation *a = pilots_find(p, hello->key);
	struct remote *r;

	if (!a || p->over || fd < 0) {
		closep(&fd);
		return;
	}
	a->was_connected = true;
	p->n_failures = 0;
	r = remote_new(a, fd, hello);
	list_append(&p->idle, &r->free);
	if (farm_node_is_bad(p->options.farm, r->node.s))
		allocation_avoid(a);
	pilots_dispatch(p);
}

static void pilots_on_refused(void *ctx)
{
	struct pilots *p = ctx;

	if (p->farm_options.warn)
		p->farm_options.warn("a pilot has another version of dvsched, and was refused");
}

static const struct post_handler pilots_post = {.arrived = pilots_on_arrived,
						.refused = pilots_on_refused};

/* ---- time ---- */

static bool allocation_is_on_bad_node(const struct allocation *a)
{
	list_for_each (it, &a->remotes)
		if (farm_node_is_bad(a->pilots->options.farm,
				     list_entry(it, struct remote, at)->node.s))
			return true;
	return false;
}

static void pilots_check_patience(struct pilots *p, double now_s)
{
	list_for_each (it, &p->running) {
		struct pilot_job *pj = list_entry(it, struct pilot_job, at);

		if (pj->is_killed && now_s >= pj->give_up_s)
			remote_drop(pj->remote);
	}
}

/* The allocation goes on, so only a connection was lost. */
static void pilots_check_lost(struct pilots *p, struct allocation *a, double now_s)
{
	double most_s = lost_patience_s + 2 * p->farm_options.look_s;

	list_for_each (it, &a->lost) {
		struct pilot_job *pj = list_entry(it, struct pilot_job, at);

		if (now_s >= pj->lost_s + most_s)
			pilots_end_one_lost(p, pj, NULL);
	}
}

static void on_pilots_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct pilots *p = w->data;
	double now_s = pilots_now_s(p);

	(void)loop;
	(void)revents;
	pilots_check_patience(p, now_s);
	list_for_each (it, &p->allocations) {
		struct allocation *a = list_entry(it, struct allocation, at);

		pilots_check_lost(p, a, now_s);
		if (!a->is_avoided && allocation_is_on_bad_node(a))
			allocation_avoid(a);
		if (!a->is_leaving && a->n_busy == 0 && list_is_empty(&a->lost) &&
		    (a->is_avoided ||
		     (list_is_empty(&p->waiting) && now_s >= a->idle_s + p->options.idle_s)))
			allocation_leave(a);
	}
	pilots_balance(p);
	if (p->over && now_s >= p->close_by_s) {
		void (*over)(void *ctx) = p->over;

		p->over = NULL;
		over(p->over_ctx);
	}
}

/* ---- verbs ---- */

static int pilots_open(struct pilots *p, struct error *why)
{
	if (p->post)
		return 0;
	p->post = post_new(p->farm_options.loop, &pilots_post, p, why);
	if (!p->post)
		return -1;
	pilots_find_hosts(p);
	ev_timer_start(p->farm_options.loop, &p->tick);
	return 0;
}

enum submit pilots_submit(struct pilots *p, const struct job *job, uint32_t attempt,
			  struct error *why)
{
	const struct job_needs needs = sched_job_needs(job);
	struct pilot_job *pj;

	if (p->n_jobs >= p->farm_options.n_most)
		return SUBMIT_BUSY;
	if (pilots_open(p, why) < 0)
		return SUBMIT_REFUSED;
	pj = xcalloc(1, sizeof(*pj));
	pj->job = job;
	pj->attempt = attempt;
	pj->queued_s = pilots_now_s(p);
	slot_put_needs(&pj->needs, &needs);
	list_append(&p->waiting, &pj->at);
	map_set_address(&p->by_job, job, pj);
	p->n_jobs++;
	pilots_dispatch(p);
	pilots_balance(p);
	return SUBMIT_ACCEPTED;
}

void pilots_kill(struct pilots *p, const struct job *job, enum kill_level level,
		 enum job_reason reason)
{
	struct pilot_job *pj = map_get_address(&p->by_job, job);
	double grace_s = job->spec->rules->grace_s;

	if (!pj)
		return;
	if (!pj->remote) {
		pilots_end_lost(p, pj, reason, NULL);
		return;
	}
	if (!pj->is_killed)
		pj->kill_reason = reason;
	pj->is_killed = true;
	remote_kill(pj->remote, level == KILL_NOW, reason);
	if (grace_s < 0)
		grace_s = p->farm_options.grace_s;
	pj->give_up_s = pilots_now_s(p) + (level == KILL_NOW ? 0 : grace_s) + kill_patience_s;
}

struct pilots *pilots_new(const struct farm_options *farm, const struct pilots_options *options)
{
	struct pilots *p = xcalloc(1, sizeof(*p));

	p->mem = arena_new();
	p->farm_options = *farm;
	p->options = *options;
	list_init(&p->waiting);
	list_init(&p->running);
	list_init(&p->idle);
	list_init(&p->allocations);
	ev_timer_init(&p->tick, on_pilots_tick, pilots_tick_s, pilots_tick_s);
	p->tick.data = p;
	return p;
}

void pilots_close(struct pilots *p, void (*over)(void *ctx), void *ctx)
{
	p->over = over;
	p->over_ctx = ctx;
	p->close_by_s = pilots_now_s(p) + pilots_close_s;
	list_for_each (it, &p->allocations) {
		struct allocation *a = list_entry(it, struct allocation, at);

		allocation_leave(a);
		farm_cancel_other(a->submission);
	}
	pilots_check_over(p);
}

void pilots_free(struct pilots *p)
{
	if (!p)
		return;
	ev_timer_stop(p->farm_options.loop, &p->tick);
	list_for_each (it, &p->allocations) {
		struct allocation *a = list_entry(it, struct allocation, at);

		while (!list_is_empty(&a->remotes))
			remote_free(list_entry(a->remotes.next, struct remote, at));
		while (!list_is_empty(&a->lost))
			pilot_job_free(p, list_entry(a->lost.next, struct pilot_job, at));
		list_remove(&a->at);
		free(a);
	}
	while (!list_is_empty(&p->running))
		pilot_job_free(p, list_entry(p->running.next, struct pilot_job, at));
	while (!list_is_empty(&p->waiting))
		pilot_job_free(p, list_entry(p->waiting.next, struct pilot_job, at));
	post_free(p->post);
	map_done(&p->by_job);
	arena_free(p->mem);
	free(p);
}

void pilots_tell(const struct pilots *p, struct json_out *json)
{
	jout_key_int(json, "strangers", p->post ? (int64_t)post_n_strangers(p->post) : 0);
}
