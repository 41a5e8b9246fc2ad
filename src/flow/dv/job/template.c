/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/job/template.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "job/job_command.h"

static_assert((int)COMMAND_VALUES == (int)N_RUN_VALUES,
	      "a command is made of the values of its run");

/* The texts in struct job_spec that become templates. name is a part of id; argv is a list. */
static const size_t texts[] = {
	offsetof(struct job_spec, id),
	offsetof(struct job_spec, dir),
	offsetof(struct job_spec, log),
};

struct job_template {
	struct job_spec like; /* members that all runs share */
	size_t name_at;	      /* offset of name in id */
	struct template texts[ARRAY_LEN(texts)];
	const struct command_form *form; /* NULL: the command is the same for all runs */
	struct template_list argv;	 /* if argv is not NULL */
	struct job_steps steps;		 /* likewise */
	struct template removed;	 /* steps.remove_unless_passed */
};

static const char **text_of(struct job_spec *job, size_t i)
{
	return (const char **)((char *)job + texts[i]);
}

/* A text that is the same for all runs is copied to plan_mem. */
static bool split_text(struct arena *mem, struct arena *plan_mem, const char *text,
		       struct template *ret)
{
	bool is_exact = standing_split(text, mem, ret);

	if (ret->same)
		ret->same = arena_strdup(plan_mem, ret->same);
	return is_exact;
}

static const struct command_form *form_of(struct arena *plan_mem, const struct template *t)
{
	struct command_form *form = arena_alloc(plan_mem, sizeof(*form));
	struct command_part *parts = arena_array(plan_mem, t->n, sizeof(*parts));

	for (uint32_t i = 0; i < t->n; i++) {
		const struct segment *s = &t->segments[i];

		parts[i] = (struct command_part){.len = s->len, .value = s->value};
		if (s->literal)
			parts[i].text = arena_strndup(plan_mem, s->literal, s->len);
	}
	*form = (struct command_form){.parts = parts, .n = t->n};
	command_form_finish(form);
	return form;
}

static bool split_command(struct job_template *t, struct arena *mem, struct arena *plan_mem)
{
	struct template text;
	bool is_exact = split_text(mem, plan_mem, t->like.command, &text);

	if (text.same)
		t->like.command = text.same;
	else
		t->form = form_of(plan_mem, &text);
	t->like.is_formed = t->form != NULL;
	return is_exact;
}

static bool split_argv(struct job_template *t, struct arena *mem, struct arena *plan_mem,
		       const char *const *argv)
{
	struct template *list;
	bool is_exact = true;

	while (argv && argv[t->argv.n])
		t->argv.n++;
	t->argv.at = list = arena_array(mem, t->argv.n + 1, sizeof(*list));
	for (uint32_t i = 0; i < t->argv.n; i++)
		is_exact &= split_text(mem, plan_mem, argv[i], &list[i]);
	return is_exact;
}

static bool split_steps(struct job_template *t, struct arena *mem, struct arena *plan_mem,
			const struct job_steps *steps)
{
	bool is_exact = true;

	if (!steps)
		return true;
	t->steps = *steps;
	if (steps->remove_unless_passed)
		is_exact = split_text(mem, plan_mem, steps->remove_unless_passed, &t->removed);
	t->steps.remove_unless_passed = t->removed.same;
	t->like.steps = arena_memdup(plan_mem, &t->steps, sizeof(t->steps));
	return is_exact;
}

struct job_template *job_template_new(struct arena *mem, struct arena *plan_mem,
				      const struct job_spec *job)
{
	struct job_template *t = arena_zalloc(mem, sizeof(*t));
	bool is_exact = true;

	t->like = *job;
	t->name_at = (size_t)(job->name - job->id);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		is_exact &= split_text(mem, plan_mem, *text_of(&t->like, i), &t->texts[i]);
	is_exact &= split_command(t, mem, plan_mem);
	is_exact &= split_argv(t, mem, plan_mem, job->argv);
	is_exact &= split_steps(t, mem, plan_mem, job->steps);
	return is_exact ? t : NULL;
}

static const struct formed_command *render_command(const struct job_template *t,
						   struct arena *plan_mem,
						   const struct run_values *values)
{
	struct formed_command *c = arena_alloc(plan_mem, sizeof(*c));

	c->form = t->form;
	for (size_t i = 0; i < ARRAY_LEN(c->values); i++)
		c->values[i] = values->is_kept[i] ? values->text[i]
						  : arena_strdup(plan_mem, values->text[i]);
	return c;
}

static const char *const *render_argv(const struct job_template *t, struct arena *plan_mem,
				      const struct run_values *values)
{
	const char **argv = arena_array(plan_mem, t->argv.n + 1, sizeof(*argv));

	for (uint32_t i = 0; i < t->argv.n; i++)
		argv[i] = template_text(&t->argv.at[i], plan_mem, values->text);
	return argv;
}

static const struct job_steps *render_steps(const struct job_template *t, struct arena *plan_mem,
					    const struct run_values *values)
{
	struct job_steps *steps = arena_memdup(plan_mem, &t->steps, sizeof(t->steps));

	steps->remove_unless_passed = template_text(&t->removed, plan_mem, values->text);
	return steps;
}

void job_template_render(const struct job_template *t, struct arena *plan_mem,
			 const struct run_values *values, struct job_spec *ret)
{
	*ret = t->like;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*text_of(ret, i) = template_text(&t->texts[i], plan_mem, values->text);
	ret->name = ret->id + t->name_at;
	if (t->form)
		ret->formed = render_command(t, plan_mem, values);
	if (ret->argv)
		ret->argv = render_argv(t, plan_mem, values);
	if (t->removed.n && !t->removed.same)
		ret->steps = render_steps(t, plan_mem, values);
}
