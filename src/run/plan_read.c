/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads plan.json. The file is not trusted: each index is checked against its table, and the first
 * error is reported with its path ("jobs[17].rules").
 */
#include <string.h>

#include "base/fs.h"
#include "run/plan_file.h"
#include "run/plan_rules.h"
#include "run/plan_text.h"

enum { LARGEST_MIB = 4096 };

static int get_path(struct plan_reader *r, const json_t *obj, const char *key, const char *root,
		    const char **ret)
{
	if (member_get_text(r, obj, key, ret) < 0)
		return -1;
	if (*ret)
		*ret = path_join(r->mem, root ? root : "", *ret);
	return 0;
}

static int get_steps(struct plan_reader *r, const json_t *job, const struct job_steps **ret)
{
	const json_t *obj = json_object_get(job, "steps");
	const char *root = r->plan->scratch_root;
	struct job_steps *s;

	if (!obj)
		return 0;
	s = arena_zalloc(r->mem, sizeof(*s));
	*ret = s;
	if (get_path(r, obj, "remove_before", root, &s->remove_before) < 0 ||
	    get_path(r, obj, "write_path", root, &s->write_path) < 0 ||
	    member_get_text(r, obj, "write_text", &s->write_text) < 0 ||
	    get_path(r, obj, "remove_unless_passed", root, &s->remove_unless_passed) < 0 ||
	    member_get_text(r, obj, "reader", &s->reader) < 0)
		return -1;
	return get_path(r, obj, "read_path", root, &s->read_path);
}

/* One of a job's lists of dependencies: indices of jobs, and ranges ("17-203"). */
struct dep_list {
	const json_t *list;
	const char *key;
	uint32_t n;
};

static bool take_number(const char **at, size_t most, size_t *ret)
{
	const char *s = *at;
	size_t n = 0;

	for (; *s >= '0' && *s <= '9' && n < most; s++)
		n = n * 10 + (size_t)(*s - '0');
	if (s == *at || n >= most)
		return false;
	*at = s;
	*ret = n;
	return true;
}

/* Reads an element of such a list: a range of indices below n. */
static bool dep_range(const json_t *v, size_t n, size_t *ret_first, size_t *ret_last)
{
	const char *text = json_string_value(v);

	if (text)
		return take_number(&text, n, ret_first) && *text++ == '-' &&
		       take_number(&text, n, ret_last) && !*text && *ret_first <= *ret_last;
	*ret_first = *ret_last = (size_t)json_integer_value(v);
	return json_is_integer(v) && json_integer_value(v) >= 0 && *ret_first < n;
}

static int count_deps(struct plan_reader *r, const json_t *obj, struct dep_list *l)
{
	size_t n = 0, first, last;

	l->list = json_object_get(obj, l->key);
	for (size_t i = 0; i < json_array_size(l->list); i++) {
		if (!dep_range(json_array_get(l->list, i), r->plan->n_jobs, &first, &last))
			return member_bad(r, l->key);
		n += last - first + 1;
		if (n > UINT32_MAX / 4)
			return member_bad(r, l->key);
	}
	l->n = (uint32_t)n;
	return 0;
}

static uint32_t *plan_read_add_deps(const struct plan_reader *r, const struct dep_list *l,
				    uint32_t *to)
{
	size_t first, last;

	for (size_t i = 0; i < json_array_size(l->list); i++)
		if (dep_range(json_array_get(l->list, i), r->plan->n_jobs, &first, &last))
			while (first <= last)
				*to++ = (uint32_t)first++;
	return to;
}

static int get_deps(struct plan_reader *r, const json_t *obj, struct job_spec *ret)
{
	struct dep_list needs = {.key = "needs"}, any = {.key = "needs_any"},
			held = {.key = "waits_for"};
	uint32_t *deps;

	if (count_deps(r, obj, &needs) < 0 || count_deps(r, obj, &any) < 0 ||
	    count_deps(r, obj, &held) < 0)
		return -1;
	ret->n_needs = needs.n;
	ret->n_any = any.n;
	ret->n_held = held.n;
	deps = arena_array(r->mem, (size_t)needs.n + any.n + held.n, sizeof(*deps));
	ret->deps = deps;
	plan_read_add_deps(r, &held,
			   plan_read_add_deps(r, &any, plan_read_add_deps(r, &needs, deps)));
	return 0;
}

static int get_argv(struct plan_reader *r, const json_t *obj, struct job_spec *ret)
{
	ret->is_split = json_is_true(json_object_get(obj, "is_split"));
	if (!ret->is_split)
		return member_get_words(r, obj, "argv", ret->command, &ret->argv);
	return ret->command && ret->command[strspn(ret->command, " ")] ? 0
								       : member_bad(r, "command");
}

/* Reads the members that a job and each stage of its fallback have separately. */
static int get_what_runs(struct plan_reader *r, const json_t *obj, struct job_spec *ret)
{
	size_t rules = 0;

	if (member_need_index(r, obj, "rules", r->n_rules, &rules) < 0 ||
	    member_get_text(r, obj, "command", &ret->command) < 0 || get_argv(r, obj, ret) < 0 ||
	    member_get_text(r, obj, "request", &ret->request) < 0 ||
	    get_steps(r, obj, &ret->steps) < 0 || member_get_pos(r, obj, &ret->pos) < 0)
		return -1;
	ret->rules = &r->rules[rules];
	ret->has_attempt = json_is_true(json_object_get(obj, "has_attempt"));
	ret->is_request = json_is_true(json_object_get(obj, "is_request"));
	return 0;
}

static int get_fallback(struct plan_reader *r, const json_t *obj, struct job_spec *ret)
{
	const json_t *list = json_object_get(obj, "fallback");
	size_t n = json_array_size(list);
	struct job_spec *stages;

	if (n > UINT16_MAX || (list && !json_is_array(list)))
		return member_bad(r, "fallback");
	stages = arena_array(r->mem, n, sizeof(*stages));
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(list, i);

		job_stage_init(&stages[i], ret);
		if (member_need_text(r, one, "stage", &stages[i].stage) < 0 ||
		    get_what_runs(r, one, &stages[i]) < 0)
			return -1;
	}
	ret->fallback = stages;
	ret->n_fallback = (uint16_t)n;
	return 0;
}

/* A relative directory is below the path of the job's block. */
static bool has_place(const struct job_spec *spec)
{
	const char *below = spec->block->scratch_path;

	return !spec->dir || *spec->dir == '/' || (below && *below == '/');
}

static int read_job(struct plan_reader *r, const json_t *obj, struct job_spec *ret)
{
	size_t block = 0;

	if (member_need_text(r, obj, "id", &ret->id) < 0 ||
	    member_get_text(r, obj, "name", &ret->name) < 0 ||
	    member_need_index(r, obj, "block", r->n_blocks, &block) < 0 ||
	    get_what_runs(r, obj, ret) < 0 ||
	    get_path(r, obj, "odir", r->plan->scratch_root, &ret->dir) < 0 ||
	    member_get_text(r, obj, "log", &ret->log) < 0 ||
	    member_get_text(r, obj, "seed", &ret->seed) < 0 || get_deps(r, obj, ret) < 0)
		return -1;
	if (!ret->name)
		ret->name = ret->id;
	ret->block = &r->blocks[block];
	if (!has_place(ret))
		return member_bad(r, "odir");
	return get_fallback(r, obj, ret);
}

static int need_table(struct plan_reader *r, const json_t *root, const char *key,
		      const json_t **ret)
{
	*ret = json_object_get(root, key);
	r->table = key;
	r->at = 0;
	if (json_is_array(*ret))
		return 0;
	return error_plain(r->err, "%s is missing", key);
}

static int read_strings(struct plan_reader *r, const json_t *root, const char *key,
			const char ***ret, size_t *ret_n)
{
	const json_t *table;

	if (need_table(r, root, key, &table) < 0)
		return -1;
	*ret_n = json_array_size(table);
	*ret = arena_array(r->mem, *ret_n, sizeof(**ret));
	for (r->at = 0; r->at < *ret_n; r->at++)
		if (!plan_text_read(json_array_get(table, r->at), r->mem, &(*ret)[r->at]))
			return member_bad(r, "text");
	return 0;
}

static int read_blocks(struct plan_reader *r, const json_t *root)
{
	const json_t *table;

	if (need_table(r, root, "blocks", &table) < 0)
		return -1;
	r->n_blocks = json_array_size(table);
	r->blocks = arena_array(r->mem, r->n_blocks, sizeof(*r->blocks));
	for (r->at = 0; r->at < r->n_blocks; r->at++) {
		const json_t *one = json_array_get(table, r->at);

		if (member_get_text(r, one, "name", &r->blocks[r->at].name) < 0 ||
		    member_get_text(r, one, "scratch_path", &r->blocks[r->at].scratch_path) < 0)
			return -1;
	}
	return 0;
}

static int read_templates(struct plan_reader *r, const json_t *root)
{
	const json_t *list = json_object_get(root, "templates");

	r->table = "templates";
	if (plan_expander_init(&r->expander, list))
		return 0;
	r->at = r->expander.n;
	return member_bad(r, "text");
}

static int read_all_rules(struct plan_reader *r, const json_t *root)
{
	const json_t *table;
	int rc = 0;

	if (need_table(r, root, "rules", &table) < 0)
		return -1;
	r->n_rules = json_array_size(table);
	r->rules = arena_array(r->mem, r->n_rules, sizeof(*r->rules));
	for (r->at = 0; r->at < r->n_rules && rc == 0; r->at += rc == 0) {
		json_t *one = plan_expand(&r->expander, json_array_get(table, r->at));

		rc = one ? plan_rules_read(r, one, &r->rules[r->at]) : member_bad(r, "template");
		json_decref(one);
	}
	return rc;
}

static int plan_read_jobs(struct plan_reader *r, const json_t *root)
{
	const json_t *table;
	int rc = 0;

	if (need_table(r, root, "jobs", &table) < 0)
		return -1;
	r->plan->n_jobs = json_array_size(table);
	r->plan->jobs = arena_array(r->mem, r->plan->n_jobs, sizeof(*r->plan->jobs));
	for (r->at = 0; r->at < r->plan->n_jobs && rc == 0; r->at += rc == 0) {
		json_t *one = plan_expand(&r->expander, json_array_get(table, r->at));

		rc = one ? read_job(r, one, &r->plan->jobs[r->at]) : member_bad(r, "template");
		json_decref(one);
	}
	return rc;
}

static int plan_read_first_line(struct plan_reader *r, const json_t *root)
{
	const json_t *schema = json_object_get(root, "schema");
	const char *name = json_string_value(json_object_get(schema, "name"));
	json_int_t version = json_integer_value(json_object_get(schema, "version"));

	if (!str_eq(name, "dvsched-plan"))
		return error_plain(r->err, "it is not a plan of dvsched");
	if (version < PLAN_SCHEMA_OLDEST || version > PLAN_SCHEMA_VERSION)
		return error_plain(r->err,
				   "its version is %lld; this program reads versions %d to %d",
				   (long long)version, PLAN_SCHEMA_OLDEST, PLAN_SCHEMA_VERSION);
	r->version = (int)version;
	r->table = "plan";
	if (member_get_text(r, root, "name", &r->plan->name) < 0 ||
	    member_get_text(r, root, "flow", &r->plan->flow) < 0 ||
	    member_get_text(r, root, "cfg_path", &r->plan->cfg_path) < 0 ||
	    member_get_text(r, root, "seed_base", &r->plan->seed_base) < 0 ||
	    member_get_text(r, root, "parent", &r->plan->parent) < 0)
		return -1;
	r->plan->is_nested = json_is_true(json_object_get(root, "nested"));
	r->plan->is_rehearsal = json_is_true(json_object_get(root, "rehearsal"));
	return member_get_text(r, root, "scratch_root", &r->plan->scratch_root);
}

static int read_plan(struct plan_reader *r, const json_t *root)
{
	if (plan_read_first_line(r, root) < 0 ||
	    read_strings(r, root, "strings", &r->strings, &r->n_strings) < 0 ||
	    read_strings(r, root, "files", &r->files, &r->n_files) < 0 ||
	    read_blocks(r, root) < 0 || read_templates(r, root) < 0 || read_all_rules(r, root) < 0)
		return -1;
	return plan_read_jobs(r, root);
}

struct plan *plan_read(const char *path, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};
	struct plan_reader r = {.plan = plan_new(), .err = err};
	json_error_t where;
	json_t *root = NULL;

	r.mem = r.plan->mem;
	if (fs_read_file(path, (size_t)LARGEST_MIB << 20, &text, err) == 0) {
		root = json_loadb(text.s, text.len, 0, &where);
		if (!root)
			error_plain(err, "%d:%d: %s", where.line, where.column, where.text);
		else
			read_plan(&r, root);
	}
	if (error_is_set(err)) {
		err->pos = (struct src_pos){0}; /* path is borrowed: copied into the message */
		error_wrap(err, "%s", path);
	}
	plan_expander_done(&r.expander);
	json_decref(root);
	if (!error_is_set(err))
		return r.plan;
	plan_free(r.plan);
	return NULL;
}
