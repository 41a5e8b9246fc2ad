/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes results.json. All members of the schema are always present, null if they have no value, so
 * that readers need no defaults. There is one line per job, for grep.
 */
#include "run/results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/map.h"
#include "base/mem.h"
#include "job/file_name.h"
#include "job/job_paths.h"
#include "run/job_record.h"
#include "run/results_file.h"

struct target_count {
	const char *name;
	uint32_t n[JOB_STATUS_COUNT], total;
};

struct counts {
	uint32_t n[JOB_STATUS_COUNT];
	uint32_t n_flaky, n_leaky, n_fallback;
	uint64_t peak_memory_kib; /* of one attempt */
	struct map by_target;	  /* name -> struct target_count, malloc()ed */
};

/* ---- counting ---- */

static struct target_count *results_target_of(struct counts *c, const char *name)
{
	struct target_count *t = map_get(&c->by_target, name);

	if (!t) {
		t = xcalloc(1, sizeof(*t));
		t->name = name;
		map_set(&c->by_target, name, t);
	}
	return t;
}

static const char *target_name(const struct job_spec *spec)
{
	return spec->rules->target ? spec->rules->target : "";
}

static void results_count_memory(struct counts *c, const struct result_row *row)
{
	for (uint32_t i = 0; i < row->n_attempts; i++) {
		const struct job_result *r = &row->attempts[i].result;
		uint64_t kib = r->peak_memory_kib > r->usage.max_rss_kib ? r->peak_memory_kib
									 : r->usage.max_rss_kib;

		if (kib > c->peak_memory_kib)
			c->peak_memory_kib = kib;
	}
}

static void results_count(struct counts *c, size_t n_jobs, results_next *next, void *ctx)
{
	for (size_t i = 0; i < n_jobs; i++) {
		struct result_row row;
		struct target_count *t;

		next(ctx, i, &row);
		t = results_target_of(c, target_name(row.spec));
		t->n[row.status]++;
		t->total++;
		c->n[row.status]++;
		c->n_flaky += (row.marks & MARK_FLAKY) != 0;
		c->n_leaky += (row.marks & MARK_LEAKY) != 0;
		c->n_fallback += (row.marks & MARK_FALLBACK) != 0;
		results_count_memory(c, &row);
	}
}

static void counts_done(struct counts *c)
{
	const struct map_entry *e;
	size_t at = 0;

	while ((e = map_next(&c->by_target, &at)) != NULL)
		free(e->value);
	map_done(&c->by_target);
}

/* ---- head ---- */

static void write_iso(struct json_out *out, const char *key, double wall_s)
{
	_cleanup_(str_done) struct str text = {0};

	if (wall_s > 0)
		wall_add_iso(&text, wall_s);
	jout_key_string(out, key, text.s);
}

static void write_host(struct json_out *out)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	jout_key_string(out, "host", *host ? host : NULL);
}

static void results_write_run(struct json_out *out, const struct results_place *place,
			      const struct plan *plan, const struct results_head *head,
			      uint64_t peak_memory_kib)
{
	jout_key(out, "run");
	jout_object(out);
	jout_key_string(out, "id", place->run_id);
	jout_key_string(out, "path", place->run_path);
	jout_key_string(out, "name", plan->name);
	jout_key_string(out, "flow", plan->flow);
	jout_key_string(out, "cfg_path", plan->cfg_path);
	jout_key_string(out, "scratch_root", plan->scratch_root);
	jout_key_string(out, "seed_base", plan->seed_base);
	jout_key_string(out, "parent", plan->parent);
	jout_key_bool(out, "nested", plan->is_nested);
	jout_key_bool(out, "rehearsal", plan->is_rehearsal);
	write_host(out);
	jout_key_strings(out, "command_line", head->argv);
	write_iso(out, "start", head->start_wall_s);
	write_iso(out, "end", head->start_wall_s > 0 ? head->start_wall_s + head->duration_s : 0);
	jout_key_real(out, "duration_s", head->duration_s, 6);
	jout_key_string(out, "outcome", head->outcome);
	jout_key_int(out, "exit_code", head->exit_code);
	jout_key_int(out, "peak_memory_kib", (int64_t)peak_memory_kib);
	jout_key_string(out, "note", head->note);
	jout_key(out, "backends");
	jout_raw(out, head->backends ? head->backends : "{}");
	jout_object_end(out);
}

static void write_tally(struct json_out *out, const uint32_t *n, size_t total)
{
	jout_key_int(out, "total", (int64_t)total);
	jout_key_int(out, "passed", n[JOB_PASSED]);
	jout_key_int(out, "failed", n[JOB_FAILED]);
	jout_key_int(out, "killed", n[JOB_KILLED]);
}

static void write_counts(struct json_out *out, const struct counts *c, size_t n_jobs)
{
	const struct map_entry *e;
	size_t at = 0;

	jout_key(out, "counts");
	jout_object(out);
	write_tally(out, c->n, n_jobs);
	jout_key_int(out, "flaky", c->n_flaky);
	jout_key_int(out, "leaky", c->n_leaky);
	jout_key_int(out, "fallback", c->n_fallback);
	jout_object_end(out);
	jout_key(out, "targets");
	jout_array(out);
	while ((e = map_next(&c->by_target, &at)) != NULL) {
		const struct target_count *t = e->value;

		jout_object(out);
		jout_key_string(out, "name", t->name);
		write_tally(out, t->n, t->total);
		jout_object_end(out);
	}
	jout_array_end(out);
}

/* ---- jobs ---- */

static const struct job_rules *stage_rules(const struct job_spec *spec, const char *stage)
{
	for (uint32_t i = 0; stage && i < spec->n_fallback; i++)
		if (str_eq(spec->fallback[i].stage, stage))
			return spec->fallback[i].rules;
	return spec->rules;
}

void results_add_log(struct str *out, const struct result_row *row, uint32_t i)
{
	const struct job_spec *spec = row->spec;
	const struct attempt_row *a = &row->attempts[i];
	_cleanup_(str_done) struct str room_odir = {0}, room_log = {0};
	const char *odir, *log;

	if (!spec->log || !spec->dir)
		return;
	if (i + 1 == row->n_attempts) {
		job_add_log_path(out, spec);
		return;
	}
	odir = job_odir(spec, &room_odir);
	log = job_log_path(spec, &room_log);
	if (!stage_rules(spec, a[1].stage)->retry.reuse && path_is_below(log, odir)) {
		job_add_aside(out, odir);
		str_printf(out, ".attempt-%u%s", a->number, log + strlen(odir));
	} else {
		job_add_aside(out, log);
		str_printf(out, ".attempt-%u", a->number);
	}
}

static void write_attempt_log(struct json_out *out, const struct result_row *row, uint32_t i)
{
	_cleanup_(str_done) struct str path = {0};

	results_add_log(&path, row, i);
	jout_key_string(out, "log", path.s);
}

/* Writes an integer, or null if it is unknown. */
static void write_int_if(struct json_out *out, const char *key, bool is_known, int64_t i)
{
	jout_key(out, key);
	if (is_known)
		jout_int(out, i);
	else
		jout_null(out);
}

static void results_write_verdict(struct json_out *out, enum job_status status,
				  enum job_reason reason, const char *message)
{
	jout_key_string(out, "status", job_status_name(status));
	jout_key_string(out, "reason", job_reason_name(reason));
	jout_key_string(out, "class", job_class_name(job_reason_class(reason)));
	jout_key_string(out, "message", message);
}

static void write_attempt(struct json_out *out, const struct result_row *row, uint32_t i)
{
	const struct attempt_row *a = &row->attempts[i];
	const struct job_result *r = &a->result;

	jout_object(out);
	jout_key_int(out, "number", a->number);
	jout_key_string(out, "where", a->where);
	jout_key_string(out, "stage", a->stage);
	jout_key(out, "resources");
	jout_raw(out, a->resources ? a->resources : "null");
	results_write_verdict(out, r->status, r->reason, r->message);
	write_int_if(out, "line", r->line != 0, r->line);
	jout_key_string(out, "context", r->context);
	write_int_if(out, "exit_status", r->exit_status >= 0, r->exit_status);
	write_int_if(out, "signal", r->term_signal != 0, r->term_signal);
	write_iso(out, "start", r->start_wall_s);
	job_record_write_usage(out, r);
	write_int_if(out, "peak_memory_kib", r->peak_memory_kib != 0, (int64_t)r->peak_memory_kib);
	write_int_if(out, "cgroup_peak_kib", r->cgroup_peak_kib != 0, (int64_t)r->cgroup_peak_kib);
	if (r->measures)
		job_measures_write(out, r->measures);
	else
		jout_key_string(out, "measures", NULL);
	write_attempt_log(out, row, i);
	jout_object_end(out);
}

static void write_attempts(struct json_out *out, const struct result_row *row)
{
	jout_key(out, "attempts");
	jout_array(out);
	for (uint32_t i = 0; i < row->n_attempts; i++)
		write_attempt(out, row, i);
	jout_array_end(out);
}

void results_write_job(struct json_out *out, const struct result_row *row)
{
	_cleanup_(str_done) struct str room = {0};
	const struct job_spec *spec = row->spec;

	jout_object(out);
	jout_key_string(out, "id", spec->id);
	jout_key_string(out, "name", spec->name);
	jout_key_string(out, "block", spec->block->name);
	jout_key_string(out, "target", target_name(spec));
	results_write_verdict(out, row->status, row->reason, row->message);
	jout_key_bool(out, "flaky", row->marks & MARK_FLAKY);
	jout_key_bool(out, "leaky", row->marks & MARK_LEAKY);
	jout_key_bool(out, "fallback", row->marks & MARK_FALLBACK);
	jout_key_string(out, "cause", row->cause);
	jout_key_string(out, "from", row->from);
	jout_key_string(out, "backend", row->backend);
	jout_key_string(out, "odir", job_odir(spec, &room));
	jout_key_string(out, "log", row->n_attempts ? job_log_path(spec, &room) : NULL);
	jout_key_string(out, "seed", spec->seed);
	jout_key_strings(out, "tags", spec->rules->tags);
	write_attempts(out, row);
	jout_object_end(out);
}

static void write_jobs(struct json_out *out, size_t n_jobs, results_next *next, void *ctx)
{
	jout_key(out, "jobs");
	jout_array(out);
	for (size_t i = 0; i < n_jobs; i++) {
		struct result_row row;

		next(ctx, i, &row);
		jout_break(out);
		results_write_job(out, &row);
	}
	jout_array_end(out);
}

/* ---- the file ---- */

static int results_write_all(int fd, const struct results_place *place, const struct plan *plan,
			     const struct results_head *head, results_next *next, void *ctx)
{
	struct counts counts = {0};
	struct json_out out;

	results_count(&counts, plan->n_jobs, next, ctx);
	jout_init(&out, fd, 0);
	jout_object(&out);
	jout_key(&out, "schema");
	jout_object(&out);
	jout_key_string(&out, "name", "dvsched-results");
	jout_key_int(&out, "version", RESULTS_SCHEMA_VERSION);
	jout_object_end(&out);
	jout_break(&out);
	results_write_run(&out, place, plan, head, counts.peak_memory_kib);
	jout_break(&out);
	write_counts(&out, &counts, plan->n_jobs);
	jout_break(&out);
	write_jobs(&out, plan->n_jobs, next, ctx);
	jout_object_end(&out);
	str_addc(&out.buf, '\n');
	counts_done(&counts);
	return jout_done(&out);
}

/* Completes the atomic write: syncs the temporary file, then renames it. */
static int results_settle(int fd, int dir_fd, const char *tmp, int errnum)
{
	if (errnum == 0 && fs_sync(fd) < 0)
		errnum = errno;
	if (close(fd) < 0 && errnum == 0)
		errnum = errno;
	if (errnum == 0 && renameat(dir_fd, tmp, dir_fd, RESULTS_NAME) < 0)
		errnum = errno;
	if (errnum)
		unlinkat(dir_fd, tmp, 0);
	else if (fs_sync(dir_fd) < 0)
		errnum = errno;
	return errnum;
}

/* A job may have moved the directory, and have put another one in its place. */
static bool results_is_place_there(const struct results_place *place)
{
	struct stat named, held;

	return stat(place->run_path, &named) == 0 && fstat(place->dir_fd, &held) == 0 &&
	       named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

int results_write_at(const struct results_place *place, const struct plan *plan,
		     const struct results_head *head, results_next *next, void *ctx,
		     struct error *err)
{
	_cleanup_(freep) char *tmp = xasprintf(".%s.%d", RESULTS_NAME, (int)getpid());
	int fd, errnum;

	unlinkat(place->dir_fd, RESULTS_RESERVE, 0);
	fd = fs_create_new_or_wait(place->dir_fd, tmp, 0666);
	errnum = fd < 0 ? errno : results_write_all(fd, place, plan, head, next, ctx);
	if (fd >= 0)
		errnum = results_settle(fd, place->dir_fd, tmp, errnum);
	if (errnum)
		return error_sys(err, errnum, "%s/%s cannot be written", place->run_path,
				 RESULTS_NAME);
	if (results_is_place_there(place))
		return 0;
	return error_plain(
		err, "%s is not the directory of this run any more: it was moved, with its %s",
		place->run_path, RESULTS_NAME);
}

int results_write(struct run_dir *r, const struct plan *plan, const struct results_head *head,
		  results_next *next, void *ctx, struct error *err)
{
	struct results_place place = {run_dir_fd(r), run_dir_id(r), run_dir_path(r)};

	return results_write_at(&place, plan, head, next, ctx, err);
}
