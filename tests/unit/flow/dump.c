/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as text: each job with the values that differ from the defaults. Such texts are in
 * expected/. With DVSCHED_WRITE_EXPECTED set, the tests write them, and `git diff` shows the
 * changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "dvsim/dv_block.h"
#include "job/job_paths.h"
#include "stage.h"

static void dump_words(struct str *out, const char *label, const char *const *words)
{
	if (!words || !*words)
		return;
	str_printf(out, "  %s", label);
	for (; *words; words++)
		str_printf(out, " <%s>", *words);
	str_addc(out, '\n');
}

/* A word on each line, if they are many. */
static void dump_argv(struct str *out, const char *const *argv)
{
	size_t n = 0;

	for (size_t i = 0; argv[i]; i++)
		n += strlen(argv[i]) + 3;
	for (size_t i = 0; argv[i]; i++)
		str_printf(out, "%s<%s>",
			   i == 0    ? "  runs "
			   : n > 100 ? "\n       "
				     : " ",
			   argv[i]);
	str_addc(out, '\n');
}

static void dump_text(struct str *out, const char *label, const char *text)
{
	if (text)
		str_printf(out, "  %s %s\n", label, text);
}

static void dump_number(struct str *out, const char *label, double number, double otherwise)
{
	if (number != otherwise)
		str_printf(out, "  %s %g\n", label, number);
}

static void dump_flag(struct str *out, const char *label, bool is_set)
{
	if (is_set)
		str_printf(out, "  %s\n", label);
}

static void dump_patterns(struct str *out, const char *label, const struct pattern_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		str_printf(out, "  %s <%s>\n", label, list->at[i].text);
}

static void dump_needs(struct str *out, const struct job_rules *r)
{
	for (uint32_t i = 0; i < r->n_resources; i++)
		str_printf(out, "  resource %s %u\n", r->resources[i].name, r->resources[i].count);
	for (uint32_t i = 0; i < r->n_backend_keys; i++)
		str_printf(out, "  key %s.%s %s\n", r->backend_keys[i].backend,
			   r->backend_keys[i].key, r->backend_keys[i].json);
}

static void dump_retry(struct str *out, const struct retry_rules *retry)
{
	static const char *const ons[] = {"any", "infra", "job", "timeout"};

	if (retry->max)
		str_printf(out, "  retries %u on %s after %g s%s\n", retry->max, ons[retry->on],
			   retry->backoff_s, retry->reuse ? ", in the same directory" : "");
}

static bool is_here(const char *path)
{
	_cleanup_(freep) char *here = getcwd(NULL, 0);

	return strcmp(path, here) == 0;
}

static void dump_rules(struct str *out, const struct job_rules *r)
{
	dump_text(out, "target", r->target);
	dump_text(out, "backend", r->backend);
	dump_text(out, "cwd", is_here(r->cwd) ? "of the test" : r->cwd);
	dump_text(out, "tool", r->tool);
	dump_words(out, "env", r->env);
	dump_words(out, "terminal env", r->terminal_env);
	dump_words(out, "tags", r->tags);
	dump_words(out, "keep", r->keep);
	dump_patterns(out, "pass", &r->pass_patterns);
	dump_patterns(out, "fail", &r->fail_patterns);
	dump_needs(out, r);
	dump_retry(out, &r->retry);
	dump_number(out, "timeout", r->timeout_s, 0);
	dump_text(out, "timeout text", r->timeout_text);
	dump_number(out, "grace", r->grace_s, -1);
	dump_number(out, "log", (double)r->max_log_bytes, 0);
	if (r->limits) {
		dump_number(out, "memory", (double)r->limits->memory_bytes, 0);
		dump_number(out, "processes", r->limits->n_processes, 0);
		dump_number(out, "CPU time", r->limits->cpu_s, 0);
		dump_number(out, "files", r->limits->n_files, 0);
		dump_number(out, "stall", r->limits->stall_s, 0);
	}
	dump_number(out, "weight", r->weight, 0);
	dump_number(out, "cpus", r->cpus, 1);
	dump_number(out, "max_odirs", r->max_odirs, 5);
	dump_flag(out, "leak fails", r->leak == LEAK_FAIL);
	dump_flag(out, "finally", r->is_finally);
	dump_flag(out, "renews its directory", r->renew_odir);
	dump_flag(out, "plain stamps", r->plain_stamps);
	dump_flag(out, "dumps its environment", r->dump_env);
	dump_flag(out, "is a command line", r->is_command);
	dump_flag(out, "is interactive", r->is_interactive);
	dump_flag(out, "is shown", r->is_shown);
	dump_flag(out, "is a dry run", r->is_dry_run);
	dump_text(out, "reads log as", r->log_reader);
}

static void dump_steps(struct str *out, const struct job_steps *steps)
{
	if (!steps)
		return;
	dump_text(out, "removes before", steps->remove_before);
	if (steps->write_path)
		str_printf(out, "  writes %s: %s", steps->write_path, steps->write_text);
	dump_text(out, "removes unless passed", steps->remove_unless_passed);
	if (steps->reader)
		str_printf(out, "  reads %s of %s\n", steps->reader, steps->read_path);
}

static void dump_deps(struct str *out, const struct plan *plan, const struct job_spec *job)
{
	uint32_t n_needs = job->n_needs, n_any = job->n_any;

	for (uint32_t i = 0; i < job_n_deps(job); i++)
		str_printf(out, "  %s %s\n",
			   i < n_needs		 ? "needs"
			   : i < n_needs + n_any ? "needs any"
						 : "waits for",
			   plan->jobs[job->deps[i]].id);
}

static void dump_job(struct str *out, const struct plan *plan, const struct job_spec *job)
{
	_cleanup_(str_done) struct str room = {0};
	_cleanup_(arena_freep) struct arena *mem = arena_new();

	str_printf(out, "%s%s%s\n", job->id, job->stage ? " stage " : "",
		   job->stage ? job->stage : "");
	if (strcmp(job->name, job->id) != 0)
		dump_text(out, "name", job->name);
	dump_text(out, "subject", job->subject);
	dump_text(out, "seed", job->seed);
	if (!job->is_request)
		dump_argv(out, job_argv(job, mem));
	dump_text(out, "request", job->request);
	dump_rules(out, job->rules);
	dump_text(out, "odir", job_odir(job, &room));
	dump_text(out, "log", job_log_path(job, &room));
	dump_flag(out, "knows its attempt", job->has_attempt);
	for (uint32_t i = 0; i < job->n_settled; i++)
		dump_text(out, "needed", job->settled[i].id);
	dump_steps(out, job->steps);
	dump_deps(out, plan, job);
	for (uint32_t i = 0; i < job->n_fallback; i++)
		dump_job(out, plan, &job->fallback[i]);
}

static void dump_limits(struct str *out, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n_limits; i++) {
		const struct resource_limit *l = &plan->limits[i];

		str_printf(out, "  limit %s", l->name);
		if (l->count == RESOURCE_UNLIMITED)
			str_add(out, " unlimited");
		else
			str_printf(out, " %u", l->count);
		for (uint32_t k = 0; l->units && k < l->count; k++)
			str_printf(out, "%s%u", k ? "," : ": ", l->units[k]);
		str_addc(out, '\n');
	}
}

static void dump_testpoints(struct str *out, const struct dv_block *b)
{
	for (size_t i = 0; i < b->n_testpoints; i++) {
		const struct dv_testpoint *p = &b->testpoints[i];

		str_printf(out, "  testpoint %s of %s:", p->name, p->stage);
		for (size_t k = 0; k < p->n_tests; k++)
			str_printf(out, " %s", p->tests[k]);
		str_printf(out, "%s\n", p->is_not_mapped ? " (not mapped)" : "");
	}
}

static void dump_buckets(struct str *out, const struct dv_block *b)
{
	for (size_t i = 0; i < b->n_message_buckets; i++) {
		const struct dv_message_bucket *m = &b->message_buckets[i];

		str_printf(out, "  bucket %s %s %s\n", m->category, m->severity,
			   m->label ? m->label : "-");
	}
}

static void dump_dv_block(struct str *out, const struct dv_block *b)
{
	static const char *const kinds[] = {
		[DV_SIM] = "sim", [DV_LINT] = "lint", [DV_CDC] = "cdc",
		[DV_RDC] = "rdc", [DV_SYN] = "syn",   [DV_FORMAL] = "formal",
	};

	str_printf(out, "report of %s, flow %s\n", b->name, kinds[b->kind]);
	dump_text(out, "variant", b->variant);
	dump_text(out, "tool", b->tool);
	dump_text(out, "path", b->rel_path);
	dump_text(out, "testplan", b->testplan);
	dump_text(out, "testplan link", b->testplan_ref);
	dump_testpoints(out, b);
	dump_text(out, "build seed", b->build_seed);
	dump_text(out, "coverage page", b->cov_report_page);
	dump_text(out, "coverage directory", b->cov_report_dir);
	dump_text(out, "plan page", b->vplan_report_page);
	dump_flag(out, "has coverage", b->has_cov);
	dump_flag(out, "shows the full testplan", b->map_full_testplan);
	dump_words(out, "reports", b->report_severities);
	dump_words(out, "fails by", b->fail_severities);
	dump_buckets(out, b);
	dump_number(out, "messages", (double)b->max_msg_count, -1);
	dump_flag(out, "is a style lint", b->is_style_lint);
	dump_flag(out, "has a report command", b->has_report_cmd);
	dump_text(out, "kind", b->sub_flow);
	dump_text(out, "title", b->title);
}

static void dump_dv(struct str *out, const struct dv_plan *dv)
{
	if (!dv)
		return;
	dump_text(out, "reports in", dv->reports_dir);
	if (dv->top)
		dump_dv_block(out, dv->top);
	for (size_t i = 0; i < dv->n_blocks; i++)
		dump_dv_block(out, dv->blocks[i]);
}

static void dump_plan(struct str *out, const struct plan *plan)
{
	const struct job_block *block = NULL;

	str_printf(out, "plan %s of flow %s in %s\n", plan->name, plan->flow, plan->scratch_root);
	dump_flag(out, "has a seed base", plan->seed_base != NULL); /* it may be random */
	dump_limits(out, plan);
	dump_number(out, "keeps runs", plan->keep_runs, PLAN_KEEP_RUNS);
	dump_flag(out, "links what passed", plan->has_passed_links);
	dump_flag(out, "orders by id", plan->is_by_id);
	dump_flag(out, "may run beside another", plan->may_share);
	dump_flag(out, "may move", plan->may_move);
	dump_flag(out, "is a rehearsal", plan->is_rehearsal);
	for (size_t i = 0; i < plan->n_jobs; i++) {
		if (plan->jobs[i].block != block)
			str_printf(out, "  block %s in %s\n", plan->jobs[i].block->name,
				   plan->jobs[i].block->scratch_path);
		block = plan->jobs[i].block;
	}
	dump_dv(out, plan->dv);
}

char *stage_dump(const struct stage *s)
{
	struct str out = {0};

	str_reserve(&out, 0);
	if (!s->plan)
		fail_msg("there is no plan: %s", s->messages);
	dump_plan(&out, s->plan);
	for (size_t i = 0; i < s->plan->n_jobs; i++)
		dump_job(&out, s->plan, &s->plan->jobs[i]);
	return stage_without_dir(s, str_take(&out));
}

static void write_expected(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Where the first line begins that differs. */
static size_t first_difference(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	while (i > 0 && a[i - 1] != '\n')
		i--;
	return i;
}

void assert_expected(const char *name, char *text)
{
	_cleanup_(str_done) struct str path = {0}, expected = {0};
	struct error err = {0};
	size_t at;

	str_printf(&path, SOURCE_ROOT "/tests/unit/flow/expected/%s.txt", name);
	if (getenv("DVSCHED_WRITE_EXPECTED"))
		write_expected(path.s, text);
	if (fs_read_file(path.s, 1 << 20, &expected, &err) < 0)
		fail_msg("%s", err.msg);
	at = first_difference(expected.s, text);
	if (expected.s[at] || text[at])
		fail_msg("%s.txt has\n%.400s\n… now it is\n%.400s…\nDVSCHED_WRITE_EXPECTED=1 "
			 "writes it anew",
			 name, expected.s + at, text + at);
	free(text);
}
