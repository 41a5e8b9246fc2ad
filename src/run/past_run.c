/* SPDX-License-Identifier: Apache-2.0 */
#include "run/past_run.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "run/journal.h"
#include "run/plan_file.h"
#include "run/results.h"
#include "run/run_names.h"

enum { LARGEST_MIB = 4096, HEAD_PART = 64 * 1024, HEAD_MOST = 4 << 20 };

struct peek {
	struct arena *mem;
	struct past_run *run;
	bool is_done;
};

static const char *past_run_text_of(struct arena *mem, const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return arena_strdup_or_null(mem, s);
}

static const char *const *words_of(struct arena *mem, const json_t *list)
{
	size_t n = json_array_size(list);
	const char **words = arena_array(mem, n + 1, sizeof(*words));

	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(list, i));

		words[i] = arena_strdup(mem, word ? word : "");
	}
	return words;
}

/* Members that have the same names in the journal's first record and in results.json. */
static void take_head(const json_t *head, const char *argv_key, struct arena *mem,
		      struct past_run *ret)
{
	ret->cfg_path = past_run_text_of(mem, head, "cfg_path");
	ret->parent = past_run_text_of(mem, head, "parent");
	ret->argv = words_of(mem, json_object_get(head, argv_key));
	ret->is_nested = json_is_true(json_object_get(head, "nested"));
	ret->is_rehearsal = json_is_true(json_object_get(head, "rehearsal"));
}

static void past_run_begin(const char *run_path, struct arena *mem, struct past_run *ret)
{
	const char *name = path_base(run_path);

	*ret = (struct past_run){
		.id = arena_strdup(mem, name),
		.path = arena_strdup(mem, run_path),
		.argv = words_of(mem, NULL),
	};
}

/* ---- results.json ---- */

static int past_run_foreign(struct error *err, const char *path, const char *what)
{
	return error_plain(err, "%s is not a results file of dvsched: %s", path, what);
}

static int check_schema(const json_t *root, const char *path, struct error *err)
{
	const json_t *schema = json_object_get(root, "schema");
	json_int_t version = json_integer_value(json_object_get(schema, "version"));

	if (!str_eq(json_string_value(json_object_get(schema, "name")), "dvsched-results"))
		return past_run_foreign(err, path, "'schema.name' is not 'dvsched-results'");
	if (version != RESULTS_SCHEMA_VERSION)
		return error_plain(err, "%s has version %lld; this program reads version %d", path,
				   (long long)version, RESULTS_SCHEMA_VERSION);
	if (!json_is_object(json_object_get(root, "run")))
		return past_run_foreign(err, path, "'run' is not an object");
	if (!json_is_array(json_object_get(root, "jobs")))
		return past_run_foreign(err, path, "'jobs' is not a list");
	return 0;
}

/* NULL with err. */
static json_t *parse_results(const char *path, const struct str *text, struct error *err)
{
	json_error_t where;
	json_t *root = json_loadb(text->s, text->len, JSON_ALLOW_NUL, &where);

	if (!root) {
		error_plain(err, "%s:%d:%d: %s", path, where.line, where.column, where.text);
		return NULL;
	}
	if (check_schema(root, path, err) == 0)
		return root;
	json_decref(root);
	return NULL;
}

/* NULL with err. */
static json_t *load_results(const char *path, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};

	if (fs_read_file(path, (size_t)LARGEST_MIB << 20, &text, err) < 0) {
		err->pos = (struct src_pos){0}; /* path is borrowed: copied into the message */
		error_wrap(err, "%s", path);
		return NULL;
	}
	return parse_results(path, &text, err);
}

/* The line before the first job. No text in JSON contains a line end. */
static const char jobs_line[] = "\n\"jobs\":[\n";

/* Reads the file up to its jobs. false: it cannot be read, or its jobs were not found. */
static bool read_before_jobs(const char *path, struct str *ret)
{
	_cleanup_(closep) int fd = fs_open_begin(
		AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, ret, HEAD_PART);
	const char *jobs = NULL;
	ssize_t n = (ssize_t)ret->len;

	while (fd >= 0) {
		jobs = memmem(ret->s, ret->len, jobs_line, strlen(jobs_line));
		if (jobs || n <= 0 || ret->len >= HEAD_MOST)
			break;
		n = read(fd, str_reserve(ret, HEAD_PART), HEAD_PART);
		ret->len += n > 0 ? (size_t)n : 0;
	}
	if (jobs)
		ret->len = (size_t)(jobs - ret->s);
	return jobs != NULL;
}

/* The results with an empty list of jobs. They are most of the file, and take the most time. NULL
 * with err. */
static json_t *load_results_head(const char *path, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};

	if (!read_before_jobs(path, &text))
		return load_results(path, err); /* not formatted by dvsched */
	str_add(&text, "\n\"jobs\":[]}");
	return parse_results(path, &text, err);
}

static int take_jobs(const json_t *list, const char *path, struct arena *mem, struct past_run *ret,
		     struct error *err)
{
	struct past_job *jobs = arena_array(mem, json_array_size(list), sizeof(*jobs));
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		const char *status = json_string_value(json_object_get(one, "status"));

		jobs[i] = (struct past_job){.id = past_run_text_of(mem, one, "id"),
					    .seed = past_run_text_of(mem, one, "seed")};
		if (jobs[i].id && status && job_status_from_name(status, &jobs[i].status))
			continue;
		return error_plain(err,
				   "%s is not a results file of dvsched: 'jobs[%zu]' has no 'id' "
				   "or no 'status'",
				   path, i);
	}
	ret->jobs = jobs;
	ret->n_jobs = i;
	return 0;
}

static void take_run(const json_t *root, struct arena *mem, struct past_run *ret)
{
	const json_t *run = json_object_get(root, "run");

	take_head(run, "command_line", mem, ret);
	ret->seed_base = past_run_text_of(mem, run, "seed_base");
	ret->outcome = past_run_text_of(mem, run, "outcome");
	ret->exit_code = (int)json_integer_value(json_object_get(run, "exit_code"));
}

static const char *past_run_own_id(const json_t *root)
{
	return json_string_value(json_object_get(json_object_get(root, "run"), "id"));
}

static int read_results(const char *path, struct arena *mem, struct past_run *ret,
			struct error *err)
{
	json_t *root = load_results(path, err);
	int rc;

	if (!root)
		return -1;
	if (!run_names_is_of(path, past_run_own_id(root))) {
		json_decref(root);
		return error_plain(err, "%s has the results of another run", path);
	}
	take_run(root, mem, ret);
	rc = take_jobs(json_object_get(root, "jobs"), path, mem, ret, err);
	json_decref(root);
	return rc;
}

int past_run_read(const char *run_path, struct arena *mem, struct past_run *ret, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, RESULTS_NAME);

	past_run_begin(run_path, mem, ret);
	if (results_complete(run_path, err) < 0)
		return -1;
	return read_results(path, mem, ret, err);
}

int past_run_read_head(const char *run_path, struct arena *mem, struct past_run *ret,
		       struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, RESULTS_NAME);
	json_t *root;

	past_run_begin(run_path, mem, ret);
	if (results_complete(run_path, err) < 0)
		return -1;
	root = load_results_head(path, err);
	if (!root)
		return -1;
	take_run(root, mem, ret);
	json_decref(root);
	return 0;
}

/* ---- identification of a run ---- */

static bool take_first(void *ctx, const struct journal_record *record)
{
	struct peek *p = ctx;

	if (strcmp(record->ev, "run") == 0) {
		take_head(record->json, "argv", p->mem, p->run);
		p->run->start_wall_s = record->wall_s;
		p->is_done = true;
	}
	return false;
}

static bool peek_journal(const char *run_path, struct arena *mem, struct past_run *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, JOURNAL_NAME);
	struct peek p = {mem, ret, false};
	struct error err = {0};
	bool is_torn;

	journal_read(path, take_first, &p, &is_torn, &err);
	error_done(&err);
	return p.is_done;
}

static bool peek_results(const char *run_path, struct arena *mem, struct past_run *ret)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, RESULTS_NAME);
	struct error err = {0};
	bool is_good = read_results(path, mem, ret, &err) == 0;

	error_done(&err);
	return is_good;
}

static int peek_plan(const char *run_path, struct arena *mem, struct past_run *ret,
		     struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", run_path, PLAN_NAME);
	struct plan *plan = plan_read(path, err);

	if (!plan)
		return -1;
	ret->cfg_path = arena_strdup_or_null(mem, plan->cfg_path);
	ret->parent = arena_strdup_or_null(mem, plan->parent);
	ret->is_nested = plan->is_nested;
	ret->is_rehearsal = plan->is_rehearsal;
	plan_free(plan);
	return 0;
}

int past_run_peek(const char *run_path, struct arena *mem, struct past_run *ret, struct error *err)
{
	past_run_begin(run_path, mem, ret);
	if (peek_journal(run_path, mem, ret) || peek_results(run_path, mem, ret))
		return 0;
	return peek_plan(run_path, mem, ret, err);
}
