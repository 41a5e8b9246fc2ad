/* SPDX-License-Identifier: Apache-2.0 */
#include "run/plan_record.h"

#include <stdio.h>
#include <string.h>

#include "job/job_command.h"
#include "job/job_paths.h"
#include "run/plan_text.h"

void plan_table_add(struct plan_table *t, const char *key, size_t len)
{
	if (!map_get_n(&t->map, key, len))
		map_set_n(&t->map, key, len, (void *)(uintptr_t)(t->map.n + 1));
}

static size_t plan_table_number(const struct plan_table *t, const char *key, size_t len)
{
	return (size_t)(uintptr_t)map_get_n(&t->map, key, len) - 1;
}

bool plan_table_has(const struct plan_table *t, const char *key, size_t len)
{
	return map_get_n(&t->map, key, len) != NULL;
}

/* Writes an element: its index in "strings", null for the job's command, or the word itself. */
static void write_word(struct plan_writer *w, const char *word, const char *command)
{
	size_t n = strlen(word);

	if (command && strcmp(word, command) == 0)
		jout_null(&w->out);
	else if (plan_table_has(&w->words, word, n))
		jout_int(&w->out, (int64_t)plan_table_number(&w->words, word, n));
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

void plan_record_text(struct plan_writer *w, const char *key, const char *s)
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

static void plan_write_int(struct plan_writer *w, const char *key, int64_t i)
{
	if (i)
		jout_key_int(&w->out, key, i);
}

/* With 9 decimals, durations from 1 ns to ten years are read back unchanged. */
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
	jout_int(&w->out, (int64_t)plan_table_number(&w->files, pos.file, strlen(pos.file)));
	jout_int(&w->out, pos.line);
	jout_int(&w->out, pos.col);
	jout_array_end(&w->out);
}

static void plan_write_patterns(struct plan_writer *w, const char *key,
				const struct pattern_list *list)
{
	if (list->n == 0)
		return;
	jout_key(&w->out, key);
	jout_array(&w->out);
	for (uint32_t i = 0; i < list->n; i++) {
		jout_object(&w->out);
		plan_record_text(w, "text", list->at[i].text);
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
		plan_record_text(w, "name", r->resources[i].name);
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
		plan_record_text(w, "backend", r->backend_keys[i].backend);
		plan_record_text(w, "key", r->backend_keys[i].key);
		plan_record_text(w, "value", r->backend_keys[i].value);
		plan_record_text(w, "json", r->backend_keys[i].json);
		write_pos(w, r->backend_keys[i].pos);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

static void write_tree_limits(struct plan_writer *w, const struct tree_limits *l)
{
	if (!l)
		return;
	plan_write_int(w, "memory_bytes", (int64_t)l->memory_bytes);
	plan_write_int(w, "max_processes", l->n_processes);
	write_real(w, "max_cpu_time_s", l->cpu_s);
	plan_write_int(w, "max_files", l->n_files);
	write_real(w, "stall_s", l->stall_s);
}

static void write_limits(struct plan_writer *w, const struct job_rules *r)
{
	plan_write_int(w, "retries", r->retry.max);
	plan_write_int(w, "retry_on", r->retry.on);
	write_real(w, "retry_backoff_s", r->retry.backoff_s);
	write_real(w, "timeout_s", r->timeout_s);
	plan_record_text(w, "timeout_text", r->timeout_text);
	write_real(w, "grace_s", r->grace_s);
	plan_write_int(w, "max_log_bytes",
		       r->max_log_bytes > INT64_MAX ? INT64_MAX : (int64_t)r->max_log_bytes);
	write_tree_limits(w, r->limits);
	plan_write_int(w, "weight", r->weight);
	plan_write_int(w, "cpus", r->cpus);
	plan_write_int(w, "max_odirs", r->max_odirs);
}

void plan_record_rules(struct plan_writer *w, const struct job_rules *r)
{
	jout_object(&w->out);
	plan_record_text(w, "target", r->target);
	plan_record_text(w, "backend", r->backend);
	plan_record_text(w, "cwd", r->cwd);
	plan_record_text(w, "tool", r->tool);
	plan_record_text(w, "log_reader", r->log_reader);
	write_words(w, "env", r->env, NULL);
	write_words(w, "terminal_env", r->terminal_env, NULL);
	plan_write_patterns(w, "pass_patterns", &r->pass_patterns);
	plan_write_patterns(w, "fail_patterns", &r->fail_patterns);
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
	write_flag(w, "is_interactive", r->is_interactive);
	write_flag(w, "is_dry_run", r->is_dry_run);
	jout_object_end(&w->out);
}

/* Writes a path below root relative to it ("demo/build"), any other path as it is (absolute). */
static void write_path(struct plan_writer *w, const char *key, const char *path, const char *root)
{
	size_t n = root ? strlen(root) : 0;

	if (path && n > 1 && strncmp(path, root, n) == 0 && path[n] == '/' && path[n + 1] &&
	    path[n + 1] != '/')
		path += n + 1;
	plan_record_text(w, key, path);
}

/* At least so many successive numbers are written as a range: "17-203". */
enum { RANGE_FROM = 16 };

static uint32_t range_len(const uint32_t *deps, uint32_t n)
{
	uint32_t len = 1;

	while (len < n && deps[len] == deps[len - 1] + 1)
		len++;
	return len;
}

static void write_range(struct json_out *out, uint32_t first, uint32_t last)
{
	char text[32];

	snprintf(text, sizeof(text), "%u-%u", first, last);
	jout_string(out, text);
}

/* Writes the entries from to to-1 of deps. */
static void write_deps(struct plan_writer *w, const char *key, const uint32_t *deps, uint32_t from,
		       uint32_t to)
{
	if (from == to)
		return;
	jout_key(&w->out, key);
	jout_array(&w->out);
	for (uint32_t i = from, n; i < to; i += n) {
		n = range_len(deps + i, to - i);
		if (n < RANGE_FROM)
			n = 1;
		if (n > 1)
			write_range(&w->out, deps[i], deps[i + n - 1]);
		else
			jout_int(&w->out, deps[i]);
	}
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
	plan_record_text(w, "write_text", s->write_text);
	write_path(w, "remove_unless_passed", s->remove_unless_passed, root);
	plan_record_text(w, "reader", s->reader);
	write_path(w, "read_path", s->read_path, root);
	jout_object_end(&w->out);
}

/* Writes the members that a job and each stage of its fallback have separately. */
static void write_what_runs(struct plan_writer *w, const struct job_spec *s)
{
	const char *command = job_command(s, &w->room);

	jout_key_int(
		&w->out, "rules",
		(int64_t)plan_table_number(&w->rules, (const char *)&s->rules, sizeof(s->rules)));
	plan_record_text(w, "command", command);
	if (s->is_split)
		write_flag(w, "is_split", true);
	else
		write_words(w, "argv", s->argv, command);
	plan_record_text(w, "request", s->request);
	write_steps(w, s->steps);
	write_flag(w, "has_attempt", s->has_attempt);
	write_flag(w, "is_request", s->is_request);
	write_pos(w, s->pos);
}

static void write_paths(struct plan_writer *w, const struct job_spec *s)
{
	const char *odir = job_odir(s, &w->room);

	write_path(w, "odir", odir, w->plan->scratch_root);
	if (s->log && *s->log != '/')
		plan_record_text(w, "log", s->log);
	else
		write_path(w, "log", s->log, odir);
}

static void write_fallback(struct plan_writer *w, const struct job_spec *s)
{
	if (!s->n_fallback)
		return;
	jout_key(&w->out, "fallback");
	jout_array(&w->out);
	for (uint32_t i = 0; i < s->n_fallback; i++) {
		jout_object(&w->out);
		plan_record_text(w, "stage", s->fallback[i].stage);
		write_what_runs(w, &s->fallback[i]);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

void plan_record_job(struct plan_writer *w, const struct job_spec *s)
{
	uint32_t any_at = s->n_needs, held_at = any_at + s->n_any;

	jout_object(&w->out);
	plan_record_text(w, "id", s->id);
	if (!str_eq(s->name, s->id))
		plan_record_text(w, "name", s->name);
	jout_key_int(
		&w->out, "block",
		(int64_t)plan_table_number(&w->blocks, (const char *)&s->block, sizeof(s->block)));
	write_what_runs(w, s);
	write_paths(w, s);
	plan_record_text(w, "seed", s->seed);
	write_deps(w, "needs", s->deps, 0, any_at);
	write_deps(w, "needs_any", s->deps, any_at, held_at);
	write_deps(w, "waits_for", s->deps, held_at, job_n_deps(s));
	write_fallback(w, s);
	jout_object_end(&w->out);
}
