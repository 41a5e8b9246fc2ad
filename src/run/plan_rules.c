/* SPDX-License-Identifier: Apache-2.0 */
#include "run/plan_rules.h"

#include "run/plan_file.h"

static int get_patterns(struct plan_reader *r, const json_t *obj, const char *key,
			struct pattern_list *ret)
{
	const json_t *v = json_object_get(obj, key);
	struct pattern *at;

	if (v && !json_is_array(v))
		return member_bad(r, key);
	at = arena_array(r->mem, json_array_size(v), sizeof(*at));
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *one = json_array_get(v, i);

		if (member_need_text(r, one, "text", &at[i].text) < 0 ||
		    member_get_pos(r, one, &at[i].pos) < 0)
			return -1;
	}
	*ret = (struct pattern_list){at, (uint32_t)json_array_size(v)};
	return 0;
}

static int get_resources(struct plan_reader *r, const json_t *obj, struct job_rules *ret)
{
	const json_t *v = json_object_get(obj, "resources");
	size_t n = json_array_size(v);
	struct resource_need *at = arena_array(r->mem, n, sizeof(*at));

	if (v && !json_is_array(v))
		return member_bad(r, "resources");
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(v, i);

		if (member_need_text(r, one, "name", &at[i].name) < 0 ||
		    member_get_u32(r, one, "count", &at[i].count) < 0 ||
		    member_get_pos(r, one, &at[i].pos) < 0)
			return -1;
	}
	ret->resources = at;
	ret->n_resources = (uint32_t)n;
	return 0;
}

static int get_backend_keys(struct plan_reader *r, const json_t *obj, struct job_rules *ret)
{
	const json_t *v = json_object_get(obj, "backend_keys");
	size_t n = json_array_size(v);
	struct backend_key *at = arena_array(r->mem, n, sizeof(*at));

	if (v && !json_is_array(v))
		return member_bad(r, "backend_keys");
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(v, i);

		if (member_need_text(r, one, "backend", &at[i].backend) < 0 ||
		    member_need_text(r, one, "key", &at[i].key) < 0 ||
		    member_get_text(r, one, "value", &at[i].value) < 0 ||
		    member_get_text(r, one, "json", &at[i].json) < 0 ||
		    member_get_pos(r, one, &at[i].pos) < 0)
			return -1;
	}
	ret->backend_keys = at;
	ret->n_backend_keys = (uint32_t)n;
	return 0;
}

static int get_tree_limits(struct plan_reader *r, const json_t *obj, struct job_rules *ret)
{
	struct tree_limits l = {0};
	int64_t memory;

	if (member_get_int(r, obj, "memory_bytes", 0, INT64_MAX, &memory) < 0 ||
	    member_get_u32(r, obj, "max_processes", &l.n_processes) < 0 ||
	    member_get_real(r, obj, "max_cpu_time_s", &l.cpu_s) < 0 ||
	    member_get_u32(r, obj, "max_files", &l.n_files) < 0 ||
	    member_get_real(r, obj, "stall_s", &l.stall_s) < 0)
		return -1;
	l.memory_bytes = (uint64_t)memory;
	if (tree_limits_any(&l))
		ret->limits = arena_memdup(r->mem, &l, sizeof(l));
	return 0;
}

static int get_limits(struct plan_reader *r, const json_t *obj, struct job_rules *ret)
{
	int64_t retry_on, max_log, weight;

	if (member_get_u32(r, obj, "retries", &ret->retry.max) < 0 ||
	    member_get_int(r, obj, "retry_on", 0, RETRY_TIMEOUT, &retry_on) < 0 ||
	    member_get_real(r, obj, "retry_backoff_s", &ret->retry.backoff_s) < 0 ||
	    member_get_real(r, obj, "timeout_s", &ret->timeout_s) < 0 ||
	    member_get_text(r, obj, "timeout_text", &ret->timeout_text) < 0 ||
	    member_get_real(r, obj, "grace_s", &ret->grace_s) < 0 ||
	    member_get_int(r, obj, "max_log_bytes", 0, INT64_MAX, &max_log) < 0 ||
	    member_get_int(r, obj, "weight", INT32_MIN, INT32_MAX, &weight) < 0 ||
	    member_get_u32(r, obj, "cpus", &ret->cpus) < 0 ||
	    member_get_u32(r, obj, "max_odirs", &ret->max_odirs) < 0)
		return -1;
	ret->retry.on = (enum retry_on)retry_on;
	ret->max_log_bytes = (uint64_t)max_log;
	ret->weight = (int32_t)weight;
	return 0;
}

int plan_rules_read(struct plan_reader *r, const json_t *obj, struct job_rules *ret)
{
	if (member_get_text(r, obj, "target", &ret->target) < 0 ||
	    member_get_text(r, obj, "backend", &ret->backend) < 0 ||
	    member_get_text(r, obj, "cwd", &ret->cwd) < 0 ||
	    member_get_text(r, obj, "tool", &ret->tool) < 0 ||
	    member_get_text(r, obj, "log_reader", &ret->log_reader) < 0 ||
	    member_get_words(r, obj, "env", NULL, &ret->env) < 0 ||
	    member_get_words(r, obj, "terminal_env", NULL, &ret->terminal_env) < 0 ||
	    get_patterns(r, obj, "pass_patterns", &ret->pass_patterns) < 0 ||
	    get_patterns(r, obj, "fail_patterns", &ret->fail_patterns) < 0 ||
	    get_resources(r, obj, ret) < 0 ||
	    member_get_words(r, obj, "tags", NULL, &ret->tags) < 0 ||
	    member_get_words(r, obj, "keep", NULL, &ret->keep) < 0 ||
	    get_backend_keys(r, obj, ret) < 0 || get_limits(r, obj, ret) < 0 ||
	    get_tree_limits(r, obj, ret) < 0)
		return -1;
	/* In version 1, only directories with renew_odir were moved aside between attempts. */
	ret->retry.reuse = r->version == PLAN_SCHEMA_OLDEST
				   ? !json_is_true(json_object_get(obj, "renew_odir"))
				   : json_is_true(json_object_get(obj, "retry_reuse"));
	ret->leak = json_is_true(json_object_get(obj, "leak_fail")) ? LEAK_FAIL : LEAK_KILL;
	ret->is_finally = json_is_true(json_object_get(obj, "is_finally"));
	ret->renew_odir = json_is_true(json_object_get(obj, "renew_odir"));
	ret->plain_stamps = json_is_true(json_object_get(obj, "plain_stamps"));
	ret->dump_env = json_is_true(json_object_get(obj, "dump_env"));
	ret->is_command = json_is_true(json_object_get(obj, "is_command"));
	ret->is_interactive = json_is_true(json_object_get(obj, "is_interactive"));
	ret->is_dry_run = json_is_true(json_object_get(obj, "is_dry_run"));
	return 0;
}
