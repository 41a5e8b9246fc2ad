/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_wire.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
	RENEW_ODIR = BIT(0),
	DUMP_ENV = BIT(1),
	DRY_RUN = BIT(2),
	LEAK_FAILS = BIT(3),
	PLAIN_STAMPS = BIT(4),
	INTERACTIVE = BIT(5),
	REUSE_ODIR = BIT(6),
	COMMAND = BIT(7),
	SHOWN = BIT(8),
	LIMITS = BIT(9),
};

static uint32_t flags_of(const struct job_rules *r)
{
	return (r->renew_odir ? RENEW_ODIR : 0) | (r->dump_env ? DUMP_ENV : 0) |
	       (r->is_dry_run ? DRY_RUN : 0) | (r->leak == LEAK_FAIL ? LEAK_FAILS : 0) |
	       (r->plain_stamps ? PLAIN_STAMPS : 0) | (r->is_interactive ? INTERACTIVE : 0) |
	       (r->retry.reuse ? REUSE_ODIR : 0) | (r->is_command ? COMMAND : 0) |
	       (r->is_shown ? SHOWN : 0) | (r->limits ? LIMITS : 0);
}

static void put_patterns(struct str *b, const struct pattern_list *list)
{
	wire_put_u32(b, list->n);
	for (uint32_t i = 0; i < list->n; i++)
		wire_put_string(b, list->at[i].text);
}

static void put_limits(struct str *b, const struct tree_limits *l)
{
	wire_put_u64(b, l->memory_bytes);
	wire_put_f64(b, l->cpu_s);
	wire_put_f64(b, l->stall_s);
	wire_put_u32(b, l->n_processes);
	wire_put_u32(b, l->n_files);
}

void job_wire_put_rules(struct str *b, uint8_t type, uint32_t place, const struct job_rules *r)
{
	size_t start = wire_begin(b, type);

	wire_put_u32(b, place);
	wire_put_u32(b, flags_of(r));
	wire_put_u32(b, r->max_odirs);
	wire_put_u64(b, r->max_log_bytes);
	wire_put_f64(b, r->timeout_s);
	wire_put_string(b, r->timeout_text);
	wire_put_f64(b, r->grace_s);
	wire_put_string(b, r->cwd);
	wire_put_string(b, r->tool);
	wire_put_string(b, r->log_reader);
	wire_put_list(b, r->env);
	wire_put_list(b, r->terminal_env);
	wire_put_list(b, r->keep);
	put_patterns(b, &r->pass_patterns);
	put_patterns(b, &r->fail_patterns);
	if (r->limits)
		put_limits(b, r->limits);
	wire_end(b, start);
}

static struct pattern_list take_patterns(struct wire *w)
{
	size_t n;
	const char **texts = wire_strings(w, &n);
	struct pattern *at = n ? xcalloc(n, sizeof(*at)) : NULL;

	for (size_t i = 0; i < n; i++) {
		at[i].text = texts[i];
		w->ok = w->ok && texts[i];
	}
	free(texts);
	return (struct pattern_list){at, (uint32_t)n};
}

static const struct tree_limits *take_limits(struct wire *w)
{
	struct tree_limits *l = xmalloc(sizeof(*l));

	l->memory_bytes = wire_u64(w);
	l->cpu_s = wire_f64(w);
	l->stall_s = wire_f64(w);
	l->n_processes = wire_u32(w);
	l->n_files = wire_u32(w);
	return l;
}

bool job_wire_take_rules(struct wire *w, uint32_t *ret_place, struct job_rules *ret)
{
	uint32_t flags;
	size_t n;

	*ret_place = wire_u32(w);
	flags = wire_u32(w);
	*ret = (struct job_rules){
		.renew_odir = flags & RENEW_ODIR,
		.dump_env = flags & DUMP_ENV,
		.is_dry_run = flags & DRY_RUN,
		.leak = flags & LEAK_FAILS ? LEAK_FAIL : LEAK_KILL,
		.plain_stamps = flags & PLAIN_STAMPS,
		.is_interactive = flags & INTERACTIVE,
		.retry.reuse = flags & REUSE_ODIR,
		.is_command = flags & COMMAND,
		.is_shown = flags & SHOWN,
		.max_odirs = wire_u32(w),
	};
	ret->max_log_bytes = wire_u64(w);
	ret->timeout_s = wire_f64(w);
	ret->timeout_text = wire_string(w);
	ret->grace_s = wire_f64(w);
	ret->cwd = wire_string(w);
	ret->tool = wire_string(w);
	ret->log_reader = wire_string(w);
	ret->env = wire_strings(w, &n);
	ret->terminal_env = wire_strings(w, &n);
	ret->keep = wire_strings(w, &n);
	ret->pass_patterns = take_patterns(w);
	ret->fail_patterns = take_patterns(w);
	if (flags & LIMITS)
		ret->limits = take_limits(w);
	return w->ok && *ret_place < JOB_WIRE_PLACES;
}

void job_wire_rules_done(struct job_rules *r)
{
	free((void *)r->env);
	free((void *)r->terminal_env);
	free((void *)r->keep);
	free((void *)r->pass_patterns.at);
	free((void *)r->fail_patterns.at);
	free((void *)r->limits);
	*r = (struct job_rules){0};
}

uint32_t job_wire_place_rules(struct job_wire_places *places, struct str *b, uint8_t type,
			      const struct job_rules *r)
{
	uint32_t place = (uint32_t)(((uintptr_t)r >> 4) * 2654435761u) % JOB_WIRE_PLACES;

	if (places->at[place] != r) {
		job_wire_put_rules(b, type, place, r);
		places->at[place] = r;
	}
	return place;
}

enum {
	HAS_RUN_TIME = BIT(0),
	HAS_SIM_TIME = BIT(1),
	HAS_VPLAN = BIT(2),
	HAS_ANY = BIT(3),
	HAS_COVERAGE_DB = BIT(4),
};

static void put_measures(struct str *b, const struct job_measures *m)
{
	static const struct job_measures none;
	bool is_there = m != NULL;

	if (!m)
		m = &none;
	wire_put_u32(b,
		     (m->has_run_time ? HAS_RUN_TIME : 0) | (m->has_sim_time ? HAS_SIM_TIME : 0) |
			     (m->has_vplan ? HAS_VPLAN : 0) |
			     (m->has_coverage_db ? HAS_COVERAGE_DB : 0) | (is_there ? HAS_ANY : 0));
	wire_put_f64(b, m->run_time_s);
	wire_put_f64(b, m->sim_time_us);
	wire_put_f64(b, m->vplan_percent);
	wire_put_u32(b, 2 * m->n_coverage);
	for (uint32_t i = 0; i < m->n_coverage; i++) {
		wire_put_string(b, m->coverage[i].name);
		wire_put_string(b, m->coverage[i].value);
	}
}

/* Names and values alternate in the list of texts. */
static void take_coverage(struct wire *w, struct job_outcome *ret)
{
	size_t n;
	_cleanup_(freep) const char **texts = wire_strings(w, &n);
	struct job_coverage *list;

	w->ok = w->ok && n % 2 == 0;
	if (n == 0 || !w->ok)
		return;
	list = arena_array(job_outcome_mem(ret), n / 2, sizeof(*list));
	for (size_t i = 0; i < n; i += 2) {
		list[i / 2] = (struct job_coverage){texts[i], texts[i + 1]};
		w->ok = w->ok && texts[i] && texts[i + 1];
	}
	ret->measures.coverage = list;
	ret->measures.n_coverage = (uint32_t)(n / 2);
}

static void take_measures(struct wire *w, struct job_outcome *ret)
{
	uint32_t flags = wire_u32(w);

	ret->measures = (struct job_measures){
		.has_run_time = flags & HAS_RUN_TIME,
		.has_sim_time = flags & HAS_SIM_TIME,
		.has_vplan = flags & HAS_VPLAN,
		.has_coverage_db = flags & HAS_COVERAGE_DB,
		.run_time_s = wire_f64(w),
	};
	ret->measures.sim_time_us = wire_f64(w);
	ret->measures.vplan_percent = wire_f64(w);
	take_coverage(w, ret);
	if (flags & HAS_ANY)
		ret->result.measures = &ret->measures;
}

void job_wire_put_result(struct str *b, const struct job_result *r)
{
	wire_put_u32(b, (uint32_t)r->status);
	wire_put_u32(b, (uint32_t)r->reason);
	wire_put_u32(b, r->line);
	wire_put_u32(b, (uint32_t)r->exit_status);
	wire_put_u32(b, (uint32_t)r->term_signal);
	wire_put_u32(b, (uint32_t)r->pid);
	wire_put_u32(b, r->marks);
	wire_put_u32(b, r->is_uncounted);
	wire_put_f64(b, r->start_wall_s);
	wire_put_f64(b, r->duration_s);
	wire_put_f64(b, r->usage.user_s);
	wire_put_f64(b, r->usage.system_s);
	wire_put_u64(b, r->usage.max_rss_kib);
	wire_put_u64(b, r->peak_memory_kib);
	wire_put_u64(b, r->cgroup_peak_kib);
	wire_put_u64(b, r->log_stamp);
	wire_put_string(b, r->message);
	wire_put_string(b, r->context);
	put_measures(b, r->measures);
}

bool job_wire_take_result(struct wire *w, struct job_outcome *ret)
{
	uint32_t status = wire_u32(w);
	uint32_t reason = wire_u32(w);
	struct job_result *r = &ret->result;

	*r = (struct job_result){
		.status = (enum job_status)status,
		.reason = (enum job_reason)reason,
		.line = wire_u32(w),
	};
	r->exit_status = (int32_t)wire_u32(w);
	r->term_signal = (int32_t)wire_u32(w);
	r->pid = (int32_t)wire_u32(w);
	r->marks = wire_u32(w);
	r->is_uncounted = wire_u32(w) != 0;
	r->start_wall_s = wire_f64(w);
	r->duration_s = wire_f64(w);
	r->usage.user_s = wire_f64(w);
	r->usage.system_s = wire_f64(w);
	r->usage.max_rss_kib = wire_u64(w);
	r->peak_memory_kib = wire_u64(w);
	r->cgroup_peak_kib = wire_u64(w);
	r->log_stamp = wire_u64(w);
	r->message = wire_string(w);
	r->context = wire_string(w);
	take_measures(w, ret);
	return w->ok && status < JOB_STATUS_COUNT && job_status_is_final(r->status) &&
	       reason < REASON_COUNT;
}
