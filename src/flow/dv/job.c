/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blank.h"
#include "base/fs.h"
#include "base/mem.h"
#include "flow/dv/block.h"
#include "config/fields.h"
#include "flow/text.h"
#include "flow/names.h"

static struct arena *mem_of(const struct maker *m)
{
	return m->sim->reader.mem;
}

/* ---- texts ---- */

const char *maker_expand(struct maker *m, const char *text, const struct hjson_node *at)
{
	struct cfg *c = m->sim->reader.cfg;
	_cleanup_(error_done) struct error err = {0};
	bool varied = m->varies;
	const char *result;
	struct diag *e;

	if (!strchr(text, '{'))
		return text;
	m->n_expanded++;
	if (m->is_hostile && m->subst.options.is_rehearsal)
		return ""; /* its paths may wait for commands, and be empty until then */
	m->varies = false;
	result = cfg_subst_text(c, &m->subst, text, &err);
	m->has_own_commands |= m->varies && strstr(text, "{eval_cmd}");
	m->varies |= varied;
	if (result)
		return m->is_hostile ? maker_fit_paths(m, result) : result;
	m->is_wrong = true;
	e = at && at->pos ? cfg_error(c, m->sim->reader.diags, at, "%s", err.msg)
			  : diag_error(m->sim->reader.diags, cfg_start(c), "%s", err.msg);
	diag_hint(e, "in a job '%s' of '%s'", m->kind->target,
		  m->mode ? m->mode->name : m->sim->name);
	cfg_hint_output(c, e);
	return "";
}

static void add_stripped(struct str *out, const char *text)
{
	size_t n = strlen(text);
	const char *s = blank_strip(text, &n);

	str_addn(out, s, n);
}

/* What out holds from `from` on: an empty element at either end leaves a blank there. */
static void strip_from(struct str *out, size_t from)
{
	size_t n = out->len - from;
	const char *s = blank_strip(out->s + from, &n);

	memmove(out->s + from, s, n);
	out->len = from + n;
	out->s[out->len] = '\0';
}

static void add_element(struct maker *m, struct str *out, struct hjson_node *e)
{
	struct cfg *c = m->sim->reader.cfg;
	const char *text = e->type == HJSON_STRING ? hjson_cstr(cfg_doc(c), e)
						   : cfg_scalar_text(c, e);

	if (!text) {
		cfg_error(c, m->sim->reader.diags, e, "this must be a string");
		m->is_wrong = true;
		return;
	}
	add_stripped(out, maker_expand(m, text, e));
}

/* DVSim has these without a value, too, and says so. */
static bool may_be_none(const char *key)
{
	return strcmp(key, "build_seed") == 0 || strcmp(key, "build_timeout_mins") == 0;
}

static void add_list(struct maker *m, const struct node_list *list, const char *between,
		     struct str *out)
{
	size_t from = out->len;

	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			str_add(out, between);
		add_element(m, out, list->at[i]);
	}
	if (list->n)
		strip_from(out, from);
}

static void add_array(struct maker *m, const struct hjson_node *array, const char *between,
		      struct str *out)
{
	size_t from = out->len;
	struct hjson_node *e;

	hjson_for_each (e, array) {
		if (e != array->child)
			str_add(out, between);
		add_element(m, out, e);
	}
	if (array->child)
		strip_from(out, from);
}

/* What make is told of a key. is_raw: not to be quoted (numbers, None), as DVSim has it. */
static void add_value(struct maker *m, const char *key, struct str *out, bool *is_raw)
{
	struct cfg *c = m->sim->reader.cfg;
	const char *between = m->kind->joins_cmds && str_ends(key, "_cmds") ? " && " : " ";
	const struct node_list *list = maker_list(m, key);
	const struct hjson_node *n;
	struct diag *d;

	*is_raw = false;
	if (list) {
		add_list(m, list, between, out);
		return;
	}
	n = maker_value(m, key);
	if (!n && !may_be_none(key) && !hjson_get(cfg_root(c), key)) {
		d = diag_error(m->sim->reader.diags, cfg_start(c),
			       "the configuration has no '%s', which a job '%s' needs", key,
			       m->kind->target);
		diag_hint(d, "set it, if only to \"\"");
		m->is_wrong = true;
	} else if (!n) {
		str_add(out, "None");
		*is_raw = true;
	} else if (n->type == HJSON_ARRAY) {
		add_array(m, n, between, out);
	} else if (n->type == HJSON_BOOL) {
		str_add(out, n->i ? "1" : "0");
		*is_raw = true;
	} else {
		add_element(m, out, (struct hjson_node *)n);
		*is_raw = n->type != HJSON_STRING;
	}
}

/* A key's text, expanded; in the plan's memory. */
const char *maker_text(struct maker *m, const char *key)
{
	_cleanup_(str_done) struct str text = {0};
	bool is_raw;

	str_reserve(&text, 0);
	add_value(m, key, &text, &is_raw);
	return arena_strndup(m->plan->mem, text.s, text.len);
}

const char *maker_lines(struct maker *m, const char *key)
{
	_cleanup_(str_done) struct str text = {0};
	const struct hjson_node *list = maker_value(m, key);
	struct hjson_node *e;

	if (list && list->type == HJSON_ARRAY)
		hjson_for_each (e, list) {
			size_t before = text.len;

			add_element(m, &text, e);
			if (text.len > before)
				str_addc(&text, '\n');
		}
	if (text.len == 0)
		str_addc(&text, '\n');
	return arena_strndup(m->plan->mem, text.s, text.len);
}

/* Of the mode of this job, if it is a run; NULL: nothing is shared. */
static struct maker_shared *shared_of(struct maker *m)
{
	struct maker_shared *ret;

	if (!m->kind->is_run || !m->mode || m->run_opts)
		return NULL;
	ret = map_get_n(&m->shared, (const char *)&m->mode, sizeof(m->mode));
	if (!ret) {
		ret = arena_zalloc(mem_of(m), sizeof(*ret));
		map_set_n(&m->shared,
			  arena_memdup(mem_of(m), (const char *)&m->mode, sizeof(m->mode)),
			  sizeof(m->mode), ret);
	}
	return ret;
}

/* KEY=VALUE for make, and quoted for the command. */
static const char *make_word(struct maker *m, const char *key, struct str *segment)
{
	_cleanup_(str_done) struct str word = {0};
	bool is_raw;
	size_t n;

	str_add(&word, key);
	str_addc(&word, '=');
	n = word.len;
	add_value(m, key, &word, &is_raw);
	str_addc(segment, ' ');
	str_addn(segment, word.s, n);
	if (is_raw || strcmp(key, "seed") == 0)
		str_add(segment, word.s + n);
	else
		str_add_shell_word(segment, word.s + n);
	return arena_strndup(m->plan->mem, word.s, word.len);
}

static const char *add_word(struct maker *m, struct maker_shared *shared, size_t k,
			    struct str *line)
{
	size_t before = line->len;
	const char *word;

	if (shared && shared->words[k]) {
		str_add(line, shared->segments[k]);
		return shared->words[k];
	}
	m->varies = false;
	word = make_word(m, m->kind->keys[k], line);
	if (shared && !m->varies) {
		shared->words[k] = word;
		shared->segments[k] = arena_strndup(mem_of(m), line->s + before,
						    line->len - before);
	}
	return word;
}

static void make_command(struct maker *m, struct job_spec *job)
{
	struct maker_shared *shared = shared_of(m);
	_cleanup_(str_done) struct str line = {0};
	const char *makefile = maker_text(m, "flow_makefile");
	const char **argv = arena_array(m->plan->mem, MAKER_KEYS_MOST + 6, sizeof(*argv));
	size_t n = 0;

	argv[n++] = "make";
	argv[n++] = "-f";
	argv[n++] = makefile;
	argv[n++] = m->kind->target;
	str_printf(&line, "make -f %s %s", makefile, m->kind->target);
	if (m->sim->dv->is_dry_run) {
		argv[n++] = "-n";
		str_add(&line, " -n");
	}
	for (size_t k = 0; m->kind->keys[k]; k++)
		argv[n++] = add_word(m, shared, k, &line);
	argv[n] = NULL;
	job->argv = argv;
	job->command = arena_strndup(m->plan->mem, line.s, line.len);
	job->is_split = !strpbrk(makefile, " \t\n'\"\\"); /* all others are quoted */
}

/* ---- one job ---- */

void maker_begin(struct maker *m, const struct job_kind *kind, const struct mode *mode)
{
	if (mode != m->mode || kind != m->kind) {
		map_done(&m->lists);
		m->last_rules = NULL;
	}
	m->kind = kind;
	m->mode = mode;
	m->n_names = 0;
	m->run_opts = NULL;
	m->export_name = NULL;
	m->is_hostile = false;
	m->n_paths = 0;
	maker_set_name(m, "flow", m->sim->name);
	maker_set_name(m, "name", mode ? mode->name : m->sim->name);
}

static const struct job_rules *rules_of(struct maker *m)
{
	struct maker_shared *shared = shared_of(m);
	const struct job_rules *rules;

	if (shared && shared->rules)
		return shared->rules;
	m->varies = false;
	rules = maker_rules(m);
	if (shared && !m->varies)
		shared->rules = rules;
	return rules;
}

bool maker_shares_rules(struct maker *m)
{
	struct maker_shared *shared = shared_of(m);

	return shared && shared->rules;
}

static void check_name(struct maker *m, const struct job_spec *job)
{
	const char *fault = name_dv_job_fault(job->name);

	if (!fault)
		return;
	m->is_wrong = true;
	cfg_error(m->sim->reader.cfg, m->sim->reader.diags,
		  m->mode && m->mode->node ? m->mode->node : cfg_root(m->sim->reader.cfg),
		  "the job's name '%s' %s", text_printable(mem_of(m), job->name), fault);
}

struct job_spec *maker_finish(struct maker *m, struct job_spec *job, const char *name)
{
	struct arena *mem = m->plan->mem;
	const struct mode *mode = m->mode;

	job->name = arena_strdup(mem, name);
	job->id = arena_printf(mem, "%s:%s", m->block->name, name);
	job->subject = arena_strdup(mem, mode ? mode->name : m->sim->name);
	job->block = m->block;
	job->rules = rules_of(m);
	job->odir = path_absolute(mem, maker_text(m, m->kind->odir_key));
	job->log_path = arena_printf(mem, "%s/%s.log", job->odir, m->kind->target);
	if (mode && mode->node && mode->node->pos) {
		job->pos = cfg_pos(m->sim->reader.cfg, mode->node->pos);
		job->pos.file = job->rules->cwd ? arena_strdup(mem, job->pos.file) : NULL;
	}
	make_command(m, job);
	check_name(m, job);
	return job;
}

static void make_block(struct maker *m)
{
	struct dv_block *dv;

	m->block = arena_zalloc(m->plan->mem, sizeof(*m->block));
	m->block->name = arena_strdup(m->plan->mem, m->sim->full_name);
	m->block->scratch_path = path_absolute(m->plan->mem, sim_text(m->sim, "scratch_path", ""));
	dv = dv_plan_add(m->plan, m->sim->reader.cfg, m->sim->dv);
	if (!dv->testpoints) {
		dv->testpoints = m->sim->testplan.points;
		dv->n_testpoints = m->sim->testplan.n;
	}
	m->block->dv = dv;
}

void maker_init(struct maker *m, struct sim *s, struct plan *plan)
{
	_cleanup_(freep) char *cwd = getcwd(NULL, 0);

	*m = (struct maker){.sim = s, .plan = plan};
	m->subst = (struct cfg_subst){.lookup = maker_lookup, .ctx = m};
	m->cwd = arena_strdup(plan->mem, cwd ? cwd : "/");
	maker_index_root(m);
	make_block(m);
}

void maker_copy(struct maker *to, const struct maker *from, struct sim *s, struct plan *plan)
{
	*to = (struct maker){.sim = s,
			     .plan = plan,
			     .subst = from->subst,
			     .cwd = from->cwd,
			     .block = from->block};
	to->subst.ctx = to;
}

void maker_done(struct maker *m)
{
	map_done(&m->shared);
	map_done(&m->patterns);
	map_done(&m->warned);
	map_done(&m->lists);
}
