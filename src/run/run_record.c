/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run_record.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/plan_file.h"
#include "run/taken_record.h"

enum { DEEPEST = 1000 }; /* the longest chain of runs that continue each other */

void run_record_note(struct run_record *r, const char *text)
{
	str_printf(&r->note, "%s%s", r->note.len ? "; " : "", text);
}

/* ---- reading the journal ---- */

static void take_scheduler(struct run_record *r, const json_t *json)
{
	const char *boot = json_string_value(json_object_get(json, "boot"));
	const char *host = json_string_value(json_object_get(json, "host"));
	struct proc_id *id = &r->scheduler;

	if (!boot || !host)
		return; /* of an older dvsched */
	id->pid = (long)json_integer_value(json_object_get(json, "pid"));
	id->start_ticks = (uint64_t)json_integer_value(json_object_get(json, "start_ticks"));
	id->pid_space = (uint64_t)json_integer_value(json_object_get(json, "pid_space"));
	snprintf(id->boot, sizeof(id->boot), "%s", boot);
	snprintf(id->host, sizeof(id->host), "%s", host);
}

static void take_run(struct run_record *r, const json_t *json)
{
	const json_t *argv = json_object_get(json, "argv");
	size_t n = json_array_size(argv);
	const char **words = arena_array(r->mem, n + 1, sizeof(*words));

	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(argv, i));

		words[i] = arena_strdup(r->mem, word ? word : "");
	}
	r->argv = words;
	r->cwd = arena_strdup_or_null(r->mem, json_string_value(json_object_get(json, "cwd")));
	take_scheduler(r, json);
	r->branch = arena_strdup_or_null(r->mem,
					 json_string_value(json_object_get(json, "branch")));
	r->timestamp = (time_t)json_integer_value(json_object_get(json, "timestamp"));
}

/* Returns the attempt with that number; adds it at the end if it does not exist. */
static struct attempt_row *attempt_of(struct run_record *r, struct recorded_job *j, uint32_t number)
{
	for (size_t i = j->attempts.n; i > 0; i--)
		if (j->attempts.at[i - 1].number == number)
			return &j->attempts.at[i - 1];
	vec_push_in(r->mem, &j->attempts,
		    (struct attempt_row){.number = number, .result = {.status = JOB_RUNNING}});
	return &j->attempts.at[j->attempts.n - 1];
}

/* A JSON object as text; NULL: json is not an object. */
static const char *object_text(struct run_record *r, const json_t *json)
{
	char *text = json_is_object(json) ? json_dumps(json, JSON_COMPACT) : NULL;
	const char *kept = arena_strdup_or_null(r->mem, text);

	free(text);
	return kept;
}

static void take_attempt(struct run_record *r, struct recorded_job *j, const struct job_record *rec,
			 const json_t *json, double wall_s)
{
	struct attempt_row *a = attempt_of(r, j, rec->attempt);

	if (rec->where)
		a->where = arena_strdup_or_null(r->mem, rec->where);
	if (rec->stage)
		a->stage = arena_strdup_or_null(r->mem, rec->stage);
	if (json_object_get(json, "resources"))
		a->resources = object_text(r, json_object_get(json, "resources"));
	if (a->result.start_wall_s <= 0)
		a->result.start_wall_s = wall_s;
	if (!rec->result)
		return;
	job_result_copy(&a->result, rec->result, r->mem);
	a->result.measures = job_record_measures(json, r->mem);
	a->result.details = object_text(
		r, json_object_get(json_object_get(json, "result"), "details"));
}

static bool record_take_job(struct run_record *r, const struct journal_record *record)
{
	struct job_result result;
	struct job_record read;
	const struct job_record *rec = record->job ? record->job : &read;
	struct recorded_job *j;

	if ((!record->job && !job_record_read(record->json, &read, &result)) ||
	    rec->n >= r->plan->n_jobs || strcmp(rec->id, r->plan->jobs[rec->n].id) != 0) {
		r->is_foreign = true;
		return false;
	}
	j = &r->jobs[rec->n];
	j->status = rec->status;
	j->reason = rec->reason;
	j->marks = rec->marks;
	j->cause = rec->cause;
	j->message = arena_strdup_or_null(r->mem, rec->message);
	if (rec->backend)
		j->backend = arena_strdup_or_null(r->mem, rec->backend);
	if (rec->attempt)
		take_attempt(r, j, rec, record->json, record->wall_s);
	return true;
}

/* ---- jobs that were taken over ---- */

/* Returns the record of another run, which is read once; NULL: it cannot be read. */
static const struct run_record *record_of(struct run_record *r, const char *id)
{
	_cleanup_(freep) char *dir = xstrndup(r->path, (size_t)(path_base(r->path) - r->path));
	_cleanup_(freep) char *path = xasprintf("%s%s", dir, id);
	_cleanup_(error_done) struct error err = {0};
	struct run_record *other = r->others;

	while (other && strcmp(path_base(other->path), id) != 0)
		other = other->others_next;
	if (other || r->depth == DEEPEST || strchr(id, '/') || *id == '.')
		return other;
	other = xcalloc(1, sizeof(*other));
	if (run_record_open(other, path, &err) < 0) {
		run_record_note(r, err.msg);
		run_record_done(other);
		free(other);
		return NULL;
	}
	other->depth = r->depth + 1;
	run_record_read(other);
	other->others_next = r->others;
	r->others = other;
	return other;
}

/* If the attempts of job n continue those of the parent run, inserts the parent's attempts before
 * them. */
static void join_attempts(struct run_record *r, size_t n)
{
	struct recorded_job *job = &r->jobs[n];
	uint32_t first = job->attempts.n ? job->attempts.at[0].number : 1;
	const struct run_record *parent = first > 1 && !job->from && r->plan->parent
						  ? record_of(r, r->plan->parent)
						  : NULL;
	const struct recorded_job *before = parent ? run_record_find(parent, r->plan->jobs[n].id)
						   : NULL;
	struct recorded_job joined = *job;

	if (!before)
		return;
	joined.attempts.at = NULL;
	joined.attempts.n = joined.attempts.cap = 0;
	for (size_t i = 0; i < before->attempts.n && before->attempts.at[i].number < first; i++)
		vec_push_in(r->mem, &joined.attempts, before->attempts.at[i]);
	for (size_t i = 0; i < job->attempts.n; i++)
		vec_push_in(r->mem, &joined.attempts, job->attempts.at[i]);
	*job = joined;
}

static bool take_one_over(struct run_record *r, uint32_t n, const struct run_record *from)
{
	const struct recorded_job *job = run_record_find(from, r->plan->jobs[n].id);

	if (!job || !job_status_is_final(job->status))
		return false;
	r->jobs[n] = *job;
	r->jobs[n].cause = JOB_RECORD_NO_CAUSE;
	if (!job->from)
		r->jobs[n].from = arena_strdup_or_null(r->mem, path_base(from->path));
	return true;
}

static bool take_over(struct run_record *r, const json_t *json)
{
	const char *id = json_string_value(json_object_get(json, "from"));
	const char *jobs = json_string_value(json_object_get(json, "jobs"));
	const struct run_record *from = id && jobs ? record_of(r, id) : NULL;
	struct number_ranges ranges = {.at = jobs, .n = r->plan->n_jobs};
	size_t first, last;

	if (!id || !jobs)
		r->is_foreign = true;
	while (from && !r->is_foreign && number_ranges_next(&ranges, &first, &last))
		for (size_t n = first; n <= last; n++)
			if (!take_one_over(r, (uint32_t)n, from))
				run_record_note(
					r, "a job that was taken over is not in the run that it "
					   "was taken from");
	r->is_foreign |= from && ranges.is_wrong;
	return !r->is_foreign;
}

static bool take_record(void *ctx, const struct journal_record *record)
{
	struct run_record *r = ctx;

	if (r->start_s <= 0)
		r->start_s = record->wall_s;
	r->last_s = record->wall_s;
	if (strcmp(record->ev, "run") == 0)
		take_run(r, record->json);
	else if (strcmp(record->ev, JOB_RECORD_EV) == 0)
		return record_take_job(r, record);
	else if (strcmp(record->ev, TAKEN_RECORD_EV) == 0)
		return take_over(r, record->json);
	return true;
}

void run_record_read(struct run_record *r)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", r->path, JOURNAL_NAME);
	struct error err = {0};
	bool is_torn;

	if (journal_read_jobs(path, take_record, r, &is_torn, &err) < 0)
		run_record_note(r, err.msg);
	r->is_partial = r->note.len || r->is_foreign;
	if (is_torn)
		run_record_note(r, "the journal's last record is incomplete and was ignored");
	if (r->is_foreign)
		run_record_note(r,
				"a record of the journal does not fit the plan; it and all later "
				"records were ignored");
	for (size_t i = 0; i < r->plan->n_jobs; i++)
		join_attempts(r, i);
	error_done(&err);
}

int run_record_open(struct run_record *ret, const char *run_path, struct error *err)
{
	_cleanup_(freep) char *plan_path = xasprintf("%s/%s", run_path, PLAN_NAME);

	*ret = (struct run_record){.mem = arena_new()};
	ret->path = arena_strdup(ret->mem, run_path);
	ret->plan = plan_read(plan_path, err);
	if (!ret->plan)
		return -1;
	ret->jobs = xcalloc(ret->plan->n_jobs, sizeof(*ret->jobs));
	for (size_t i = 0; i < ret->plan->n_jobs; i++)
		ret->jobs[i].cause = JOB_RECORD_NO_CAUSE;
	return 0;
}

void run_record_done(struct run_record *r)
{
	while (r->others) {
		struct run_record *other = r->others;

		r->others = other->others_next;
		run_record_done(other);
		free(other);
	}
	map_done(&r->by_id);
	str_done(&r->note);
	free(r->jobs);
	arena_free(r->mem);
	plan_free(r->plan);
	*r = (struct run_record){0};
}

const struct recorded_job *run_record_find(const struct run_record *r, const char *id)
{
	struct map *by_id = (struct map *)&r->by_id; /* made at the first call */
	uintptr_t number;

	if (by_id->n == 0)
		for (size_t i = 0; i < r->plan->n_jobs; i++)
			map_set(by_id, r->plan->jobs[i].id, (void *)(uintptr_t)(i + 1));
	number = (uintptr_t)map_get(by_id, id);
	return number ? &r->jobs[number - 1] : NULL;
}
