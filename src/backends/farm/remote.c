/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/farm/remote.h"

#include <stdlib.h>
#include <string.h>

#include "backends/farm/farm_parts.h"
#include "backends/farm/node_file.h"
#include "base/mem.h"
#include "exec/slot_wire.h"

extern char **environ;

void remote_free(struct remote *r)
{
	list_remove(&r->at);
	list_remove(&r->free);
	port_stop(&r->port);
	link_done(&r->link);
	str_done(&r->node);
	str_done(&r->batch_id);
	str_done(&r->where);
	free(r);
}

static void remote_add_details(const struct remote *r, double queue_s, struct str *to)
{
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key_string(&out, "node", r->node.s);
	jout_key_string(&out, "batch_id", r->batch_id.s);
	jout_key_real(&out, "queue_s", queue_s, 1);
	jout_object_end(&out);
	str_addn(to, out.buf.s, out.buf.len);
	jout_done(&out);
}

/* Its job, which has no slot any more; NULL: it had none. Frees r. */
static struct pilot_job *remote_give_up(struct remote *r)
{
	struct pilot_job *pj = r->job;

	if (pj) {
		r->allocation->n_busy--;
		pj->remote = NULL;
		str_clear(&pj->details);
		remote_add_details(r, pj->started_s - pj->queued_s, &pj->details);
	}
	remote_free(r);
	return pj;
}

void remote_lose(struct remote *r)
{
	struct allocation *a = r->allocation;
	struct pilot_job *pj = remote_give_up(r);

	if (pj)
		pilots_lose_job(a, pj);
}

void remote_drop(struct remote *r)
{
	struct pilots *p = r->allocation->pilots;
	struct pilot_job *pj = remote_give_up(r);

	if (pj)
		pilots_end_lost(p, pj, REASON_LOST, "the connection to its slot was closed");
}

/* false: not a frame of a slot that has this job. */
static bool remote_take_result(struct remote *r, struct wire *w)
{
	_cleanup_(str_done) struct str details = {0};
	struct pilots *p = r->allocation->pilots;
	struct job_outcome outcome = {0};
	struct pilot_job *pj = r->job;
	bool is_good = pj && job_wire_take_result(w, &outcome);

	if (is_good) {
		remote_add_details(r, pj->started_s - pj->queued_s, &details);
		outcome.result.details = details.s;
		r->job = NULL;
		pj->remote = NULL;
		if (farm_ended_from_outside(&outcome.result))
			pilots_doubt_job(r->allocation, pj, &outcome.result);
		else
			pilots_end_job(p, pj, &outcome.result);
		pilots_remote_is_idle(p, r);
	}
	job_outcome_done(&outcome);
	return is_good;
}

static void on_remote_readable(struct port *port)
{
	struct remote *r = container_of(port, struct remote, port);
	enum link_result state = link_read(&r->link, LINK_NOW);
	struct wire w;
	uint8_t type;
	int rc = 0;

	while (state == LINK_OK && (rc = link_next(&r->link, &type, &w)) > 0)
		if (type == FRAME_RESULT && !remote_take_result(r, &w))
			rc = -1;
	if (rc < 0 || link_is_end(state))
		remote_lose(r);
}

static void remote_flush(struct remote *r)
{
	port_flush(&r->port, &r->link);
}

static void on_remote_writable(struct port *port)
{
	remote_flush(container_of(port, struct remote, port));
}

/* This process's environment, with what the node sets. */
static void remote_put_hello(struct remote *r, const struct pilot_hello *hello)
{
	const struct farm_options *o = &r->allocation->pilots->farm_options;
	const struct slot_options slot = {
		.scratch_root = o->scratch_root,
		.default_grace_s = o->grace_s,
		.job_nofile = o->job_nofile,
		.number = hello->slot,
		.numa = -1,
	};
	VEC(const char *) env = {0};

	for (size_t i = 0; environ[i]; i++)
		if (!node_sets_variable(o->site, environ[i]))
			vec_push(&env, environ[i]);
	for (size_t i = 0; hello->env && hello->env[i]; i++)
		vec_push(&env, hello->env[i]);
	vec_push(&env, NULL);
	slot_put_hello(&r->link.out, &slot, env.at);
	vec_done(&env);
}

struct remote *remote_new(struct allocation *a, int fd, const struct pilot_hello *hello)
{
	struct remote *r = xcalloc(1, sizeof(*r));

	r->allocation = a;
	list_append(&a->remotes, &r->at);
	list_init(&r->free);
	link_init(&r->link, fd, 0);
	port_init(&r->port, a->pilots->farm_options.loop, fd, on_remote_readable,
		  on_remote_writable);
	str_add_printable(&r->node, hello->node, strlen(hello->node));
	str_add_printable(&r->batch_id, hello->batch_id, strlen(hello->batch_id));
	str_printf(&r->where, "%s/%u", r->node.s, (unsigned)hello->slot);
	remote_put_hello(r, hello);
	port_want_in(&r->port, true);
	remote_flush(r);
	return r;
}

void remote_run(struct remote *r, struct pilot_job *pj)
{
	const struct job_spec *spec = pj->job->spec;
	_cleanup_(freep) char *where = xasprintf("%s/%s", pj->job->backend->ops->name, r->where.s);
	struct str *b = &r->link.out;
	uint32_t place;

	r->job = pj;
	pj->remote = r;
	str_clear(&pj->node);
	str_add(&pj->node, r->node.s);
	pj->started_s = clock_now(r->allocation->pilots->farm_options.clock);
	str_addn(b, pj->needs.s, pj->needs.len);
	place = job_wire_place_rules(&r->places, b, FRAME_RULES, spec->rules);
	slot_put_run(b, place, spec, pj->attempt, sched_job_env(pj->job));
	remote_flush(r);
	sched_job_started(pj->job, where);
}

void remote_kill(struct remote *r, bool now, enum job_reason reason)
{
	slot_put_kill(&r->link.out, now, reason);
	remote_flush(r);
}
