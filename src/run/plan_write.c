/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing plan.json: tables of what is shared first (strings, files, blocks, rules), then one short
 * object per job that names what it uses by number.
 */
#include <string.h>

#include "base/json_out.h"
#include "base/map.h"
#include "run/plan_file.h"
#include "run/plan_text.h"

enum { SHARE_FROM = 12 }; /* bytes: shorter words cost less than their number would save */

/* Things in the order of their first use; the map's value is that number + 1. */
struct table {
	struct map map;
};

struct plan_writer {
	const struct plan *plan;
	struct json_out out;
	struct table words, files, blocks, rules;
};

/* Keys are borrowed, and found again by their bytes: a string's own, or those of a pointer. */
static void table_add(struct table *t, const char *key, size_t len)
{
	if (!map_get_n(&t->map, key, len))
		map_set_n(&t->map, key, len, (void *)(uintptr_t)(t->map.n + 1));
}

static size_t table_number(const struct table *t, const char *key, size_t len)
{
	return (size_t)(uintptr_t)map_get_n(&t->map, key, len) - 1;
}

static bool table_has(const struct table *t, const char *key, size_t len)
{
	return map_get_n(&t->map, key, len) != NULL;
}

/* ---- collecting ---- */

/* A word enters the table when it is met for the second time. */
static void collect_words(struct plan_writer *w, struct map *seen, const char *const *words)
{
	for (; words && *words; words++) {
		size_t n = strlen(*words);

		if (n < SHARE_FROM)
			continue;
		if (map_get_n(seen, *words, n))
			table_add(&w->words, *words, n);
		else
			map_set_n(seen, *words, n, w);
	}
}

static void collect_file(struct plan_writer *w, struct src_pos pos)
{
	if (pos.file)
		table_add(&w->files, pos.file, strlen(pos.file));
}

static void collect_rules_files(struct plan_writer *w, const struct job_rules *r)
{
	for (uint32_t i = 0; i < r->pass_patterns.n; i++)
		collect_file(w, r->pass_patterns.at[i].pos);
	for (uint32_t i = 0; i < r->fail_patterns.n; i++)
		collect_file(w, r->fail_patterns.at[i].pos);
	for (uint32_t i = 0; i < r->n_resources; i++)
		collect_file(w, r->resources[i].pos);
	for (uint32_t i = 0; i < r->n_backend_keys; i++)
		collect_file(w, r->backend_keys[i].pos);
}

static void collect_rules(struct plan_writer *w, struct map *seen, const struct job_spec *spec)
{
	const char *key = (const char *)&spec->rules;

	if (table_has(&w->rules, key, sizeof(spec->rules)))
		return;
	table_add(&w->rules, key, sizeof(spec->rules));
	collect_words(w, seen, spec->rules->env);
	collect_rules_files(w, spec->rules);
}

static void collect_job(struct plan_writer *w, struct map *seen, const struct job_spec *spec)
{
	collect_rules(w, seen, spec);
	if (!spec->is_split)
		collect_words(w, seen, spec->argv);
	collect_file(w, spec->pos);
}

static void collect(struct plan_writer *w)
{
	struct map seen = {0};

	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		const struct job_spec *spec = &w->plan->jobs[i];

		table_add(&w->blocks, (const char *)&spec->block, sizeof(spec->block));
		collect_job(w, &seen, spec);
		for (uint32_t k = 0; k < spec->n_fallback; k++)
			collect_job(w, &seen, &spec->fallback[k]);
	}
	map_done(&seen);
}

/* ---- writing ---- */

/* One element: its number in "strings", null for the job's command, or itself. */
static void write_word(struct plan_writer *w, const char *word, const char *command)
{
	size_t n = strlen(word);

	if (command && strcmp(word, command) == 0)
		jout_null(&w->out);
	else if (table_has(&w->words, word, n))
		jout_int(&w->out, (int64_t)table_number(&w->words, word, n));
	else
		plan_text_write(&w->out, word);
}

static void write_words(struct plan_writer *w, const char *key, const char *const *words,
			const char *command)
{
	if (!words)
		return;
	jout_key(&w->out, key);
	jout_array(&w->out);
	for (; *words; words++)
		write_word(w, *words, command);
	jout_array_end(&w->out);
}

static void write_text(struct plan_writer *w, const char *key, const char *s)
{
	if (!s)
		return;
	jout_key(&w->out, key);
	plan_text_write(&w->out, s);
}

static void write_flag(struct plan_writer *w, const char *key, bool is_set)
{
	if (is_set)
		jout_key_bool(&w->out, key, true);
}

static void write_int(struct plan_writer *w, const char *key, int64_t i)
{
	if (i)
		jout_key_int(&w->out, key, i);
}

/* 9 decimals: a duration of 1 ns and one of ten years come back as they were. */
static void write_real(struct plan_writer *w, const char *key, double d)
{
	if (d < 0 || d > 0)
		jout_key_real(&w->out, key, d, 9);
}

static void write_pos(struct plan_writer *w, struct src_pos pos)
{
	if (!pos.file)
		return;
	jout_key(&w->out, "pos");
	jout_array(&w->out);
	jout_int(&w->out, (int64_t)table_number(&w->files, pos.file, strlen(pos.file)));
	jout_int(&w->out, pos.line);
	jout_int(&w->out, pos.col);
	jout_array_end(&w->out);
}

static void write_patterns(struct plan_writer *w, const char *key, const struct pattern_list *list)
{
	if (list->n == 0)
		return;
	jout_key(&w->out, key);
	jout_array(&w->out);
	for (uint32_t i = 0; i < list->n; i++) {
		jout_object(&w->out);
		write_text(w, "text", list->at[i].text);
		write_pos(w, list->at[i].pos);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

static void write_resources(struct plan_writer *w, const struct job_rules *r)
{
	if (r->n_resources == 0)
		return;
	jout_key(&w->out, "resources");
	jout_array(&w->out);
	for (uint32_t i = 0; i < r->n_resources; i++) {
		jout_object(&w->out);
		write_text(w, "name", r->resources[i].name);
		jout_key_int(&w->out, "count", r->resources[i].count);
		write_pos(w, r->resources[i].pos);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

static void write_backend_keys(struct plan_writer *w, const struct job_rules *r)
{
	if (r->n_backend_keys == 0)
		return;
	jout_key(&w->out, "backend_keys");
	jout_array(&w->out);
	for (uint32_t i = 0; i < r->n_backend_keys; i++) {
		jout_object(&w->out);
		write_text(w, "backend", r->backend_keys[i].backend);
		write_text(w, "key", r->backend_keys[i].key);
		write_text(w, "value", r->backend_keys[i].value);
		write_text(w, "json", r->backend_keys[i].json);
		write_pos(w, r->backend_keys[i].pos);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

static void write_limits(struct plan_writer *w, const struct job_rules *r)
{
	write_int(w, "retries", r->retry.max);
	write_int(w, "retry_on", r->retry.on);
	write_real(w, "retry_backoff_s", r->retry.backoff_s);
	write_real(w, "timeout_s", r->timeout_s);
	write_real(w, "grace_s", r->grace_s);
	write_int(w, "max_log_bytes",
		  r->max_log_bytes > INT64_MAX ? INT64_MAX : (int64_t)r->max_log_bytes);
	write_int(w, "weight", r->weight);
	write_int(w, "cpus", r->cpus);
	write_int(w, "max_odirs", r->max_odirs);
}

static void write_rules(struct plan_writer *w, const struct job_rules *r)
{
	jout_object(&w->out);
	write_text(w, "target", r->target);
	write_text(w, "backend", r->backend);
	write_text(w, "cwd", r->cwd);
	write_text(w, "tool", r->tool);
	write_words(w, "env", r->env, NULL);
	write_patterns(w, "pass_patterns", &r->pass_patterns);
	write_patterns(w, "fail_patterns", &r->fail_patterns);
	write_resources(w, r);
	write_words(w, "tags", r->tags, NULL);
	write_words(w, "keep", r->keep, NULL);
	write_backend_keys(w, r);
	write_limits(w, r);
	write_flag(w, "retry_reuse", r->retry.reuse);
	write_flag(w, "leak_fail", r->leak == LEAK_FAIL);
	write_flag(w, "is_finally", r->is_finally);
	write_flag(w, "renew_odir", r->renew_odir);
	write_flag(w, "plain_stamps", r->plain_stamps);
	write_flag(w, "dump_env", r->dump_env);
	write_flag(w, "is_command", r->is_command);
	write_flag(w, "is_simulation", r->is_simulation);
	write_flag(w, "is_interactive", r->is_interactive);
	write_flag(w, "is_dry_run", r->is_dry_run);
	jout_object_end(&w->out);
}

/* path without root in front where it lies below it: "demo/build", else as it is (absolute). */
static void write_path(struct plan_writer *w, const char *key, const char *path, const char *root)
{
	size_t n = root ? strlen(root) : 0;

	if (path && n > 1 && strncmp(path, root, n) == 0 && path[n] == '/' && path[n + 1] &&
	    path[n + 1] != '/')
		path += n + 1;
	write_text(w, key, path);
}

/* Entries from..to-1 of deps. */
static void write_deps(struct plan_writer *w, const char *key, const uint32_t *deps, uint32_t from,
		       uint32_t to)
{
	if (from == to)
		return;
	jout_key(&w->out, key);
	jout_array(&w->out);
	for (uint32_t i = from; i < to; i++)
		jout_int(&w->out, deps[i]);
	jout_array_end(&w->out);
}

static void write_steps(struct plan_writer *w, const struct job_steps *s)
{
	const char *root = w->plan->scratch_root;

	if (!s)
		return;
	jout_key(&w->out, "steps");
	jout_object(&w->out);
	write_path(w, "remove_before", s->remove_before, root);
	write_path(w, "write_path", s->write_path, root);
	write_text(w, "write_text", s->write_text);
	write_path(w, "remove_unless_passed", s->remove_unless_passed, root);
	write_path(w, "coverage_path", s->coverage_path, root);
	write_path(w, "vplan_path", s->vplan_path, root);
	jout_object_end(&w->out);
}

/* What a job and a stage of its fallback each have of their own. */
static void write_what_runs(struct plan_writer *w, const struct job_spec *s)
{
	jout_key_int(&w->out, "rules",
		     (int64_t)table_number(&w->rules, (const char *)&s->rules, sizeof(s->rules)));
	write_text(w, "command", s->command);
	if (s->is_split)
		write_flag(w, "is_split", true);
	else
		write_words(w, "argv", s->argv, s->command);
	write_text(w, "request", s->request);
	write_steps(w, s->steps);
	write_flag(w, "has_attempt", s->has_attempt);
	write_flag(w, "is_request", s->is_request);
	write_pos(w, s->pos);
}

static void write_fallback(struct plan_writer *w, const struct job_spec *s)
{
	if (!s->n_fallback)
		return;
	jout_key(&w->out, "fallback");
	jout_array(&w->out);
	for (uint32_t i = 0; i < s->n_fallback; i++) {
		jout_object(&w->out);
		write_text(w, "stage", s->fallback[i].stage);
		write_what_runs(w, &s->fallback[i]);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

static void write_job(struct plan_writer *w, const struct job_spec *s)
{
	uint32_t any_at = s->n_needs, held_at = any_at + s->n_any;

	jout_object(&w->out);
	write_text(w, "id", s->id);
	if (!str_eq(s->name, s->id))
		write_text(w, "name", s->name);
	jout_key_int(&w->out, "block",
		     (int64_t)table_number(&w->blocks, (const char *)&s->block, sizeof(s->block)));
	write_what_runs(w, s);
	write_path(w, "odir", s->odir, w->plan->scratch_root);
	write_path(w, "log", s->log_path, s->odir);
	write_text(w, "seed", s->seed);
	write_deps(w, "needs", s->deps, 0, any_at);
	write_deps(w, "needs_any", s->deps, any_at, held_at);
	write_deps(w, "waits_for", s->deps, held_at, job_n_deps(s));
	write_fallback(w, s);
	jout_object_end(&w->out);
}

static void write_strings(struct plan_writer *w, const char *key, const struct table *t)
{
	const struct map_entry *e;
	size_t at = 0;

	jout_key(&w->out, key);
	jout_array(&w->out);
	while ((e = map_next(&t->map, &at)) != NULL)
		plan_text_write(&w->out, e->key);
	jout_array_end(&w->out);
}

static void write_blocks(struct plan_writer *w)
{
	const struct map_entry *e;
	size_t at = 0;

	jout_key(&w->out, "blocks");
	jout_array(&w->out);
	while ((e = map_next(&w->blocks.map, &at)) != NULL) {
		const struct job_block *b;

		memcpy(&b, e->key, sizeof(b));
		jout_object(&w->out);
		write_text(w, "name", b->name);
		write_text(w, "scratch_path", b->scratch_path);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

static void write_all_rules(struct plan_writer *w)
{
	const struct map_entry *e;
	size_t at = 0;

	jout_key(&w->out, "rules");
	jout_array(&w->out);
	while ((e = map_next(&w->rules.map, &at)) != NULL) {
		const struct job_rules *r;

		memcpy(&r, e->key, sizeof(r));
		write_rules(w, r);
	}
	jout_array_end(&w->out);
}

static void write_head(struct plan_writer *w, const char *run_id)
{
	jout_key(&w->out, "schema");
	jout_object(&w->out);
	jout_key_string(&w->out, "name", "dvsched-plan");
	jout_key_int(&w->out, "version", PLAN_SCHEMA_VERSION);
	jout_object_end(&w->out);
	jout_key_string(&w->out, "run", run_id);
	write_text(w, "name", w->plan->name);
	write_text(w, "flow", w->plan->flow);
	write_text(w, "cfg_path", w->plan->cfg_path);
	write_text(w, "scratch_root", w->plan->scratch_root);
	write_text(w, "seed_base", w->plan->seed_base);
	write_text(w, "parent", w->plan->parent);
	write_flag(w, "nested", w->plan->is_nested);
	write_flag(w, "rehearsal", w->plan->is_rehearsal);
}

int plan_write(int fd, const struct plan *plan, const char *run_id)
{
	struct plan_writer w = {.plan = plan};

	collect(&w);
	jout_init(&w.out, fd, 0);
	jout_object(&w.out);
	write_head(&w, run_id);
	write_strings(&w, "strings", &w.words);
	write_strings(&w, "files", &w.files);
	write_blocks(&w);
	write_all_rules(&w);
	jout_key(&w.out, "jobs");
	jout_array(&w.out);
	for (size_t i = 0; i < plan->n_jobs; i++)
		write_job(&w, &plan->jobs[i]);
	jout_array_end(&w.out);
	jout_object_end(&w.out);
	map_done(&w.words.map);
	map_done(&w.files.map);
	map_done(&w.blocks.map);
	map_done(&w.rules.map);
	return jout_done(&w.out);
}
