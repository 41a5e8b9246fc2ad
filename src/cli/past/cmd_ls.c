/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched ls`: the jobs of a run, one per line, with numbers that `show` and `log` take. */
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "cli/output/table.h"
#include "cli/past/job_text.h"
#include "cli/past/job_word.h"
#include "cli/past/past.h"
#include "cli/past/past_view.h"
#include "report/ending/causes.h"

static const struct src_pos nowhere;

struct ls {
	struct past_view view;
	VEC(uint32_t) jobs; /* those to print, in the order of the plan */
	bool *is_in_bucket; /* by job; NULL: buckets are not asked for */
};

/* ---- which jobs ---- */

static int ls_find_bucket(struct ls *l, unsigned number)
{
	size_t n_jobs = l->view.record.plan->n_jobs;
	struct causes causes;
	size_t n;

	causes_find(&causes, n_jobs, run_record_row, &l->view.record);
	n = causes.n_buckets;
	l->is_in_bucket = xcalloc(n_jobs, sizeof(*l->is_in_bucket));
	if (number <= n)
		for (uint32_t i = causes.buckets[number - 1]->first; i != CAUSES_NO_JOB;
		     i = causes.next[i])
			l->is_in_bucket[i] = true;
	causes_done(&causes);
	if (number <= n)
		return 0;
	diag_error(l->view.diags, nowhere, "--bucket %u: the run has %zu kind%s of failure", number,
		   n, n == 1 ? "" : "s");
	return -1;
}

static bool is_listed(const struct ls *l, const struct result_row *row, uint32_t i)
{
	const struct args *a = l->view.args;

	if (opt_has(a, OPT_ONLY_FAILED) && row->status != JOB_FAILED && row->status != JOB_KILLED)
		return false;
	if (opt_has(a, OPT_ONLY_RUNNING) && row->status != JOB_RUNNING)
		return false;
	if (opt_has(a, OPT_ONLY_FLAKY) && !(row->marks & MARK_FLAKY))
		return false;
	return !l->is_in_bucket || l->is_in_bucket[i];
}

static int choose_jobs(struct ls *l)
{
	const struct args *a = l->view.args;

	if (opt_has(a, OPT_BUCKET)) {
		unsigned n = opt_uint(a, OPT_BUCKET, 1, UINT32_MAX, 1, l->view.diags);

		if (l->view.diags->n_errors || ls_find_bucket(l, n) < 0)
			return -1;
	}
	for (uint32_t i = 0; i < l->view.record.plan->n_jobs; i++) {
		struct result_row row = past_view_row(&l->view, i);

		if (is_listed(l, &row, i))
			vec_push(&l->jobs, i);
	}
	return 0;
}

/* ---- output ---- */

static void list_print_json(struct ls *l)
{
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_array(&out);
	for (size_t i = 0; i < l->jobs.n; i++) {
		struct result_row row = past_view_row(&l->view, l->jobs.at[i]);

		jout_break(&out);
		results_write_job(&out, &row);
		final_part(&out.buf);
	}
	jout_array_end(&out);
	final_json(&out);
}

static enum table_color color_of(enum job_status s)
{
	if (s == JOB_FAILED || s == JOB_KILLED)
		return TABLE_BAD;
	return s == JOB_PASSED ? TABLE_GOOD : TABLE_PLAIN;
}

static void list_add_row(struct ls *l, struct table *t, size_t i, bool has_numbers)
{
	struct result_row row = past_view_row(&l->view, l->jobs.at[i]);
	_cleanup_(str_done) struct str text = {0};

	if (has_numbers) {
		str_printf(&text, "%%%zu", i + 1);
		table_add(t, text.s, TABLE_DIM);
		str_clear(&text);
	}
	job_text_add_status(&text, &row);
	table_add(t, text.s, color_of(row.status));
	str_clear(&text);
	job_text_add_time(&text, &row, l->view.is_live);
	table_add(t, text.len ? text.s : "-", TABLE_PLAIN);
	table_add(t, row.spec->id, TABLE_PLAIN);
	table_add(t, row.message ? row.message : "", TABLE_PLAIN);
}

static void list_print_table(struct ls *l)
{
	static const char *const titles[] = {"", "STATUS", "TIME", "JOB", "WHY"};
	const struct plan *plan = l->view.record.plan;
	bool has_numbers = job_numbers_store(l->view.scratch_root, path_base(l->view.record.path),
					     plan, l->jobs.at, l->jobs.n);
	unsigned first = has_numbers ? 0 : 1;
	struct str out = {0};
	struct table t;

	table_init(&t, titles + first, ARRAY_LEN(titles) - first,
		   load_wants_color(l->view.args, STDOUT_FILENO));
	for (size_t i = 0; i < l->jobs.n; i++)
		list_add_row(l, &t, i, has_numbers);
	table_print(&t, &out);
	final_write(out.s, out.len);
	str_done(&out);
	table_done(&t);
}

static int list_run(struct ls *l)
{
	const struct args *a = l->view.args;

	if (a->n_words > 1 || a->n_after) {
		diag_error(l->view.diags, nowhere, "'ls' takes one run, and nothing more");
		return -1;
	}
	if (load_common(a, l->view.diags) < 0 || past_view_open(&l->view, a->words[0]) < 0 ||
	    choose_jobs(l) < 0)
		return -1;
	if (opt_has(a, OPT_JSON))
		list_print_json(l);
	else
		list_print_table(l);
	return 0;
}

int cmd_ls(const struct args *args)
{
	struct diags diags;
	struct ls l = {.view = {.args = args, .diags = &diags}};
	int rc;

	diags_init(&diags);
	rc = list_run(&l) < 0 ? EXIT_USAGE : EXIT_PASSED;
	diags_print(&diags, stderr, load_wants_color(args, STDERR_FILENO), false);
	past_view_done(&l.view);
	vec_done(&l.jobs);
	free(l.is_in_bucket);
	diags_done(&diags);
	return rc;
}
