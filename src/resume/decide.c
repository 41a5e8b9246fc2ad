/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "job/job_paths.h"
#include "resume/resume.h"

enum { LONGEST_CHAIN = 1000 };

/* ---- the runs ---- */

static int chain_add(struct resume *r, const char *path, struct error *err)
{
	struct run_record *record = xcalloc(1, sizeof(*record));

	if (run_record_open(record, path, err) < 0) {
		run_record_done(record);
		free(record);
		return -1;
	}
	run_record_read(record);
	vec_push(&r->chain, (struct resume_run){.record = record});
	return 0;
}

int resume_open(struct resume *ret, const char *run_path, struct error *err)
{
	*ret = (struct resume){.mem = arena_new()};
	return chain_add(ret, run_path, err);
}

void resume_done(struct resume *r)
{
	for (size_t i = 0; i < r->chain.n; i++) {
		if (r->chain.at[i].was.mem)
			sources_done(&r->chain.at[i].was);
		run_record_done(r->chain.at[i].record);
		free(r->chain.at[i].record);
	}
	vec_done(&r->chain);
	free(r->jobs);
	arena_free(r->mem);
	*r = (struct resume){0};
}

/* Returns run number i of the chain, and reads it if necessary; NULL: it does not exist or cannot
 * be read. */
static const struct run_record *chain_get(struct resume *r, size_t i)
{
	const struct run_record *last = r->chain.at[r->chain.n - 1].record;
	_cleanup_(error_done) struct error err = {0};
	const char *path;

	if (i < r->chain.n)
		return r->chain.at[i].record;
	if (!last->plan->parent || i >= LONGEST_CHAIN || strchr(last->plan->parent, '/'))
		return NULL;
	path = arena_printf(r->mem, "%.*s%s", (int)(path_base(last->path) - last->path), last->path,
			    last->plan->parent);
	return chain_add(r, path, &err) < 0 ? NULL : r->chain.at[i].record;
}

/* While it ran. What it printed may have been written to a file after its last record. */
static struct sources_time resume_time_of(const struct run_record *record)
{
	double end_s = sources_end_s(record->path);

	return (struct sources_time){record->start_s,
				     end_s > record->last_s ? end_s : record->last_s};
}

/* The recorded sources of run number i. */
static const struct sources *recorded_sources(struct resume *r, size_t i)
{
	struct resume_run *run = &r->chain.at[i];

	if (!run->was.mem)
		sources_load(&run->was, run->record->path);
	return &run->was;
}

/* How the sources of run number i differ from the current ones; NULL: no difference. */
static const char *sources_of(struct resume *r, size_t i)
{
	struct resume_run *run = &r->chain.at[i];
	const struct sources *was;
	struct sources_time *times;

	if (run->is_compared)
		return run->difference;
	run->is_compared = true;
	was = recorded_sources(r, i);
	times = arena_array(r->mem, i + 1, sizeof(*times));
	for (size_t k = 0; k <= i; k++)
		times[k] = resume_time_of(r->chain.at[k].record);
	if (was->at_s > 0)
		times[i].from_s = was->at_s; /* some files are written before the first record */
	run->difference = sources_difference(was, r->options.sources, times, i + 1, r->mem);
	return run->difference;
}

/* The same for declared inputs. They never count as output of jobs. */
static const char *inputs_of(struct resume *r, size_t i, const struct job_inputs *inputs)
{
	struct resume_run *run = &r->chain.at[i];
	const struct sources *was, *is;

	if (run->last_inputs == inputs)
		return run->last_difference;
	run->last_inputs = inputs;
	was = sources_inputs(recorded_sources(r, i), inputs);
	is = sources_inputs(r->options.sources, inputs);
	run->last_difference = was && is ? sources_difference(was, is, NULL, 0, r->mem)
					 : "'inputs' was not the same in that run";
	return run->last_difference;
}

static const char *what_it_reads(struct resume *r, size_t i, const struct job_rules *rules)
{
	if (r->options.accepts_sources)
		return NULL;
	return rules->inputs ? inputs_of(r, i, rules->inputs) : sources_of(r, i);
}

/* ---- the record of a job ---- */

static bool has_record(const struct recorded_job *row)
{
	return row && (row->status != JOB_SCHEDULED || row->attempts.n);
}

/* Finds the newest run that has a record of the job. A run that was killed early may have none. */
static void find_record(struct resume *r, const struct job_spec *spec, struct resume_job *ret)
{
	const struct run_record *record;

	for (size_t i = 0; (record = chain_get(r, i)) != NULL; i++) {
		const struct recorded_job *row = run_record_find(record, spec->id);

		if (!row)
			return;
		ret->row = row;
		ret->record = record;
		ret->spec = &record->plan->jobs[row - record->jobs];
		ret->sources = what_it_reads(r, i, spec->rules);
		if (has_record(row))
			return;
	}
}

static enum resume_what status_what(const struct recorded_job *row)
{
	switch (row->status) {
	case JOB_PASSED:
		return RESUME_TAKEN;
	case JOB_FAILED:
		return RESUME_FAILED;
	case JOB_KILLED:
		break;
	default:
		return row->attempts.n ? RESUME_INTERRUPTED : RESUME_NOT_STARTED;
	}
	switch (job_reason_class(row->reason)) {
	case CLASS_JOB:
	case CLASS_INFRA:
		return RESUME_FAILED;
	default:
		return row->attempts.n ? RESUME_INTERRUPTED : RESUME_NOT_STARTED;
	}
}

/* ---- evidence of a pass ---- */

static const struct job_result *last_result(const struct recorded_job *row)
{
	return row->attempts.n ? &row->attempts.at[row->attempts.n - 1].result : NULL;
}

static enum resume_what check_log(const struct job_spec *spec, uint64_t stamp, off_t *ret_size)
{
	_cleanup_(str_done) struct str room = {0};
	struct stat st;

	if (lstat(job_log_path(spec, &room), &st) < 0 || !S_ISREG(st.st_mode))
		return RESUME_LOG_GONE;
	*ret_size = st.st_size;
	if (!stamp)
		return RESUME_UNPROVEN;
	return job_log_stamp(&st) == stamp ? RESUME_TAKEN : RESUME_LOG_CHANGED;
}

/* The largest process is at most as large as all of them, which nobody may have looked at. */
static uint64_t memory_bytes_of(const struct job_result *result)
{
	uint64_t kib = result->peak_memory_kib ? result->peak_memory_kib
					       : result->usage.max_rss_kib;

	return kib * 1024;
}

static bool is_within(const struct job_rules *rules, const struct job_result *result, off_t size,
		      const char **ret_word)
{
	static const struct tree_limits none;
	const struct tree_limits *limits = rules->limits ? rules->limits : &none;
	double cpu_s = result->usage.user_s + result->usage.system_s;

	if (rules->timeout_s > 0 && result->duration_s > rules->timeout_s)
		*ret_word = "timeout";
	else if (rules->max_log_bytes && (uint64_t)size > rules->max_log_bytes)
		*ret_word = "max_log";
	else if (limits->memory_bytes && memory_bytes_of(result) > limits->memory_bytes)
		*ret_word = "memory";
	else if (limits->cpu_s > 0 && cpu_s > limits->cpu_s)
		*ret_word = "max_cpu_time";
	return !*ret_word;
}

/* The summary and the database that the job had left, if any, are still there. */
static bool has_coverage(const struct job_spec *spec, const struct job_measures *m)
{
	const struct job_steps *s = spec->steps;

	if (!m || !s)
		return true;
	if (m->n_coverage && s->read_path && !fs_exists(s->read_path))
		return false;
	return !m->has_coverage_db || !job_steps_coverage_db(s) ||
	       fs_exists(job_steps_coverage_db(s));
}

static enum resume_what check_evidence(const struct job_spec *spec, const struct recorded_job *row,
				       const char **ret_word)
{
	const struct job_result *result = last_result(row);
	_cleanup_(str_done) struct str room = {0};
	off_t size = 0;
	enum resume_what what;

	if (!result || result->status != JOB_PASSED)
		return RESUME_UNPROVEN;
	what = check_log(spec, result->log_stamp, &size);
	if (what != RESUME_TAKEN)
		return what;
	if (!fs_is_dir(job_odir(spec, &room)))
		return RESUME_LOG_GONE;
	if (!has_coverage(spec, result->measures))
		return RESUME_COVERAGE_GONE;
	return is_within(spec->rules, result, size, ret_word) ? RESUME_TAKEN : RESUME_LIMIT;
}

/* Of a failure that --keep-failed may take over. Failures of the machine always run again. */
static enum resume_what kept_what(const struct resume_job *job)
{
	if (job->what == RESUME_FAILED && job_reason_class(job->row->reason) == CLASS_JOB)
		return RESUME_KEPT;
	if (job->what == RESUME_NOT_STARTED && job->row->status == JOB_KILLED &&
	    job_reason_class(job->row->reason) == CLASS_DEPENDENCY)
		return RESUME_CANCELLED;
	return job->what;
}

bool resume_is_settled(const struct resume_job *job)
{
	return job->what == RESUME_TAKEN || job->what == RESUME_KEPT ||
	       job->what == RESUME_CANCELLED;
}

/* NULL: none. */
static const char *mark_word(uint32_t marks)
{
	return marks & MARK_FLAKY      ? "flaky"
	       : marks & MARK_LEAKY    ? "leaky"
	       : marks & MARK_FALLBACK ? "fallback"
				       : NULL;
}

static void decide_alone(struct resume *r, size_t n)
{
	const struct job_spec *spec = &r->plan->jobs[n];
	const struct spec_member *member;
	struct resume_job *job = &r->jobs[n];

	find_record(r, spec, job);
	job->what = job->row ? status_what(job->row) : RESUME_NEW;
	if (!job->row)
		return;
	if (r->options.keeps_failed)
		job->what = kept_what(job);
	r->comparison.was = job->record->plan;
	member = specs_difference(&r->comparison, job->spec, spec);
	if (member) {
		job->what = RESUME_CHANGED;
		job->word = member->word;
	} else if (resume_is_settled(job) && spec->rules->is_interactive) {
		job->what = RESUME_INTERACTIVE;
	} else if (resume_is_settled(job) && spec->rules->is_never_reused) {
		job->what = RESUME_NEVER;
	} else if (resume_is_settled(job) && job->sources) {
		job->what = RESUME_SOURCES;
	} else if (job->what == RESUME_TAKEN && r->options.wants_plain_passes &&
		   mark_word(job->row->marks)) {
		job->what = RESUME_MARKED;
		job->word = mark_word(job->row->marks);
	} else if (job->what == RESUME_TAKEN) {
		job->what = check_evidence(spec, job->row, &job->word);
	}
}

/* ---- consequences for other jobs ---- */

/* The dependents of each job, as lists in one array. */
struct dependents {
	uint32_t *first, *at; /* of job i: at[first[i]] … at[first[i + 1] - 1] */
};

static void dependents_make(struct dependents *d, const struct plan *plan)
{
	size_t n = plan->n_jobs, n_edges = 0;

	d->first = xcalloc(n + 2, sizeof(*d->first));
	for (size_t i = 0; i < n; i++) {
		n_edges += job_n_deps(&plan->jobs[i]);
		for (uint32_t k = 0; k < job_n_deps(&plan->jobs[i]); k++)
			d->first[plan->jobs[i].deps[k] + 2]++;
	}
	for (size_t i = 2; i < n + 2; i++)
		d->first[i] += d->first[i - 1];
	d->at = xcalloc(n_edges + 1, sizeof(*d->at));
	for (size_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < job_n_deps(&plan->jobs[i]); k++)
			d->at[d->first[plan->jobs[i].deps[k] + 1]++] = (uint32_t)i;
}

/* If a job runs again, all its direct and indirect dependents run again, too. */
static void resume_spread(struct resume *r)
{
	size_t n = r->plan->n_jobs, n_queue = 0;
	uint32_t *queue = xcalloc(n + 1, sizeof(*queue));
	struct dependents d = {0};

	dependents_make(&d, r->plan);
	for (size_t i = 0; i < n; i++)
		if (!resume_is_settled(&r->jobs[i]))
			queue[n_queue++] = (uint32_t)i;
	for (size_t i = 0; i < n_queue; i++)
		for (uint32_t k = d.first[queue[i]]; k < d.first[queue[i] + 1]; k++) {
			struct resume_job *job = &r->jobs[d.at[k]];

			if (!resume_is_settled(job))
				continue;
			job->what = RESUME_NEEDS;
			job->because = queue[i];
			queue[n_queue++] = d.at[k];
		}
	free(d.first);
	free(d.at);
	free(queue);
}

/* Finally jobs run again if any other job does. */
static bool run_finally_again(struct resume *r)
{
	size_t n_changed = 0, n_again = 0;

	for (size_t i = 0; i < r->plan->n_jobs; i++)
		n_again += !resume_is_settled(&r->jobs[i]);
	for (size_t i = 0; n_again && i < r->plan->n_jobs; i++)
		if (r->plan->jobs[i].rules->is_finally && resume_is_settled(&r->jobs[i])) {
			r->jobs[i].what = RESUME_FINALLY;
			n_changed++;
		}
	return n_changed > 0;
}

/* A job that was cancelled is only cancelled again if one of its dependencies fails again. The job
 * that it was cancelled for may have passed since, in a later run. */
static bool run_cancelled_again(struct resume *r)
{
	size_t n_changed = 0;

	for (size_t i = 0; i < r->plan->n_jobs; i++) {
		const struct job_spec *spec = &r->plan->jobs[i];
		bool is_caused = false;

		if (r->jobs[i].what != RESUME_CANCELLED)
			continue;
		for (uint32_t k = 0; k < job_n_deps(spec); k++)
			is_caused |= r->jobs[spec->deps[k]].what == RESUME_KEPT ||
				     r->jobs[spec->deps[k]].what == RESUME_CANCELLED;
		if (!is_caused) {
			r->jobs[i].what = RESUME_NOT_STARTED;
			n_changed++;
		}
	}
	return n_changed > 0;
}

/* A job that was cancelled because of another one gets a dependency that runs again
 * as its reason. */
static void resume_name_cause(struct resume *r)
{
	for (size_t i = 0; i < r->plan->n_jobs; i++) {
		struct resume_job *job = &r->jobs[i];
		const struct job_spec *spec = &r->plan->jobs[i];

		if (job->what != RESUME_NOT_STARTED || job->row->reason == REASON_NONE ||
		    job_reason_class(job->row->reason) != CLASS_DEPENDENCY)
			continue;
		for (uint32_t k = 0; k < job_n_deps(spec); k++)
			if (!resume_is_settled(&r->jobs[spec->deps[k]])) {
				job->what = RESUME_NEEDS;
				job->because = spec->deps[k];
				break;
			}
	}
}

static size_t count_gone(const struct resume *r)
{
	const struct plan *was = r->chain.at[0].record->plan;
	struct map ids = {0};
	size_t n = 0;

	for (size_t i = 0; i < r->plan->n_jobs; i++)
		map_set(&ids, r->plan->jobs[i].id, r->mem);
	for (size_t i = 0; i < was->n_jobs; i++)
		n += !map_has(&ids, was->jobs[i].id);
	map_done(&ids);
	return n;
}

static void resume_count(struct resume *r)
{
	for (size_t i = 0; i < r->plan->n_jobs; i++) {
		r->n_taken += r->jobs[i].what == RESUME_TAKEN;
		r->n_kept += r->jobs[i].what == RESUME_KEPT;
		r->n_again += !resume_is_settled(&r->jobs[i]);
	}
}

void resume_decide(struct resume *r, const struct plan *plan, const struct resume_options *options)
{
	r->plan = plan;
	r->options = *options;
	r->comparison = (struct comparison){.is = plan, .accepted = options->accepted};
	r->jobs = xcalloc(plan->n_jobs + 1, sizeof(*r->jobs));
	for (size_t i = 0; i < plan->n_jobs; i++)
		decide_alone(r, i);
	resume_spread(r);
	while (run_cancelled_again(r) || run_finally_again(r))
		resume_spread(r);
	resume_name_cause(r);
	resume_count(r);
	r->n_gone = count_gone(r);
}
