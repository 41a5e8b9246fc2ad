/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/needs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "flow/name_index.h"

enum { MOST_EDGES = 100000000 };

/* The dependencies that some jobs of one entry share. */
struct dep_set {
	uint32_t *at;
	uint32_t n_needs, n_any;
	/* Jobs of the same entry that only globs match, sorted. None of them waits for itself. */
	uint32_t *own;
	uint32_t n_own;
	const struct text *lonely; /* a glob that matches a single job, of this entry */
	bool has_self;		   /* a job of own has this set */
};

struct resolver {
	struct load *load;
	struct plan *plan;
	const struct map *by_name;
	struct name_index index;
	uint32_t *stamps; /* per job: number of the list that it was last added to */
	uint32_t stamp;
	const struct entry *entry; /* being resolved */
	bool is_one;		   /* all its jobs have the same texts */
	struct map sets;	   /* rendered texts -> dep_set */
	bool has_error;		   /* of this entry; its other jobs would have the same one */
	struct str key;
	VEC(uint32_t) deps, own; /* being collected */
	uint64_t n_edges;
};

static bool is_own(const struct resolver *r, uint32_t job)
{
	return job >= r->entry->first && job - r->entry->first < r->entry->n;
}

static struct diag *needs_refuse(struct resolver *r, const struct text *text, const char *what,
				 const char *name)
{
	r->has_error = true;
	return cfg_error(r->load->cfg, r->load->diags, text->at, "%s '%s'", what,
			 text_printable(r->load->mem, name));
}

static bool is_target(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_jobs; i++)
		if (strcmp(p->jobs[i].rules->target, name) == 0)
			return true;
	return false;
}

static void needs_refuse_unknown(struct resolver *r, const struct text *text, const char *name)
{
	const char *near = name_index_suggest(&r->index, name);
	struct diag *e = needs_refuse(r, text, "there is no job", name);

	if (is_target(r->plan, name))
		diag_hint(e,
			  "for all jobs of that sweep write \"%s.*\", or what their names begin "
			  "with",
			  name);
	else if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

static void refuse_useless(struct resolver *r, const struct text *text, const char *glob)
{
	const char *near = name_index_suggest(&r->index, glob);
	struct diag *e = needs_refuse(r, text, "no job matches", glob);

	if (near)
		diag_hint(e, "did you mean '%s'?", near);
}

static bool add_dep(struct resolver *r, uint32_t job)
{
	if (r->stamps[job] == r->stamp)
		return false;
	r->stamps[job] = r->stamp;
	vec_push(&r->deps, job);
	return true;
}

/* Skips jobs of the other kind: a finally job cannot wait for a job that may never pass, and an
 * ordinary job cannot wait for one that runs after it. */
static void add_glob(struct resolver *r, const struct text *text, const char *glob,
		     struct dep_set *set)
{
	bool is_finally = r->entry->settings.is_finally;
	size_t n = 0, n_own = 0;

	name_index_glob(&r->index, glob);
	for (size_t i = 0; i < r->index.n_found; i++) {
		uint32_t job = r->index.found[i];

		if (r->plan->jobs[job].rules->is_finally != is_finally)
			continue;
		n++;
		n_own += is_own(r, job);
		if (add_dep(r, job) && is_own(r, job))
			vec_push(&r->own, job);
	}
	if (n == 0 && r->index.n_found)
		diag_hint(needs_refuse(
				  r, text,
				  is_finally
					  ? "a finally job can wait for finally jobs only, not for"
					  : "a job cannot wait for finally jobs:",
				  glob),
			  "finally jobs run after all others, whatever happened to those");
	else if (n == 0)
		refuse_useless(r, text, glob);
	else if (n == 1 && n_own == 1 && (!r->is_one || r->entry->n == 1))
		set->lonely = text;
}

static void needs_add_name(struct resolver *r, const struct text *text, const char *name,
			   uint32_t job)
{
	bool is_finally = r->entry->settings.is_finally;

	add_dep(r, job);
	if (r->plan->jobs[job].rules->is_finally == is_finally)
		return;
	if (is_finally)
		diag_hint(needs_refuse(r, text,
				       "a finally job can wait for finally jobs only, not for",
				       name),
			  "it runs after all others anyway, whatever happened to them");
	else
		diag_hint(needs_refuse(r, text, "a job cannot wait for the finally job", name),
			  "finally jobs run after all others");
}

/* s: t, rendered. */
static void add_text(struct resolver *r, const struct template *t, const char *s,
		     struct dep_set *set)
{
	uintptr_t number = (uintptr_t)map_get(r->by_name, s);

	if (number)
		needs_add_name(r, t->text, s, (uint32_t)(number - 1));
	else if (str_is_glob(s))
		add_glob(r, t->text, s, set);
	else
		needs_refuse_unknown(r, t->text, s);
}

static size_t needs_add_list(struct resolver *r, const struct template_list *list,
			     const char **texts, struct dep_set *set)
{
	size_t before = r->deps.n;

	r->stamp++;
	for (uint32_t i = 0; i < list->n; i++) {
		add_text(r, &list->at[i], *texts, set);
		*texts += strlen(*texts) + 1;
	}
	return r->deps.n - before;
}

/* Makes the set for r->key. */
static struct dep_set *make_set(struct resolver *r)
{
	struct dep_set *set = arena_zalloc(r->load->mem, sizeof(*set));
	const char *texts = r->key.s;

	r->deps.n = r->own.n = 0;
	set->n_needs = (uint32_t)needs_add_list(r, &r->entry->needs, &texts, set);
	set->n_any = (uint32_t)needs_add_list(r, &r->entry->needs_any, &texts, set);
	if (r->deps.n)
		set->at = arena_memdup(r->plan->mem, r->deps.at, r->deps.n * sizeof(*r->deps.at));
	if (r->own.n) {
		set->own = arena_memdup(r->load->mem, r->own.at, r->own.n * sizeof(*r->own.at));
		qsort(set->own, r->own.n, sizeof(*r->own.at), name_index_compare);
	}
	set->n_own = (uint32_t)r->own.n;
	return set;
}

static void render_list(struct str *key, const struct template_list *list,
			const char *const *values)
{
	for (uint32_t i = 0; i < list->n; i++) {
		template_render(&list->at[i], values, key);
		str_addc(key, '\0');
	}
}

static struct dep_set *find_set(struct resolver *r, const char *const *values)
{
	struct dep_set *set;

	str_clear(&r->key);
	render_list(&r->key, &r->entry->needs, values);
	render_list(&r->key, &r->entry->needs_any, values);
	set = map_get_n(&r->sets, r->key.s, r->key.len);
	if (!set) {
		set = make_set(r);
		map_set_n(&r->sets, arena_memdup(r->load->mem, r->key.s, r->key.len), r->key.len,
			  set);
	}
	return set;
}

static bool has_job_number(const uint32_t *list, uint32_t n, uint32_t job)
{
	return n && bsearch(&job, list, n, sizeof(*list), name_index_compare);
}

static uint32_t copy_without(const uint32_t *from, uint32_t n, uint32_t job, uint32_t *to)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		if (from[i] != job)
			to[k++] = from[i];
	return k;
}

static const struct text *first_text(const struct entry *e)
{
	return e->needs.n ? e->needs.at[0].text : e->needs_any.at[0].text;
}

/* A glob of this job matches the job itself. */
static void leave_out_self(struct resolver *r, struct dep_set *set, struct job_spec *job,
			   uint32_t number)
{
	uint32_t *deps;

	if (set->lonely) {
		needs_refuse(r, set->lonely,
			     "a job does not wait for itself, and no other one matches",
			     set->lonely->s);
		return;
	}
	if (set->has_self) {
		diag_hint(
			needs_refuse(
				r, first_text(r->entry),
				"globs make the jobs of one sweep wait for each other, for example",
				job->name),
			"let the glob name jobs of other entries only");
		return;
	}
	set->has_self = true;
	deps = arena_array(r->plan->mem, set->n_needs + set->n_any, sizeof(*deps));
	job->n_needs = copy_without(set->at, set->n_needs, number, deps);
	job->n_any = copy_without(set->at + set->n_needs, set->n_any, number, deps + job->n_needs);
	job->deps = deps;
}

static void needs_set_deps(struct resolver *r, struct dep_set *set, uint32_t number)
{
	struct job_spec *job = &r->plan->jobs[number];

	job->deps = set->at;
	job->n_needs = set->n_needs;
	job->n_any = set->n_any;
	if (has_job_number(set->own, set->n_own, number))
		leave_out_self(r, set, job, number);
	r->n_edges += set->n_needs + set->n_any;
	if (r->n_edges > MOST_EDGES && !r->has_error)
		needs_refuse(r, first_text(r->entry), "more than 100,000,000 dependencies, at job",
			     job->name);
}

static void resolve_entry(struct resolver *r, const struct entry *e)
{
	const char **values = arena_array(r->load->mem, VALUE_FIRST_AXIS + e->sweep.n_axes,
					  sizeof(*values));
	struct dep_set *set = NULL;

	r->entry = e;
	r->is_one = template_list_is_same(&e->needs) && template_list_is_same(&e->needs_any);
	r->has_error = false;
	for (size_t i = 0; i < e->n && !r->has_error; i++) {
		if (!set || !r->is_one) {
			sweep_row(&e->sweep, i, values + VALUE_FIRST_AXIS);
			values[VALUE_NAME] = r->plan->jobs[e->first + i].name;
			set = find_set(r, values);
		}
		if (!r->has_error)
			needs_set_deps(r, set, (uint32_t)(e->first + i));
	}
	map_done(&r->sets);
}

void needs_resolve(struct load *l, struct plan *plan, const struct map *by_name,
		   const struct entry *entries, size_t n_entries)
{
	struct resolver r = {.load = l, .plan = plan, .by_name = by_name};

	name_index_init(&r.index, plan);
	r.stamps = xcalloc(plan->n_jobs + 1, sizeof(*r.stamps));
	for (size_t i = 0; i < n_entries; i++)
		if (entries[i].needs.n || entries[i].needs_any.n)
			resolve_entry(&r, &entries[i]);
	name_index_done(&r.index);
	str_done(&r.key);
	free(r.stamps);
	vec_done(&r.deps);
	vec_done(&r.own);
}
