/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched show`: all that is known of one job of a run. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "cli/past/job_text.h"
#include "cli/past/past.h"
#include "cli/past/past_view.h"
#include "job/job_paths.h"

enum { NEEDS_SHOWN = 20 };

struct shown_job {
	struct past_view view;
	uint32_t job;
	struct result_row row;
	struct str out;
};

/* ---- lines ---- */

/* "  why       text": no line if there is no text; later lines of the text are indented. */
static void show_line(struct shown_job *s, const char *what, const char *text)
{
	for (bool is_first = true; text && *text; is_first = false) {
		size_t n = strcspn(text, "\n");

		str_printf(&s->out, "  %-9s ", is_first ? what : "");
		str_add_printable(&s->out, text, n);
		str_addc(&s->out, '\n');
		text += n + (text[n] == '\n');
	}
}

static void show_head(struct shown_job *s)
{
	_cleanup_(str_done) struct str why = {0};
	const struct result_row *row = &s->row;
	const struct job_result *last = row->n_attempts ? &row->attempts[row->n_attempts - 1].result
							: NULL;

	str_add_printable(&s->out, row->spec->id, strlen(row->spec->id));
	str_add(&s->out, "  ");
	job_text_add_status(&s->out, row);
	if (row->reason != REASON_NONE)
		str_printf(&s->out, "  %s, class %s", job_reason_name(row->reason),
			   job_class_name(job_reason_class(row->reason)));
	str_addc(&s->out, '\n');
	if (row->message)
		str_add(&why, row->message);
	if (row->message && last && last->line)
		str_printf(&why, " (log:%" PRIu32 ")", last->line);
	show_line(s, "why", why.s);
	show_line(s, "cause", row->cause);
	show_line(s, "run", path_base(s->view.record.path));
	show_line(s, "from", row->from);
}

static void show_work(struct shown_job *s)
{
	const struct job_spec *spec = s->row.spec;
	uint32_t attempt = s->row.n_attempts ? s->row.attempts[s->row.n_attempts - 1].number : 1;
	_cleanup_(freep) char *command = job_text_command(spec, attempt);
	_cleanup_(str_done) struct str room = {0};

	show_line(s, spec->is_request ? "request" : "command",
		  spec->is_request ? spec->request : command);
	show_line(s, "seed", spec->seed);
	show_line(s, "backend", s->row.backend);
	show_line(s, "dir", job_odir(spec, &room));
	show_line(s, "log", job_log_path(spec, &room));
}

static void show_needs(struct shown_job *s)
{
	const struct job_spec *spec = s->row.spec;
	uint32_t n = job_n_deps(spec), counts[JOB_STATUS_COUNT] = {0};
	_cleanup_(str_done) struct str text = {0};

	for (uint32_t i = 0; i < n; i++) {
		struct result_row row = past_view_row(&s->view, spec->deps[i]);

		counts[row.status]++;
		if (i >= NEEDS_SHOWN)
			continue;
		str_printf(&text, "%s%s ", i ? "\n" : "", row.spec->id);
		job_text_add_status(&text, &row);
		str_addc(&text, ' ');
		job_text_add_time(&text, &row, s->view.is_live);
	}
	if (n > NEEDS_SHOWN)
		str_printf(&text, "\nand %" PRIu32 " more; of all %" PRIu32 ":", n - NEEDS_SHOWN,
			   n);
	for (int i = 0; n > NEEDS_SHOWN && i < JOB_STATUS_COUNT; i++)
		if (counts[i])
			str_printf(&text, " %" PRIu32 " %s", counts[i],
				   job_status_name((enum job_status)i));
	show_line(s, "needs", text.s);
}

static void show_attempt(struct shown_job *s, uint32_t i)
{
	const struct attempt_row *a = &s->row.attempts[i];
	const struct job_result *r = &a->result;
	struct result_row one = s->row;
	_cleanup_(str_done) struct str text = {0}, log = {0};

	str_printf(&text, "%" PRIu32 " %s ", a->number, job_status_name(r->status));
	job_text_add_end(&text, r);
	str_addc(&text, ' ');
	one.attempts = a;
	one.n_attempts = 1;
	job_text_add_time(&text, &one, s->view.is_live);
	if (r->start_wall_s > 0) {
		str_add(&text, " from ");
		wall_add_iso(&text, r->start_wall_s);
	}
	if (a->where)
		str_printf(&text, " on %s", a->where);
	if (a->stage)
		str_printf(&text, ", stage %s", a->stage);
	results_add_log(&log, &s->row, i);
	if (i + 1 < s->row.n_attempts && log.len)
		str_printf(&text, "\n  log %s", log.s);
	show_line(s, i ? "" : "attempts", text.s);
}

static void show_cost(struct shown_job *s)
{
	const struct attempt_row *a = s->row.n_attempts ? &s->row.attempts[s->row.n_attempts - 1]
							: NULL;
	const struct job_rules *rules = s->row.spec->rules;
	_cleanup_(str_done) struct str text = {0};

	if (!a || a->result.status == JOB_RUNNING)
		return;
	str_add(&text, "CPU ");
	duration_add(&text, a->result.usage.user_s + a->result.usage.system_s);
	str_add(&text, ", memory ");
	job_text_add_memory(&text, a->result.peak_memory_kib ? a->result.peak_memory_kib
							     : a->result.usage.max_rss_kib);
	for (uint32_t i = 0; i < rules->n_resources; i++)
		str_printf(&text, ", %s %" PRIu32, rules->resources[i].name,
			   rules->resources[i].count);
	show_line(s, "cost", text.s);
}

static void show_context(struct shown_job *s)
{
	const char *context = s->row.n_attempts
				      ? s->row.attempts[s->row.n_attempts - 1].result.context
				      : NULL;

	if (context)
		str_add(&s->out, "\nfrom the log:\n");
	while (context && *context) {
		size_t n = strcspn(context, "\n");

		str_add(&s->out, "  ");
		str_add_printable(&s->out, context, n);
		str_addc(&s->out, '\n');
		context += n + (context[n] == '\n');
	}
}

static void show_text(struct shown_job *s)
{
	show_head(s);
	show_work(s);
	show_needs(s);
	for (uint32_t i = 0; i < s->row.n_attempts; i++)
		show_attempt(s, i);
	show_cost(s);
	show_context(s);
	final_write(s->out.s, s->out.len);
}

/* ---- JSON ---- */

static void show_json_needs(struct shown_job *s, struct json_out *out)
{
	const struct job_spec *spec = s->row.spec;

	jout_key(out, "needs");
	jout_array(out);
	for (uint32_t i = 0; i < job_n_deps(spec); i++) {
		struct result_row row = past_view_row(&s->view, spec->deps[i]);

		jout_object(out);
		jout_key_string(out, "id", row.spec->id);
		jout_key_string(out, "status", job_status_name(row.status));
		jout_object_end(out);
	}
	jout_array_end(out);
}

static void show_json(struct shown_job *s)
{
	const struct job_spec *spec = s->row.spec;
	uint32_t attempt = s->row.n_attempts ? s->row.attempts[s->row.n_attempts - 1].number : 1;
	_cleanup_(freep) char *command = job_text_command(spec, attempt);
	struct json_out out;

	jout_init(&out, -1, 2);
	jout_object(&out);
	jout_key_string(&out, "run", path_base(s->view.record.path));
	jout_key_string(&out, "command", command);
	jout_key(&out, "request");
	jout_raw(&out, spec->request ? spec->request : "null");
	jout_key_string(&out, "cwd", spec->rules->cwd);
	jout_key_strings(&out, "env", spec->rules->env);
	show_json_needs(s, &out);
	jout_key(&out, "job");
	results_write_job(&out, &s->row);
	jout_object_end(&out);
	final_json(&out);
}

int cmd_show(const struct args *args)
{
	struct diags diags;
	struct shown_job s = {.view = {.args = args, .diags = &diags}};
	int rc = EXIT_USAGE;

	diags_init(&diags);
	if (load_common(args, &diags) == 0 && past_view_open_job(&s.view, &s.job) == 0) {
		s.row = past_view_row(&s.view, s.job);
		if (opt_has(args, OPT_JSON))
			show_json(&s);
		else
			show_text(&s);
		rc = EXIT_PASSED;
	}
	diags_print(&diags, stderr, load_wants_color(args, STDERR_FILENO), false);
	past_view_done(&s.view);
	str_done(&s.out);
	diags_done(&diags);
	return rc;
}
