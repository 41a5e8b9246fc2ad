/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/block.h"

#include <ctype.h>
#include <string.h>

#include "base/fs.h"
#include "config/config.h"

/* The configuration that a block is read from, and the memory for its texts. */
struct source {
	struct cfg *cfg;
	struct arena *mem;
	const struct dv_options *dv;
};

static const struct hjson_node *source_find(void *ctx, const char *name, size_t len)
{
	const struct source *s = ctx;
	const struct hjson_node *n = hjson_get_n(cfg_root(s->cfg), name, len);

	return n && n->type != HJSON_NULL ? n : NULL;
}

static const struct hjson_node *source_value(struct source *s, const char *key)
{
	return source_find(s, key, strlen(key));
}

/* The key's text, expanded, because primary configurations are not. NULL: missing or empty. */
static const char *source_text(struct source *s, const char *key)
{
	struct cfg_subst rules = {.lookup = source_find, .ctx = s, .options = {.is_lenient = true}};
	const struct hjson_node *n = source_value(s, key);
	_cleanup_(error_done) struct error err = {0};
	const char *ret;

	if (!n || n->type != HJSON_STRING || n->n == 0)
		return NULL;
	ret = cfg_string(s->cfg, n);
	if (strchr(ret, '{')) {
		const char *expanded = cfg_subst_text(s->cfg, &rules, ret, &err);

		ret = expanded ? expanded : ret;
	}
	return arena_strdup(s->mem, ret);
}

static const char *source_text_or(struct source *s, const char *key, const char *otherwise)
{
	const char *ret = source_text(s, key);

	return ret ? ret : otherwise;
}

static bool source_flag(struct source *s, const char *key)
{
	const struct hjson_node *n = source_value(s, key);

	return n && (n->type == HJSON_BOOL || n->type == HJSON_INT) && n->i;
}

static const char *const *source_words(struct source *s, const char *key)
{
	const struct hjson_node *list = source_value(s, key);
	struct hjson_node *e;
	const char **ret;
	size_t n = 0;

	if (!list || list->type != HJSON_ARRAY)
		return NULL;
	ret = arena_array(s->mem, list->n + 1, sizeof(*ret));
	hjson_for_each (e, list)
		if (e->type == HJSON_STRING)
			ret[n++] = arena_strdup(s->mem, cfg_string(s->cfg, e));
	ret[n] = NULL;
	return ret;
}

static const char *source_member(struct source *s, struct hjson_node *object, const char *key)
{
	struct hjson_node *n = hjson_get(object, key);

	return n && n->type == HJSON_STRING ? arena_strdup(s->mem, cfg_string(s->cfg, n)) : NULL;
}

static void read_buckets(struct source *s, struct dv_block *b)
{
	const struct hjson_node *list = source_value(s, "message_buckets");
	struct dv_message_bucket *ret;
	struct hjson_node *e;

	if (!list || list->type != HJSON_ARRAY)
		return;
	ret = arena_array(s->mem, list->n + 1, sizeof(*ret));
	hjson_for_each (e, list)
		if (e->type == HJSON_OBJECT)
			ret[b->n_message_buckets++] = (struct dv_message_bucket){
				.category = source_member(s, e, "category"),
				.severity = source_member(s, e, "severity"),
				.label = source_member(s, e, "label"),
			};
	b->message_buckets = ret;
}

/* ---- revision ---- */

static void set_revision(struct dv_revision *r, const struct cfg_revision *git)
{
	r->commit = git->commit;
	r->commit_short = git->commit_short;
	r->url = git->url;
	r->is_dirty = git->is_dirty;
}

/* ---- testplan ---- */

static const char *path_from_root(struct arena *mem, const char *path, const char *root)
{
	size_t n = strlen(root);

	if (*path == '/' && path_is_below(path, root) && path[n] == '/')
		return arena_strdup(mem, path + n + 1);
	return path;
}

/* The reference to the testplan in reports: its page in the book, or its path without a book. */
static const char *testplan_ref(struct source *s, const struct dv_block *b, const char *proj_root)
{
	const char *path = source_text(s, "testplan_doc_path"), *book = source_text(s, "book");

	if (path) {
		path = path_from_root(s->mem, path, proj_root);
	} else {
		path = strcmp(b->rel_path, ".") == 0 ? "." : path_dir(s->mem, b->rel_path);
		path = arena_printf(s->mem, "%s%sdata/%s_testplan.hjson",
				    strcmp(path, ".") == 0 ? "" : path,
				    strcmp(path, ".") == 0 ? "" : "/", b->name);
	}
	if (!book)
		return path;
	return arena_printf(
		s->mem, "https://%s/%.*s.html", book,
		(int)(str_ends(path, ".hjson") ? strlen(path) - strlen(".hjson") : strlen(path)),
		path);
}

/* ---- blocks ---- */

static struct dv_plan *dv_of(const struct plan *plan)
{
	return (struct dv_plan *)plan->dv; /* only the flow writes to it, until the plan is done */
}

static struct dv_block *make_block(struct plan *plan, struct cfg *c, const struct dv_options *dv)
{
	struct source s = {c, plan->mem, dv};
	struct dv_block *b = arena_zalloc(plan->mem, sizeof(*b));

	b->name = source_text_or(&s, "name", "");
	b->variant = source_text(&s, "variant");
	b->kind = plan->dv->kind;
	b->tool = source_text_or(&s, "tool", "");
	b->rel_path = source_text_or(&s, "rel_path", ".");
	b->testplan = source_text(&s, "testplan");
	b->testplan_ref = testplan_ref(&s, b, plan->dv->proj_root);
	b->build_seed = dv->build_seed && !dv->run_only ? arena_strdup(plan->mem, dv->build_seed)
							: NULL;
	b->cov_report_page = source_text(&s, "cov_report_page");
	b->cov_report_dir = source_text(&s, "cov_report_dir");
	if (source_text(&s, "vplan") && source_flag(&s, "cov") && source_text(&s, "scratch_path"))
		b->vplan_report_page = arena_printf(plan->mem, "%s/cov_vplan/vplan_annotated.html",
						    source_text(&s, "scratch_path"));
	b->has_cov = source_flag(&s, "cov");
	b->map_full_testplan = dv->map_full_testplan;
	b->report_severities = source_words(&s, "report_severities");
	b->fail_severities = source_words(&s, "fail_severities");
	read_buckets(&s, b);
	b->max_msg_count = source_value(&s, "max_msg_count")
				   ? (long)source_value(&s, "max_msg_count")->i
				   : -1;
	b->is_style_lint = source_flag(&s, "is_style_lint");
	b->has_report_cmd = source_text(&s, "report_cmd") != NULL;
	b->sub_flow = source_text(&s, "sub_flow");
	b->title = source_text(&s, "results_title");
	b->revision.branch = dv->branch ? arena_strdup(s.mem, dv->branch)
					: source_text_or(&s, "branch", "default");
	b->revision.revision = source_text(&s, "revision");
	return b;
}

void dv_plan_begin(struct plan *plan, enum dv_kind kind, struct cfg *root,
		   const struct dv_options *dv)
{
	struct source s = {root, plan->mem, dv};
	struct dv_plan *p = arena_zalloc(plan->mem, sizeof(*p));

	p->proj_root = source_text_or(&s, "proj_root", ".");
	p->timestamp = dv->when;
	p->kind = kind;
	plan->dv = p;
	dv_plan_place_reports(plan, root, NULL);
}

/* Length of the first {word} in text, with its braces; 0: none. */
static size_t find_word(const char *text, const char **ret)
{
	for (; (text = strchr(text, '{')) != NULL; text++) {
		size_t n = 1;

		while (isalnum((unsigned char)text[n]) || text[n] == '_')
			n++;
		*ret = text;
		if (n > 1 && text[n] == '}')
			return n + 1;
	}
	return 0;
}

/* The path of a list may have {words} that only its members define ({dut}, {tool}): NULL. */
static const char *reports_base(struct source *s, struct diags *diags)
{
	const char *base = source_text(s, "scratch_base_path"), *word;
	size_t n = base ? find_word(base, &word) : 0;
	struct diag *w;

	if (n == 0)
		return base;
	if (!diags)
		return NULL;
	w = cfg_warning(s->cfg, diags, source_value(s, "scratch_base_path"),
			"'scratch_base_path' has %.*s, which is not known in this file", (int)n,
			word);
	diag_hint(w, "the reports of all its configurations go to reports/ in the scratch root");
	return NULL;
}

void dv_plan_place_reports(struct plan *plan, struct cfg *root, struct diags *diags)
{
	struct source s = {root, plan->mem, NULL};
	const char *base = reports_base(&s, diags);

	dv_of(plan)->reports_dir = path_join(
		plan->mem, path_absolute(plan->mem, base ? base : plan->scratch_root), "reports");
}

void dv_plan_set_top(struct plan *plan, struct cfg *primary, const struct dv_options *dv)
{
	dv_of(plan)->top = make_block(plan, primary, dv);
}

static bool is_same_block(const struct dv_block *a, const struct dv_block *b)
{
	return strcmp(a->name, b->name) == 0 && str_eq(a->variant, b->variant);
}

struct dv_block *dv_plan_add(struct plan *plan, struct cfg *leaf, const struct dv_options *dv)
{
	struct dv_block *b = make_block(plan, leaf, dv);
	struct dv_plan *p = dv_of(plan);
	const struct dv_block **all;

	for (size_t i = 0; i < p->n_blocks; i++)
		if (is_same_block(p->blocks[i], b))
			return (struct dv_block *)p->blocks[i];
	/* Not a VEC: a plan has few blocks, and shows them as a list that is read only. */
	all = arena_grow(plan->mem, p->blocks, p->n_blocks, p->n_blocks + 1, sizeof(*all));
	all[p->n_blocks++] = b;
	p->blocks = all;
	return b;
}

/* ---- jobs ---- */

/* Not a VEC, because struct plan, which other modules read, has no capacity. It at least doubles,
 * because the arena keeps every list that became too small. */
void dv_plan_reserve(struct plan *plan, size_t n)
{
	struct dv_plan *p = dv_of(plan);
	size_t cap = plan->n_jobs + n;
	struct job_spec *all;

	if (cap <= p->jobs_cap)
		return;
	if (cap < 2 * p->jobs_cap)
		cap = 2 * p->jobs_cap;
	all = arena_alloc(plan->mem, cap * sizeof(*all));
	if (plan->n_jobs)
		memcpy(all, plan->jobs, plan->n_jobs * sizeof(*all));
	plan->jobs = all;
	p->jobs_cap = cap;
}

struct job_spec *dv_plan_next_jobs(struct plan *plan, size_t n)
{
	dv_plan_reserve(plan, n);
	return memset(plan->jobs + plan->n_jobs, 0, n * sizeof(*plan->jobs));
}

void dv_plan_drop_idle(struct plan *plan)
{
	struct dv_plan *p = dv_of(plan);
	const struct dv_block **all = (const struct dv_block **)p->blocks;
	size_t n = 0;

	for (size_t b = 0; b < p->n_blocks; b++) {
		size_t i = 0;

		while (i < plan->n_jobs && plan->jobs[i].block->dv != all[b])
			i++;
		if (i < plan->n_jobs)
			all[n++] = all[b];
	}
	p->n_blocks = n;
}

void dv_plan_end(struct plan *plan, struct cfg_revision_query *query)
{
	struct dv_plan *p = dv_of(plan);
	struct cfg_revision git;

	cfg_read_revision(query, plan->mem, &git);
	if (p->top)
		set_revision((struct dv_revision *)&p->top->revision, &git);
	for (size_t i = 0; i < p->n_blocks; i++)
		set_revision((struct dv_revision *)&p->blocks[i]->revision, &git);
}
