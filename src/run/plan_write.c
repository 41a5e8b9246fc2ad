/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes plan.json: first the tables of shared data (strings, files, blocks), then rules, then one
 * record per job, which refers to these by index.
 */
#include <string.h>

#include "run/plan_file.h"
#include "run/plan_record.h"
#include "run/plan_templates.h"
#include "run/plan_text.h"

enum { SHARE_FROM = 12 }; /* bytes: an index would not be much shorter than a shorter word */
/* Number of jobs: a smaller plan is written in full, so that it is easier to read. */
enum { TEMPLATES_FROM = 200 };

/* ---- collecting ---- */

/* A word is added to the table at its second occurrence. */
static void collect_words(struct plan_writer *w, struct map *seen, const char *const *words)
{
	for (; words && *words; words++) {
		size_t n = strlen(*words);

		if (n < SHARE_FROM)
			continue;
		if (map_get_n(seen, *words, n))
			plan_table_add(&w->words, *words, n);
		else
			map_set_n(seen, *words, n, w);
	}
}

static void collect_file(struct plan_writer *w, struct src_pos pos)
{
	if (pos.file)
		plan_table_add(&w->files, pos.file, strlen(pos.file));
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

	if (plan_table_has(&w->rules, key, sizeof(spec->rules)))
		return;
	plan_table_add(&w->rules, key, sizeof(spec->rules));
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

static void plan_write_collect(struct plan_writer *w)
{
	struct map seen = {0};

	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		const struct job_spec *spec = &w->plan->jobs[i];

		plan_table_add(&w->blocks, (const char *)&spec->block, sizeof(spec->block));
		collect_job(w, &seen, spec);
		for (uint32_t k = 0; k < spec->n_fallback; k++)
			collect_job(w, &seen, &spec->fallback[k]);
	}
	map_done(&seen);
}

static void write_strings(struct plan_writer *w, const char *key, const struct plan_table *t)
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
		plan_record_text(w, "name", b->name);
		plan_record_text(w, "scratch_path", b->scratch_path);
		jout_object_end(&w->out);
	}
	jout_array_end(&w->out);
}

static const struct job_rules *next_rules(const struct plan_writer *w, size_t *at)
{
	const struct map_entry *e = map_next(&w->rules.map, at);
	const struct job_rules *r = NULL;

	if (e)
		memcpy(&r, e->key, sizeof(r));
	return r;
}

/* Makes templates of all records, in the order of the file. */
static struct plan_templates *make_templates(struct plan_writer *w)
{
	struct plan_templates *t = plan_templates_new();
	const struct job_rules *r;
	size_t at = 0;

	jout_init(&w->out, -1, 0);
	while ((r = next_rules(w, &at)) != NULL) {
		plan_record_rules(w, r);
		plan_templates_add(t, &w->out.buf);
		str_clear(&w->out.buf);
	}
	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		plan_record_job(w, &w->plan->jobs[i]);
		plan_templates_add(t, &w->out.buf);
		str_clear(&w->out.buf);
	}
	jout_done(&w->out);
	return t;
}

static void write_from_templates(struct plan_writer *w, const struct plan_templates *t)
{
	size_t n = 0;

	jout_key(&w->out, "templates");
	plan_templates_write(t, &w->out);
	jout_key(&w->out, "rules");
	jout_array(&w->out);
	while (n < w->rules.map.n)
		plan_templates_write_record(t, n++, &w->out);
	jout_array_end(&w->out);
	jout_key(&w->out, "jobs");
	jout_array(&w->out);
	for (size_t i = 0; i < w->plan->n_jobs; i++)
		plan_templates_write_record(t, n++, &w->out);
	jout_array_end(&w->out);
}

static void write_in_full(struct plan_writer *w)
{
	const struct job_rules *r;
	size_t at = 0;

	jout_key(&w->out, "rules");
	jout_array(&w->out);
	while ((r = next_rules(w, &at)) != NULL)
		plan_record_rules(w, r);
	jout_array_end(&w->out);
	jout_key(&w->out, "jobs");
	jout_array(&w->out);
	for (size_t i = 0; i < w->plan->n_jobs; i++)
		plan_record_job(w, &w->plan->jobs[i]);
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
	plan_record_text(w, "name", w->plan->name);
	plan_record_text(w, "flow", w->plan->flow);
	plan_record_text(w, "cfg_path", w->plan->cfg_path);
	plan_record_text(w, "scratch_root", w->plan->scratch_root);
	plan_record_text(w, "seed_base", w->plan->seed_base);
	plan_record_text(w, "parent", w->plan->parent);
	if (w->plan->is_nested)
		jout_key_bool(&w->out, "nested", true);
	if (w->plan->is_rehearsal)
		jout_key_bool(&w->out, "rehearsal", true);
}

int plan_write(int fd, const struct plan *plan, const char *run_id)
{
	struct plan_writer w = {.plan = plan};
	struct plan_templates *templates = NULL;

	plan_write_collect(&w);
	if (plan->n_jobs >= TEMPLATES_FROM)
		templates = make_templates(&w);
	jout_init(&w.out, fd, 0);
	jout_object(&w.out);
	write_head(&w, run_id);
	write_strings(&w, "strings", &w.words);
	write_strings(&w, "files", &w.files);
	write_blocks(&w);
	if (templates)
		write_from_templates(&w, templates);
	else
		write_in_full(&w);
	jout_object_end(&w.out);
	plan_templates_free(templates);
	map_done(&w.words.map);
	map_done(&w.files.map);
	map_done(&w.blocks.map);
	map_done(&w.rules.map);
	str_done(&w.room);
	return jout_done(&w.out);
}
