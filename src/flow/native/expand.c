/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/expand.h"

#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "flow/names.h"
#include "flow/native/command.h"
#include "flow/native/rules.h"
#include "flow/seeds.h"
#include "job/job_needs.h"
#include "job/job_paths.h"

struct expander {
	struct load *load;
	struct plan *plan;
	const struct job_block *block;
	struct map *by_name;
	struct entry *entry; /* being expanded */
	struct rules_maker rules;
	const char **values;
	struct str text;
	struct str odir, log, needs_path; /* values of the job being made */
	bool has_error; /* of this entry; its other jobs would have the same one */
	struct expand_faults faults;
};

static struct diag *expander_refuse(struct expander *x, const struct template *t, const char *what)
{
	x->has_error = true;
	return cfg_error(x->load->cfg, x->load->diags, t->text->at, "%s", what);
}

static void refuse_name(struct expander *x, const char *name, const char *fault)
{
	_cleanup_(str_done) struct str shown = {0};
	size_t len = strlen(name);

	str_reserve(&shown, 0);
	str_add_printable(&shown, name, len > 60 ? 60 : len);
	expander_refuse(x, &x->entry->name,
			arena_printf(x->load->mem, "the job name '%s%s' %s", shown.s,
				     len > 60 ? "…" : "", fault));
}

/* The axes that the name does not mention, as {words}; "" if it mentions all. */
static const char *missing_axes(struct expander *x)
{
	const struct entry *e = x->entry;
	_cleanup_(str_done) struct str out = {0};

	str_reserve(&out, 0);
	for (uint32_t i = 0; i < e->sweep.n_axes; i++)
		if (!template_uses(&e->name, VALUE_FIRST_AXIS + i))
			str_printf(&out, "%s{%s}", out.len ? " " : "", e->sweep.axes[i]);
	return arena_strndup(x->load->mem, out.s, out.len);
}

static void refuse_twin(struct expander *x, const char *name, size_t number)
{
	const char *missing = missing_axes(x);
	struct diag *e;

	if (number >= x->entry->first) {
		e = expander_refuse(x, &x->entry->name,
				    arena_printf(x->load->mem,
						 "several jobs of this sweep are named '%s'",
						 name));
		if (*missing)
			diag_hint(e, "put the axes of the sweep into the name: %s", missing);
		return;
	}
	e = expander_refuse(x, &x->entry->name,
			    arena_printf(x->load->mem, "job '%s' is defined more than once", name));
	diag_note(e, x->plan->jobs[number].pos, "the first is here");
}

/* Id, name and directory share one string. A refused name is put into by_name, too: other jobs may
 * need it. */
static void set_name(struct expander *x, struct job_spec *job, uint32_t number)
{
	size_t root_len = strlen(x->block->scratch_path);
	const char *fault;
	uintptr_t twin;

	str_clear(&x->text);
	template_render(&x->entry->name, x->values, &x->text);
	fault = name_job_fault(x->text.s);
	if (!fault && root_len + x->text.len + sizeof("//log") > PATH_MAX)
		fault = "makes the path of its log too long";
	if (fault)
		refuse_name(x, x->text.s, fault);
	job->id = job->name = job->dir = arena_strndup(x->plan->mem, x->text.s, x->text.len);
	job->log = "log";
	twin = (uintptr_t)map_set_n(x->by_name, job->name, x->text.len,
				    (void *)(uintptr_t)(number + 1));
	if (twin && !fault)
		refuse_twin(x, job->name, twin - 1);
	x->faults.has_twins |= twin != 0;
}

static const char *expander_render(struct expander *x, const struct template *t)
{
	return t->same ? arena_strdup(x->plan->mem, t->same)
		       : template_text(t, x->plan->mem, x->values);
}

static void set_argv(struct expander *x, struct job_spec *job, const struct job_spec *before)
{
	const struct template_list *list = &x->entry->argv;
	const char **argv;

	if (before && template_list_is_same(list)) {
		job->argv = before->argv;
		job->command = before->command;
		job->has_attempt |= before->has_attempt;
		return;
	}
	argv = arena_array(x->plan->mem, list->n + 1u, sizeof(*argv));

	for (uint32_t i = 0; i < list->n; i++) {
		job->has_attempt |= list->at[i].has_attempt;
		if (before && list->at[i].same)
			argv[i] = before->argv[i];
		else
			argv[i] = expander_render(x, &list->at[i]);
	}
	job->argv = argv;
	job->command = command_shown_argv(x->plan->mem, argv);
}

static void set_command(struct expander *x, struct job_spec *job, const struct job_spec *before)
{
	const struct template *t = &x->entry->command;
	const char *text;

	job->has_attempt |= t->has_attempt;
	if (before && t->same) {
		job->argv = before->argv;
		job->command = before->command;
		return;
	}
	text = expander_render(x, t);
	job->argv = command_argv(x->plan->mem, text);
	job->command = command_shown(x->plan->mem, text);
	if (!job->argv)
		expander_refuse(
			x, t,
			arena_printf(x->load->mem, "the command of '%s' is blank", job->name));
}

/* The values as they are inside JSON strings. */
static const char **escaped_values(struct expander *x)
{
	size_t n = VALUE_FIRST_AXIS + x->entry->sweep.n_axes;
	const char **values = arena_memdup(x->load->mem, x->values, n * sizeof(*values));

	for (size_t i = 0; i < n; i++)
		if (values[i])
			values[i] = word_template_json_value(x->load->mem, values[i]);
	return values;
}

static void set_request(struct expander *x, struct job_spec *job, const struct job_spec *before)
{
	const struct template *t = &x->entry->request;

	if (!t->text)
		return;
	job->has_attempt |= t->has_attempt;
	if (before && t->same) {
		job->request = before->request;
		return;
	}
	str_clear(&x->text);
	template_render(t, escaped_values(x), &x->text);
	job->request = arena_strndup(x->plan->mem, x->text.s, x->text.len);
}

/* A job without a command: its request to the backend is shown as its command. */
static void set_request_as_command(struct expander *x, struct job_spec *job)
{
	static const char *const argv[] = {"true", NULL};

	job->argv = arena_memdup(x->plan->mem, argv, sizeof(argv));
	job->command = command_shown(x->plan->mem, job->request ? job->request : "");
	job->is_request = true;
}

static void set_seed(struct expander *x, struct job_spec *job)
{
	const char *seed;

	if (!x->entry->has_seed)
		return;
	seed = expander_render(x, &x->entry->seed);
	if (*seed && seed[strspn(seed, "0123456789")] == '\0')
		job->seed = seed_number(x->plan->mem, seed);
	else if (x->entry->must_be_seed)
		expander_refuse(x, &x->entry->seed,
				arena_printf(x->load->mem,
					     "the seed of '%s' must be digits, not \"%s\"",
					     job->name, text_printable(x->load->mem, seed)));
}

/* The paths are valid until the next job; rendered texts have copies of them. */
static void set_paths(struct expander *x, const struct job_spec *job)
{
	x->values[VALUE_ODIR] = job_odir(job, &x->odir);
	x->values[VALUE_LOG] = job_log_path(job, &x->log);
	str_clear(&x->needs_path);
	job_add_odir(&x->needs_path, job);
	str_add(&x->needs_path, "/" JOB_NEEDS_NAME);
	x->values[VALUE_NEEDS] = x->needs_path.s;
}

/* The target is a row of the status table and of reports: one line. */
static void check_target(struct expander *x, const char *target)
{
	const struct text *written = x->entry->target.text;

	if (!text_is_line(target) && text_is_clean(written->s))
		expander_refuse(x, &x->entry->target,
				arena_printf(x->load->mem, "'target' holds a control character: %s",
					     text_printable(x->load->mem, target)));
}

static void set_what_runs(struct expander *x, struct job_spec *job, const struct job_spec *before)
{
	x->values[VALUE_NAME] = job->name;
	set_paths(x, job);
	job->rules = rules_get(&x->rules, x->values);
	if (!before || before->rules != job->rules)
		check_target(x, job->rules->target);
	for (uint32_t i = 0; i < x->entry->env.n; i++)
		job->has_attempt |= x->entry->env.at[i].has_attempt;
	set_request(x, job, before);
	if (x->entry->argv.n)
		set_argv(x, job, before);
	else if (!x->entry->command.text)
		set_request_as_command(x, job);
	else
		set_command(x, job, before);
	set_seed(x, job);
}

static void make_job(struct expander *x, uint32_t number)
{
	struct job_spec *job = &x->plan->jobs[number];
	bool is_first = number == x->entry->first;
	const struct job_spec *before = is_first ? NULL : job - 1;

	job->block = x->block;
	job->pos = x->entry->pos;
	x->values[VALUE_NAME] = NULL;
	set_name(x, job, number);
	set_what_runs(x, job, before);
}

/* ---- entries ---- */

static void begin_entry(struct expander *x, struct entry *e)
{
	x->entry = e;
	x->load = e->load;
	x->has_error = false;
	x->values = arena_array(x->load->mem, VALUE_FIRST_AXIS + e->sweep.n_axes,
				sizeof(*x->values));
	rules_init(&x->rules, x->load, x->plan->mem, e);
}

static void expand_entry(struct expander *x, struct entry *e)
{
	begin_entry(x, e);
	for (size_t i = 0; i < e->n && !x->has_error; i++) {
		sweep_row(&e->sweep, i, x->values + VALUE_FIRST_AXIS);
		make_job(x, (uint32_t)(e->first + i));
	}
	x->faults.is_cut |= x->has_error && e->n > 1;
	rules_done(&x->rules);
}

static void expander_done(struct expander *x)
{
	str_done(&x->text);
	str_done(&x->odir);
	str_done(&x->log);
	str_done(&x->needs_path);
}

void expand_stage(struct plan *plan, struct entry *e, const struct job_spec *job, const char *stage,
		  struct job_spec *ret)
{
	struct expander x = {.plan = plan};

	job_stage_init(ret, job);
	ret->stage = stage;
	begin_entry(&x, e);
	set_what_runs(&x, ret, NULL);
	rules_done(&x.rules);
	expander_done(&x);
}

static const struct job_block *make_block(struct plan *plan)
{
	struct job_block *block = arena_zalloc(plan->mem, sizeof(*block));

	block->name = plan->name;
	block->scratch_path = path_join(plan->mem, plan->scratch_root, plan->name);
	return block;
}

struct expand_faults expand_entries(struct plan *plan, struct entry *entries, size_t n_entries,
				    struct map *by_name)
{
	struct expander x = {.plan = plan, .block = make_block(plan), .by_name = by_name};

	plan->n_jobs = 0;
	for (size_t i = 0; i < n_entries; i++) {
		entries[i].first = plan->n_jobs;
		entries[i].n = entries[i].sweep.n_jobs;
		plan->n_jobs += entries[i].n;
	}
	plan->jobs = arena_array(plan->mem, plan->n_jobs, sizeof(*plan->jobs));
	for (size_t i = 0; i < n_entries; i++)
		expand_entry(&x, &entries[i]);
	expander_done(&x);
	return x.faults;
}
