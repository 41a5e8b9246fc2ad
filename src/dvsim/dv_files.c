/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs are written one by one by the streaming writer, because the dump of a nightly has 110 MB. */
#include "dvsim/dv_files.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "dvsim/dv_block.h"
#include "job/job_command.h"
#include "job/job_paths.h"

enum { DUMP_INDENT = 2 };

static int dv_files_report(struct error *err, const char *path)
{
	return error_set(err, (struct src_pos){0}, "%s: %s", path, strerror(errno));
}

static int dv_files_ignore(const struct plan *plan, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/FUSESOC_IGNORE", plan->scratch_root);
	int fd;

	if (fs_mkdirs_of_trees(plan->scratch_root, 0777) < 0)
		return dv_files_report(err, plan->scratch_root);
	fd = fs_open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (fd < 0)
		return dv_files_report(err, path);
	close(fd);
	return 0;
}

/* ---- the dump ---- */

const char *dv_files_job_type(const struct job_spec *job)
{
	static const char *const types[][2] = {
		{"build", "CompileSim"},       {"run", "RunTest"},	  {"cov_merge", "CovMerge"},
		{"cov_report", "CovReport"},   {"cov_vplan", "CovVPlan"}, {"cov_unr", "CovUnr"},
		{"cov_analyze", "CovAnalyze"},
	};

	if (!job->block->dv)
		return "Job";
	if (job->block->dv->kind != DV_SIM)
		return "CompileOneShot";
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(job->rules->target, types[i][0]) == 0)
			return types[i][1];
	return job->rules->target;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

const char *dv_files_variant(const struct job_spec *job)
{
	const struct dv_block *b = job->block->dv;

	if (!b)
		return NULL;
	/* DVSim's other flows have no variants. */
	return b->kind == DV_SIM ? text_or_empty(b->variant) : b->variant;
}

static void write_block(struct json_out *j, const struct plan *plan, const struct job_spec *job,
			const char *timestamp)
{
	const struct dv_block *b = job->block->dv;

	jout_key(j, "block");
	jout_object(j);
	jout_key_string(j, "name", b->name);
	jout_key_string(j, "variant", dv_files_variant(job));
	jout_key_string(j, "commit", b->revision.commit);
	jout_key_string(j, "commit_short", b->revision.commit_short);
	jout_key_bool(j, "dirty", false); /* DVSim always writes false here */
	jout_key_string(j, "branch", b->revision.branch);
	jout_key_string(j, "url", "");
	jout_key_string(j, "revision_info", text_or_empty(b->revision.revision));
	jout_object_end(j);
	jout_key(j, "tool");
	jout_object(j);
	jout_key_string(j, "name", b->tool);
	jout_key_string(j, "version", "");
	jout_object_end(j);
	jout_key(j, "workspace_cfg");
	jout_object(j);
	jout_key_string(j, "timestamp", timestamp);
	jout_key_string(j, "project_root", plan->dv->proj_root);
	jout_key_string(j, "scratch_root", plan->scratch_root);
	jout_key_string(j, "scratch_path", job->block->scratch_path);
	jout_object_end(j);
}

static void write_dependencies(struct json_out *j, const struct plan *plan,
			       const struct job_spec *job)
{
	jout_key(j, "dependencies");
	jout_array(j);
	for (uint32_t i = 0; i < job_n_deps(job); i++)
		jout_string(j, plan->jobs[job->deps[i]].id);
	jout_array_end(j);
	jout_key_bool(j, "needs_all_dependencies_passing", job->n_any == 0);
}

static void write_minutes(struct json_out *j, double seconds)
{
	char text[32];
	double minutes = seconds / 60;

	jout_key(j, "timeout_mins");
	if (seconds <= 0) {
		jout_null(j);
		return;
	}
	snprintf(text, sizeof(text), minutes == floor(minutes) ? "%.1f" : "%.15g", minutes);
	jout_raw(j, text);
}

static void write_exports(struct json_out *j, const char *const *env)
{
	_cleanup_(str_done) struct str key = {0};

	jout_key(j, "exports");
	jout_object(j);
	for (; *env; env++) {
		size_t n = strcspn(*env, "=");

		str_clear(&key);
		str_addn(&key, *env, n);
		jout_key_string(j, key.s, *env + n + ((*env)[n] == '='));
	}
	jout_object_end(j);
}

static void write_patterns(struct json_out *j, const char *key, const struct pattern_list *list)
{
	jout_key(j, key);
	jout_array(j);
	for (uint32_t i = 0; i < list->n; i++)
		jout_string(j, list->at[i].text);
	jout_array_end(j);
}

/* A text that is the same for successive jobs with the same `of`. */
struct repeated {
	const void *of;
	struct str text;
};

struct dump {
	struct json_out out;
	const struct plan *plan;
	const char *timestamp;
	struct repeated block, exports, pass_patterns, fail_patterns;
	struct str path; /* of the job, for one member */
};

/* true: r has the text for `of`, and it was written. false: the caller must write the text with
 * part. */
static bool write_again(struct dump *d, struct repeated *r, const void *of, struct json_out *part)
{
	if (r->of == of)
		jout_add_part(&d->out, &r->text);
	else
		jout_part(part, &d->out);
	return r->of == of;
}

static void write_first(struct dump *d, struct repeated *r, const void *of, struct json_out *part)
{
	str_done(&r->text);
	*r = (struct repeated){.of = of, .text = part->buf};
	jout_add_part(&d->out, &r->text);
}

static void dump_block(struct dump *d, const struct job_spec *job)
{
	struct json_out part;

	if (write_again(d, &d->block, job->block, &part))
		return;
	write_block(&part, d->plan, job, d->timestamp);
	write_first(d, &d->block, job->block, &part);
}

static void dump_exports(struct dump *d, const char *const *env)
{
	struct json_out part;

	if (write_again(d, &d->exports, env, &part))
		return;
	write_exports(&part, env);
	write_first(d, &d->exports, env, &part);
}

static void dump_patterns(struct dump *d, struct repeated *r, const char *key,
			  const struct pattern_list *list)
{
	struct json_out part;

	if (!list->at) {
		write_patterns(&d->out, key, list);
		return;
	}
	if (write_again(d, r, list->at, &part))
		return;
	write_patterns(&part, key, list);
	write_first(d, r, list->at, &part);
}

static void dv_files_write_job(struct dump *d, const struct job_spec *job)
{
	const struct job_rules *r = job->rules;
	struct json_out *j = &d->out;

	jout_object(j);
	jout_key_string(j, "name", job->subject);
	jout_key_string(j, "job_type", dv_files_job_type(job));
	jout_key_string(j, "target", r->target);
	jout_key_string(j, "backend", r->backend);
	jout_key(j, "resources");
	jout_object(j);
	for (uint32_t i = 0; i < r->n_resources; i++)
		jout_key_int(j, r->resources[i].name, r->resources[i].count);
	jout_object_end(j);
	jout_key(j, "seed");
	if (job->seed)
		jout_raw(j, job->seed);
	else
		jout_null(j);
	jout_key_string(j, "full_name", job->id);
	jout_key_string(j, "qual_name", job->name);
	dump_block(d, job);
	write_dependencies(j, d->plan, job);
	jout_key_int(j, "weight", r->weight);
	write_minutes(j, r->timeout_s);
	jout_key_string(j, "cmd", job_command(job, &d->path));
	dump_exports(d, r->env);
	jout_key_bool(j, "dry_run", r->is_dry_run);
	jout_key_bool(j, "interactive", r->is_interactive);
	jout_key_string(j, "odir", job_odir(job, &d->path));
	/* DVSim also moves the merged database aside, but at planning time. */
	jout_key_bool(j, "renew_odir", r->renew_odir && strcmp(r->target, "run") == 0);
	jout_key_string(j, "log_path", job_log_path(job, &d->path));
	dump_patterns(d, &d->pass_patterns, "pass_patterns", &r->pass_patterns);
	dump_patterns(d, &d->fail_patterns, "fail_patterns", &r->fail_patterns);
	jout_object_end(j);
}

static int dump_done(struct dump *d)
{
	str_done(&d->path);
	str_done(&d->block.text);
	str_done(&d->exports.text);
	str_done(&d->pass_patterns.text);
	str_done(&d->fail_patterns.text);
	return jout_done(&d->out);
}

static int by_id(const void *a, const void *b)
{
	const struct job_spec *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static const struct job_spec **dv_files_sorted(const struct plan *plan)
{
	const struct job_spec **ret = xcalloc(plan->n_jobs + 1, sizeof(*ret));

	for (size_t i = 0; i < plan->n_jobs; i++)
		ret[i] = &plan->jobs[i];
	qsort(ret, plan->n_jobs, sizeof(*ret), by_id);
	return ret;
}

static const char *branch_of(const struct plan *plan)
{
	const struct dv_block *b = plan->dv->top ? plan->dv->top : plan->dv->blocks[0];

	return b->revision.branch;
}

/* Returns 0 or errno. */
static int dump_jobs(struct dump *d, int fd)
{
	_cleanup_(freep) const struct job_spec **jobs = dv_files_sorted(d->plan);

	jout_init(&d->out, fd, DUMP_INDENT);
	jout_array(&d->out);
	for (size_t i = 0; i < d->plan->n_jobs; i++)
		dv_files_write_job(d, jobs[i]);
	jout_array_end(&d->out);
	return dump_done(d);
}

/* Writes beside path, and renames: there is never an incomplete file at path. */
static int dump_write(struct dump *d, const char *path, struct error *err)
{
	_cleanup_(freep) char *beside = xasprintf("%s.tmp-%d", path, (int)getpid());
	int fd = fs_create_new_at(AT_FDCWD, beside, 0666);
	int errnum = fd < 0 ? errno : dump_jobs(d, fd);

	if (fd >= 0 && close(fd) < 0 && !errnum)
		errnum = errno;
	if (!errnum && rename(beside, path) < 0)
		errnum = errno;
	if (!errnum)
		return 0;
	if (fd >= 0)
		unlink(beside);
	errno = errnum;
	return dv_files_report(err, path);
}

static int dv_files_deploy(const struct plan *plan, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	char timestamp[32];
	struct dump d = {.plan = plan, .timestamp = timestamp};
	struct tm utc;

	if (plan->dv->n_blocks == 0)
		return 0;
	gmtime_r(&plan->dv->timestamp, &utc);
	strftime(timestamp, sizeof(timestamp), "%Y%m%d_%H%M%S", &utc);
	path = xasprintf("%s/deploy_%s_%s.json", plan->scratch_root, branch_of(plan), timestamp);
	return dump_write(&d, path, err);
}

int dv_files_write(const struct plan *plan, bool has_dump, struct error *err)
{
	if (!plan->dv)
		return 0;
	if (dv_files_ignore(plan, err) < 0)
		return -1;
	return has_dump ? dv_files_deploy(plan, err) : 0;
}
