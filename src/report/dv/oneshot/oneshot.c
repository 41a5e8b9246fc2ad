/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a finished run of a one-shot flow. */

#include <ctype.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "job/job_paths.h"
#include "report/dv/oneshot/data.h"
#include "report/dv/oneshot/html.h"
#include "report/report_kind.h"
#include "tool/meridian.h"

enum { RESULTS_MOST = 256 << 20 };

/* ---- buckets ---- */

static void add_to_bucket(struct arena *mem, struct os_bucket *b, const char *message)
{
	vec_push_in(mem, &b->messages, message);
	b->n++;
	b->is_known = true;
}

static bool oneshot_has_word(const char *const *list, const char *word)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* "lint errors" as "Lint Errors". */
static const char *title_of(struct arena *mem, const char *category, const char *severity)
{
	char *ret = arena_printf(mem, "%s %ss", category, severity);
	bool is_start = true;

	for (char *p = ret; *p; p++) {
		*p = is_start ? ascii_upper(*p) : ascii_lower(*p);
		is_start = !isalpha((unsigned char)*p);
	}
	return ret;
}

/* An empty list of severities stands for all. */
static void set_severity(const struct dv_block *dv, struct os_bucket *b, const char *severity)
{
	b->severity = severity;
	b->is_shown = !dv->report_severities || !*dv->report_severities ||
		      oneshot_has_word(dv->report_severities, severity);
	b->is_failure = !dv->fail_severities || !*dv->fail_severities ||
			oneshot_has_word(dv->fail_severities, severity);
}

static void make_lint_buckets(struct arena *mem, const struct dv_block *dv, struct os_mode *mode)
{
	for (size_t i = 0; i < dv->n_message_buckets; i++) {
		const struct dv_message_bucket *m = &dv->message_buckets[i];
		const char *category = m->category ? m->category : "";
		const char *severity = m->severity ? m->severity : "error";
		struct os_bucket *b = os_bucket_of(mem, mode,
						   arena_printf(mem, "%s_%s", category, severity));

		b->label = m->label && *m->label ? m->label : title_of(mem, category, severity);
		b->is_known = true;
		set_severity(dv, b, severity);
	}
}

static const struct {
	const char *key, *label, *severity;
} syn_buckets[] = {
	{"flow_warnings", "Flow Warnings", "warning"},
	{"flow_errors", "Flow Errors", "error"},
	{"analyze_warnings", "Analyze Warnings", "warning"},
	{"analyze_errors", "Analyze Errors", "error"},
	{"elab_warnings", "Elab Warnings", "warning"},
	{"elab_errors", "Elab Errors", "error"},
	{"compile_warnings", "Compile Warnings", "warning"},
	{"compile_errors", "Compile Errors", "error"},
};

static void make_syn_buckets(struct arena *mem, struct os_mode *mode)
{
	for (size_t i = 0; i < ARRAY_LEN(syn_buckets); i++) {
		struct os_bucket *b = os_bucket_of(mem, mode, syn_buckets[i].key);

		b->label = syn_buckets[i].label;
		b->severity = syn_buckets[i].severity;
		b->is_failure = *b->severity == 'e';
	}
}

static void make_buckets(const struct oneshot_report *r, const struct dv_block *dv,
			 struct os_mode *mode)
{
	if (os_is_lint(r))
		make_lint_buckets(r->mem, dv, mode);
	else if (r->kind == DV_SYN)
		make_syn_buckets(r->mem, mode);
}

/* Adds an error of the results file itself. */
static void add_flow_error(const struct oneshot_report *r, const struct dv_block *dv,
			   struct os_mode *mode, const char *message)
{
	bool is_new;
	struct os_bucket *b;
	size_t n = mode->buckets.n;
	const char *key = os_is_lint(r)	      ? "flow_error"
			  : r->kind == DV_SYN ? "flow_errors"
					      : "errors";

	b = os_bucket_of(r->mem, mode, key);
	is_new = mode->buckets.n > n;
	if (is_new) {
		b->label = os_is_lint(r) ? "Flow Errors" : key;
		if (os_is_lint(r))
			set_severity(dv, b, "error");
	}
	b->is_failure = true; /* without results, there may be errors */
	add_to_bucket(r->mem, b, message);
}

/* ---- reading ---- */

struct complaint {
	struct arena *mem;
	const struct os_mode *mode;
	const char *text; /* the first error */
};

static void oneshot_on_hjson(void *ctx, const struct hjson_diag *d)
{
	struct complaint *c = ctx;
	struct hjson_place place;

	if (c->text || d->severity != HJSON_ERROR)
		return;
	place = hjson_where(c->mode->doc, d->pos);
	c->text = arena_printf(c->mem, "%s:%u:%u: %s", c->mode->path, place.line, place.col,
			       d->message);
}

/* Reads mode->path into mode->root. NULL, or a message. */
static const char *oneshot_read_file(struct arena *mem, struct os_mode *mode)
{
	struct complaint c = {mem, mode, NULL};
	_cleanup_(str_done) struct str text = {0};
	_cleanup_(error_done) struct error err = {0};

	if (fs_read_file(mode->path, RESULTS_MOST, &text, &err) < 0)
		return arena_printf(mem, "IOError: %s %s", mode->path, err.msg);
	mode->doc = hjson_new();
	mode->root = hjson_parse(mode->doc, mode->path, text.s, text.len, oneshot_on_hjson, &c);
	if (mode->root && mode->root->type != HJSON_OBJECT) {
		mode->root = NULL;
		return arena_printf(mem, "%s: must be an object with lists of messages",
				    mode->path);
	}
	return mode->root ? NULL : c.text ? c.text : "unreadable";
}

/* Adds the messages of list. null: the count stays unknown. false: list is no list of texts. */
static bool take_list(const struct oneshot_report *r, struct os_mode *mode, struct os_bucket *b,
		      const struct hjson_node *list)
{
	struct hjson_node *e;

	if (list->type == HJSON_NULL)
		return true;
	if (list->type != HJSON_ARRAY)
		return false;
	b->is_known = true;
	hjson_for_each (e, list) {
		const char *text = os_text(r->mem, mode->doc, e);

		if (!text)
			return false;
		add_to_bucket(r->mem, b, text);
	}
	return true;
}

/* Parsers write all lists that they have, also empty ones that the configuration does not list.
 * Those are left out. */
static bool is_empty_and_unlisted(const struct os_mode *mode, const struct hjson_node *list,
				  const char *key)
{
	for (size_t i = 0; i < mode->buckets.n; i++)
		if (strcmp(mode->buckets.at[i].key, key) == 0)
			return false;
	return list->type == HJSON_NULL || (list->type == HJSON_ARRAY && list->n == 0);
}

/* A message if a required object is missing, as after a tool that never ran. */
static const char *missing_part(const struct oneshot_report *r, const struct os_mode *mode)
{
	const char *key = r->kind == DV_FORMAL ? "summary" : r->kind == DV_SYN ? "messages" : NULL;
	const struct hjson_node *n = key ? hjson_get(mode->root, key) : NULL;

	return key && (!n || n->type != HJSON_OBJECT)
		       ? arena_printf(r->mem, "%s: the object '%s' is missing", mode->path, key)
		       : NULL;
}

static void take_messages(const struct oneshot_report *r, const struct dv_block *dv,
			  struct os_mode *mode, const struct hjson_node *messages)
{
	struct hjson_node *m;

	if (!messages || messages->type != HJSON_OBJECT)
		return;
	hjson_for_each (m, messages) {
		const char *key = arena_strndup(r->mem, m->key, m->key_len);
		size_t n = mode->buckets.n;
		struct os_bucket *b;

		if (m->shadowed || (os_is_lint(r) && is_empty_and_unlisted(mode, m, key)))
			continue;
		b = os_bucket_of(r->mem, mode, key);
		if (mode->buckets.n > n && os_is_lint(r)) /* unlisted, but not empty */
			b->severity = str_ends(key, "error")	 ? "error"
				      : str_ends(key, "warning") ? "warning"
								 : "info";
		if (!take_list(r, mode, b, m))
			add_flow_error(r, dv, mode,
				       arena_printf(r->mem, "%s: '%s' must be a list of texts",
						    mode->path, key));
	}
}

/* A count of a formal run; 0 if it is no whole number. */
static size_t count_in(const struct os_mode *mode, const char *key)
{
	struct hjson_node *n = mode->root ? hjson_get(mode->root, "summary") : NULL;

	n = n ? hjson_get(n, key) : NULL;
	return n && n->type == HJSON_INT && !n->big && n->i > 0 ? (size_t)n->i : 0;
}

/* Makes the results of a cdc job from the tool's own reports. NULL, or a message. */
static const char *make_results(const struct oneshot_report *r, const struct os_block *b,
				const struct os_mode *mode)
{
	_cleanup_(error_done) struct error err = {0};
	_cleanup_(str_done) struct str room = {0};
	const char *odir = job_odir(mode->spec, &room);

	if (r->kind != DV_CDC || b->dv->has_report_cmd || !fs_is_dir(odir) ||
	    meridian_write_results(odir, &err) == 0)
		return NULL;
	return arena_strdup(r->mem, err.msg);
}

static void read_mode(const struct oneshot_report *r, struct os_block *b, struct os_mode *mode)
{
	_cleanup_(str_done) struct str room = {0};
	const char *why;

	make_buckets(r, b->dv, mode);
	mode->path = path_join(r->mem, job_odir(mode->spec, &room), "results.hjson");
	if (mode->spec->rules->is_dry_run)
		return;
	why = make_results(r, b, mode);
	if (!why)
		why = oneshot_read_file(r->mem, mode);
	if (!why)
		why = missing_part(r, mode);
	if (why)
		add_flow_error(r, b->dv, mode, why);
	else
		take_messages(r, b->dv, mode,
			      os_is_lint(r) ? mode->root : hjson_get(mode->root, "messages"));
	if (r->kind == DV_FORMAL)
		b->n_errors += why ? 1 : count_in(mode, "errors") + count_in(mode, "cex");
}

static void add_to_sum(struct arena *mem, struct os_block *b, const struct os_mode *mode)
{
	for (size_t i = 0; i < mode->buckets.n; i++) {
		const struct os_bucket *from = &mode->buckets.at[i];
		struct os_bucket *to = os_bucket_of(mem, &b->sum, from->key);

		to->label = from->label;
		to->severity = from->severity;
		to->is_shown = from->is_shown;
		to->is_failure = from->is_failure;
		to->is_known |= from->is_known;
		to->n += from->n; /* the sum has counts only, no messages */
		if (from->is_failure)
			b->n_errors += from->n;
	}
}

static void oneshot_read_block(struct oneshot_report *r, struct os_block *b,
			       const struct dv_block *dv, results_next *next, void *ctx)
{
	struct result_row row;

	b->dv = dv;
	b->modes = arena_array(r->mem, r->plan->n_jobs, sizeof(*b->modes));
	for (size_t i = 0; i < r->plan->n_jobs; i++) {
		struct os_mode *mode = &b->modes[b->n_modes];

		if (r->plan->jobs[i].block->dv != dv)
			continue;
		next(ctx, i, &row);
		*mode = (struct os_mode){
			.spec = row.spec,
			.status = row.status,
			.message = arena_strdup_or_null(r->mem, row.message),
		};
		b->n_modes++;
		read_mode(r, b, mode);
		add_to_sum(r->mem, b, mode);
	}
}

static void *oneshot_report_make(const struct report_source *source)
{
	const struct plan *plan = source->plan;
	struct oneshot_report *r;
	struct arena *mem;

	if (plan->dv->n_blocks == 0)
		return NULL;
	mem = arena_new();
	r = arena_zalloc(mem, sizeof(*r));
	*r = (struct oneshot_report){.mem = mem, .plan = plan, .kind = plan->dv->kind};
	r->blocks = arena_zalloc(mem, plan->dv->n_blocks * sizeof(*r->blocks));
	for (; r->n_blocks < plan->dv->n_blocks; r->n_blocks++)
		oneshot_read_block(r, &r->blocks[r->n_blocks], plan->dv->blocks[r->n_blocks],
				   source->next, source->ctx);
	return r;
}

static void oneshot_report_free(void *self)
{
	struct oneshot_report *r = self;

	for (size_t i = 0; i < r->n_blocks; i++)
		for (size_t k = 0; k < r->blocks[i].n_modes; k++)
			if (r->blocks[i].modes[k].doc)
				hjson_free(r->blocks[i].modes[k].doc);
	arena_free(r->mem);
}

/* ---- files and console ---- */

static const char *file_of(const struct oneshot_report *r, const struct dv_block *dv,
			   const char *suffix)
{
	char *name = arena_printf(r->mem, "%s%s%s%s", dv->name, dv->variant ? "_" : "",
				  dv->variant ? dv->variant : "", suffix);

	for (char *p = name; *p; p++)
		*p = *p == '/' ? '_' : ascii_lower(*p);
	return path_join(r->mem, r->plan->dv->reports_dir, name);
}

static int oneshot_write_block(struct oneshot_report *r, const struct os_block *b,
			       struct error *err)
{
	_cleanup_(str_done) struct str json = {0}, text = {0};

	os_json_block(r, b, &json);
	os_console_block(r, b, &text);
	if (fs_write_atomic(file_of(r, b->dv, ".json"), json.s, json.len, err) < 0)
		return -1;
	return fs_write_atomic(file_of(r, b->dv, ".md"), text.s, text.len, err);
}

/* Makes the pages from the JSON just written, as remake_reports() does later. */
static int write_pages(struct oneshot_report *r, struct error *err)
{
	const char *dir = r->plan->dv->reports_dir;
	struct json_in in;
	int rc = json_in_open(&in, path_join(r->mem, dir, "index.json"), err);

	if (rc == 0)
		rc = oneshot_html_write(&in, dir, err);
	json_in_close(&in);
	return rc;
}

static int oneshot_report_write(void *self, struct error *err)
{
	_cleanup_(str_done) struct str json = {0};
	struct oneshot_report *r = self;

	if (fs_mkdirs(r->plan->dv->reports_dir, 0777) < 0)
		return error_plain(err, "%s cannot be made", r->plan->dv->reports_dir);
	for (size_t i = 0; i < r->n_blocks; i++)
		if (oneshot_write_block(r, &r->blocks[i], err) < 0)
			return -1;
	os_json_index(r, &json);
	if (fs_write_atomic(path_join(r->mem, r->plan->dv->reports_dir, "index.json"), json.s,
			    json.len, err) < 0)
		return -1;
	return write_pages(r, err);
}

static void oneshot_report_show(void *self, bool has_pages, struct str *blocks, struct str *summary)
{
	struct oneshot_report *r = self;

	(void)has_pages; /* the text has no links */
	for (size_t i = 0; i < r->n_blocks; i++) {
		os_console_block(r, &r->blocks[i], blocks);
		str_addc(blocks, '\n');
	}
	if (r->plan->dv->top)
		os_console_summary(r, summary);
}

static const char *oneshot_report_dir(const void *self)
{
	return ((const struct oneshot_report *)self)->plan->dv->reports_dir;
}

static size_t oneshot_report_n_findings(const void *self)
{
	return oneshot_report_errors(self);
}

const struct report_kind report_oneshot = {
	.make = oneshot_report_make,
	.free = oneshot_report_free,
	.n_findings = oneshot_report_n_findings,
	.dir = oneshot_report_dir,
	.write = oneshot_report_write,
	.show = oneshot_report_show,
	.is_always_shown = true,
};
