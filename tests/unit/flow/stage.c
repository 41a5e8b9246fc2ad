/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "flow/roster.h"
#include "job/job_command.h"

static const struct job_key job_keys[] = {
#define JOB_KEYS(backend, what_for, instead)
#define JOB_KEY(backend, key, is_work) {#backend, #key, is_work},
#include "backends/job_keys.h"
#undef JOB_KEY
#undef JOB_KEYS
	{0},
};

static const char *const talks[] = {"TALKS=1", NULL};
static const char *const backend_types[] = {"local", "chips", "fake", NULL};

static char *replaced(const char *text, const char *unwanted, const char *with)
{
	struct str out = {0};
	const char *at;

	while (*unwanted && (at = strstr(text, unwanted)) != NULL) {
		str_addn(&out, text, (size_t)(at - text));
		str_add(&out, with);
		text = at + strlen(unwanted);
	}
	str_add(&out, text);
	return str_take(&out);
}

static char *print(const struct diags *diags)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	diags_print(diags, to, false, false);
	fclose(to);
	return text;
}

/* The number of a backend in the rules of a job is that of its name. */
static void check_backend(const struct plan *plan, const struct job_rules *r)
{
	if (!r->backend)
		assert_int_equal(r->backend_no, 0);
	else
		assert_string_equal(plan->roster->at[r->backend_no - 1].name, r->backend);
}

static void load(struct stage *s, const char *path, const struct stage_options *options)
{
	struct flow_options flow = {
		.scratch_root = "/scratch", .backend_types = backend_types, .job_keys = job_keys};
	struct cfg_options cfg = {0};
	struct diags diags;
	char *text;

	diags_init(&diags);
	if (options) {
		flow.items = options->items;
		flow.defines = options->defines;
		flow.dv = options->dv;
		flow.excluded = options->excluded;
		flow.limits = options->limits;
		flow.again = options->again;
		flow.is_interactive = options->is_interactive;
		flow.terminal_env = talks;
	}
	if (flow.dv)
		cfg = (struct cfg_options){
			.proj_root = "/p", .scratch_root = "/scratch", .branch = "master"};
	s->cfg = cfg_load(path, &cfg, &diags);
	if (s->cfg)
		s->plan = flow_plan(s->cfg, &flow, &diags);
	assert_int_equal(s->plan == NULL, diags.n_errors > 0);
	for (size_t i = 0; s->plan && i < s->plan->n_jobs; i++)
		check_backend(s->plan, s->plan->jobs[i].rules);
	text = print(&diags);
	s->messages = replaced(text, s->dir, "");
	free(text);
	diags_done(&diags);
}

void stage_open(struct stage *s)
{
	*s = (struct stage){0};
	strcpy(s->dir, "/tmp/dvsched-flow-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	strcat(s->dir, "/");
}

void stage_write(const struct stage *s, const char *path, const char *text)
{
	struct arena *a = arena_new();
	const char *full = path_join(a, s->dir, path);
	FILE *f;

	assert_int_equal(fs_mkdirs(path_dir(a, full), 0755), 0);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	arena_free(a);
}

void stage_load(struct stage *s, const struct stage_options *options)
{
	char path[128];

	snprintf(path, sizeof(path), "%st.hjson", s->dir);
	load(s, path, options);
	fs_remove_tree(s->dir);
}

void stage_set(struct stage *s, const char *text, const struct stage_options *options)
{
	stage_open(s);
	stage_write(s, "t.hjson", text);
	stage_load(s, options);
}

char *stage_without_dir(const struct stage *s, char *text)
{
	char dir[sizeof(s->dir)], *ret;

	snprintf(dir, sizeof(dir), "%s", s->dir);
	if (*dir)
		dir[strlen(dir) - 1] = '\0';
	ret = replaced(text, dir, ".");
	free(text);
	return ret;
}

void stage_set_file(struct stage *s, const char *path)
{
	*s = (struct stage){0};
	load(s, path, NULL);
}

void stage_done(struct stage *s)
{
	plan_free(s->plan);
	cfg_free(s->cfg);
	free(s->messages);
	*s = (struct stage){0};
}

const struct job_spec *stage_job(const struct stage *s, const char *name)
{
	if (!s->plan)
		fail_msg("there is no plan: %s", s->messages);
	for (size_t i = 0; i < s->plan->n_jobs; i++)
		if (strcmp(s->plan->jobs[i].name, name) == 0)
			return &s->plan->jobs[i];
	fail_msg("there is no job '%s'", name);
	return NULL;
}

const char *stage_command(const struct stage *s, size_t i)
{
	_cleanup_(str_done) struct str room = {0};

	return arena_strdup(s->plan->mem, job_command(&s->plan->jobs[i], &room));
}

char *stage_names(const struct stage *s)
{
	struct str out = {0};

	if (!s->plan)
		fail_msg("there is no plan: %s", s->messages);
	for (size_t i = 0; i < s->plan->n_jobs; i++)
		str_printf(&out, "%s%s", i ? " " : "", s->plan->jobs[i].name);
	return str_take(&out);
}

char *stage_deps(const struct stage *s, const char *name)
{
	const struct job_spec *job = stage_job(s, name);
	struct str out = {0};

	for (uint32_t i = 0; i < job->n_needs + job->n_any; i++)
		str_printf(&out, "%s%s%s", i ? " " : "", i == job->n_needs ? "| " : "",
			   s->plan->jobs[job->deps[i]].name);
	return str_take(&out);
}

char *stage_argv(const struct job_spec *job)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	const char *const *argv = job_argv(job, mem);
	struct str out = {0};

	for (const char *const *w = argv; *w; w++)
		str_printf(&out, "%s<%s>", w > argv ? " " : "", *w);
	return str_take(&out);
}

void assert_text(char *actual, const char *expected)
{
	assert_string_equal(actual, expected);
	free(actual);
}

void assert_said(const char *text, const char *expected)
{
	struct stage s;

	stage_set(&s, text, NULL);
	assert_string_equal(s.messages, expected);
	stage_done(&s);
}

/* "    12 | …" or "       | …" */
static bool is_excerpt(const char *line)
{
	line += strspn(line, " 0123456789");
	return strncmp(line, "| ", 2) == 0;
}

void assert_told(const char *text, const struct stage_options *options, const char *expected)
{
	struct str brief = {0};
	struct stage s;

	stage_set(&s, text, options);
	str_reserve(&brief, 0);
	for (const char *line = s.messages; *line;) {
		size_t len = strcspn(line, "\n") + 1;

		if (!is_excerpt(line))
			str_addn(&brief, line, len);
		line += len;
	}
	if (strcmp(brief.s, expected) != 0)
		fprintf(stderr, "for:\n%s\n", text);
	assert_text(str_take(&brief), expected);
	stage_done(&s);
}
