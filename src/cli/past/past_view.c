/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/past/past_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/load/past_choice.h"
#include "cli/load/past_scratch.h"
#include "cli/past/job_word.h"

static const struct src_pos nowhere;

static int past_view_fail(struct past_view *v, struct error *err, const char *hint)
{
	struct diag *e = diag_error(v->diags, nowhere, "%s", err->msg);

	if (hint)
		diag_hint(e, "%s", hint);
	error_done(err);
	return -1;
}

static int read_record(struct past_view *v, const char *path)
{
	struct error err = {0};

	if (run_record_open(&v->record, path, &err) < 0)
		return past_view_fail(v, &err, NULL);
	run_record_read(&v->record);
	if (v->record.is_partial && results_are_final(path)) {
		diag_hint(diag_error(v->diags, nowhere, "what became of the jobs is not known: %s",
				     v->record.note.s),
			  "%s/" RESULTS_NAME " may have it", path);
		return -1;
	}
	if (v->record.note.len)
		diag_warning(v->diags, nowhere, "%s: %s", path_base(path), v->record.note.s);
	v->is_live = !results_are_final(path);
	if (!v->is_live)
		run_record_close(&v->record, REASON_LOST, v->record.last_s);
	return 0;
}

int past_view_open(struct past_view *v, const char *run)
{
	struct past_query query = {.which = run ? run : "latest"};
	struct error err = {0};
	struct past_run found;

	if (!v->scratch_root)
		v->scratch_root = past_scratch_find(v->args, NULL, v->args->mem);
	query.scratch_root = v->scratch_root;
	if (past_query_run(&query, v->args->mem, &found, &err) != PAST_FOUND)
		return past_view_fail(
			v, &err,
			"-sr DIR says where to look; RUN is an id, a prefix of one, or a "
			"directory");
	return read_record(v, found.path);
}

int past_view_open_job(struct past_view *v, uint32_t *ret)
{
	const struct args *a = v->args;
	struct job_word word = {0};
	struct error err = {0};

	if (a->n_words < 1 || a->n_words > 2 || a->n_after) {
		diag_hint(diag_error(v->diags, nowhere, "'%s' takes a job: [RUN] JOB",
				     a->command->name),
			  "`dvsched ls` lists the jobs of the newest run");
		return -1;
	}
	v->scratch_root = past_scratch_find(a, NULL, a->mem);
	if (job_word_read(&word, a->words[a->n_words - 1], v->scratch_root, a->mem, &err) < 0)
		return past_view_fail(v, &err, "`dvsched ls` prints a list with numbers");
	if (past_view_open(v, a->n_words == 2 ? a->words[0] : word.run) < 0)
		return -1;
	return job_word_find(&word, v->record.plan, ret, v->diags);
}

void past_view_done(struct past_view *v)
{
	if (v->record.mem)
		run_record_done(&v->record);
}

struct result_row past_view_row(struct past_view *v, uint32_t job)
{
	struct result_row row;

	run_record_row(&v->record, job, &row);
	return row;
}
