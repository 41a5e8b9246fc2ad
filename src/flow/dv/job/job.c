/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/job/job.h"

#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "config/fields.h"
#include "flow/dv/block.h"
#include "flow/dv/job/standing.h"
#include "flow/names.h"
#include "flow/text.h"

enum { WORDS_MOST = 32 }; /* of a command */

static bool is_plain_word(const struct job_maker *m, const char *text)
{
	return m->is_standing && standing_is_shell_word(text);
}

/* KEY=VALUE, quoted; and as a word of argv, if that is not NULL. */
static void add_key(struct job_maker *m, const char *key, struct str *line, const char **argv)
{
	const char *between = m->kind->joins_cmds && str_ends(key, "_cmds") ? " && " : " ";
	struct str *value = &m->value;
	bool is_raw;

	str_clear(value);
	str_reserve(value, 0);
	is_raw = key_text_add(&m->texts, key, between, value);
	str_addc(line, ' ');
	str_add(line, key);
	str_addc(line, '=');
	if (is_raw || strcmp(key, "seed") == 0 || is_plain_word(m, value->s))
		str_addn(line, value->s, value->len);
	else
		str_add_shell_word(line, value->s);
	if (argv)
		*argv = arena_printf(m->mem, "%s=%s", key, value->s);
}

static void make_command(struct job_maker *m, struct job_spec *job)
{
	struct str *line = &m->line;
	const char *makefile = key_text(&m->texts, "flow_makefile");
	const char *argv[WORDS_MOST] = {"make", "-f", makefile, m->kind->target};
	size_t n = 4;

	job->is_split = *makefile && !strpbrk(makefile, " \t\n'\"\\"); /* others are quoted */
	str_clear(line);
	str_printf(line, "make -f %s %s", makefile, m->kind->target);
	if (m->cfg->dv->is_dry_run) {
		argv[n++] = "-n";
		str_add(line, " -n");
	}
	for (const char *const *key = m->kind->keys; *key; key++)
		add_key(m, *key, line, job->is_split ? NULL : &argv[n++]);
	job->command = arena_strndup(m->mem, line->s, line->len);
	if (job->is_split)
		return;
	argv[2] = arena_strdup(m->mem, makefile);
	job->argv = arena_memdup(m->mem, argv, (n + 1) * sizeof(*argv));
}

static void check_name(struct job_maker *m, const struct job_spec *job)
{
	const char *fault = name_dv_job_fault(job->name);
	struct cfg *c = m->cfg->reader.cfg;
	const struct mode *mode = m->names.mode;

	if (!fault)
		return;
	m->texts.is_wrong = true;
	cfg_error(c, m->texts.diags, mode && mode->node ? mode->node : cfg_root(c),
		  "the job's name '%s' %s", text_printable(m->cfg->reader.mem, job->name), fault);
}

/* Texts that all jobs of a mode share are in plan->mem, whatever m->mem is. */
struct job_spec *job_maker_finish(struct job_maker *m, struct job_spec *job, const char *name)
{
	const struct mode *mode = m->names.mode;

	job->id = arena_printf(m->mem, "%s:%s", m->block->name, name);
	job->name = job->id + strlen(m->block->name) + 1;
	job->subject = arena_strdup(m->plan->mem, mode ? mode->name : m->cfg->name);
	job->block = m->block;
	job->rules = job_maker_rules(m);
	job->dir = path_absolute(m->mem, key_text(&m->texts, m->kind->odir_key));
	job->log = arena_printf(m->mem, "%s.log", m->kind->target);
	if (mode && mode->node && mode->node->pos) {
		job->pos = cfg_pos(m->cfg->reader.cfg, mode->node->pos);
		job->pos.file = arena_strdup(m->plan->mem, job->pos.file);
	}
	make_command(m, job);
	check_name(m, job);
	return job;
}

/* ---- which job ---- */

void job_maker_begin(struct job_maker *m, const struct job_kind *kind, const struct mode *mode)
{
	if (mode != m->names.mode || kind != m->kind)
		m->cache.last = NULL;
	m->kind = kind;
	m->export_name = NULL;
	job_names_begin(&m->names, mode);
	key_texts_begin(&m->texts, kind->target);
}

void job_maker_set_export(struct job_maker *m, const char *name, const char *value)
{
	m->export_name = name;
	m->export_value = value;
}

void job_maker_set_rules(struct job_maker *m, const struct job_rules *rules)
{
	m->cache.last = rules;
}

/* ---- attempts ---- */

void job_maker_begin_attempt(struct job_maker *m, struct arena *mem)
{
	m->mem = mem;
	diags_init(&m->said);
	m->texts.diags = &m->said;
	m->texts.subst.waits = &m->texts.waits;
	m->texts.waits = m->texts.has_own_commands = m->differs = false;
	m->is_attempt = true;
}

void job_maker_begin_standing(struct job_maker *m, bool waits)
{
	job_maker_begin_attempt(m, m->cfg->reader.mem);
	m->is_standing = true;
	m->texts.subst.options.ignored = standing_names;
	if (!waits)
		m->texts.subst.waits = NULL;
}

bool job_maker_end_attempt(struct job_maker *m)
{
	bool is_good = !m->texts.waits && !m->texts.has_own_commands && !m->differs &&
		       m->said.n_errors + m->said.n_warnings == 0;

	m->has_warned = m->said.n_warnings > 0;
	diags_done(&m->said);
	m->mem = m->plan->mem;
	m->texts.diags = m->cfg->reader.diags;
	m->texts.subst.waits = NULL;
	m->texts.subst.options.ignored = NULL;
	m->is_attempt = m->is_standing = false;
	m->cache.last = is_good ? m->cache.last : NULL;
	return is_good;
}

bool job_maker_may_stand(const struct job_maker *m)
{
	return !strchr(m->cwd, '{') && !strchr(m->block->name, '{');
}

/* ---- */

static void make_block(struct job_maker *m)
{
	m->block = arena_zalloc(m->plan->mem, sizeof(*m->block));
	m->block->name = arena_strdup(m->plan->mem, m->cfg->full_name);
	m->block->scratch_path = path_absolute(m->plan->mem,
					       dv_cfg_text(m->cfg, "scratch_path", ""));
	m->dv_block = dv_plan_add(m->plan, m->cfg->reader.cfg, m->cfg->dv);
	m->block->dv = m->dv_block;
}

void job_maker_init(struct job_maker *m, struct dv_cfg *s, struct plan *plan)
{
	_cleanup_(freep) char *cwd = path_cwd();

	*m = (struct job_maker){.cfg = s, .plan = plan, .mem = plan->mem};
	m->cwd = arena_strdup(plan->mem, cwd ? cwd : "/");
	job_names_init(&m->names, s);
	key_texts_init(&m->texts, &m->names, s->reader.mem);
	make_block(m);
}

void job_maker_done(struct job_maker *m)
{
	map_done(&m->cache.patterns);
	map_done(&m->warned);
	key_texts_done(&m->texts);
	str_done(&m->line);
	str_done(&m->value);
	job_names_done(&m->names);
}
