/* SPDX-License-Identifier: Apache-2.0 */
#include "report/dv/oneshot/html.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/mem.h"
#include "report/dv/sim/results.h"
#include "report/html/html.h"
#include "report/html/json_html.h"

enum { MESSAGES_SHOWN = 500 };

static const char style[] =
	"td.bad{color:var(--bad);font-weight:600}th,td{vertical-align:top}"
	"td>table{margin:0}h3{margin-top:1.5em}.status{font-weight:400;opacity:.7}";

/* ---- facts ---- */

static void add_revision(struct json_in *in, const struct hjson_node *block, struct str *out)
{
	const char *url = json_in_text_or_null(in, block, "url");
	const char *commit = json_in_text_or_null(in, block, "commit_short");

	if (!commit || !*commit)
		return;
	str_add(out, "<dt>Revision</dt>\n<dd>");
	html_link(out, url, commit);
	str_add(out, json_in_bool(in, block, "dirty") ? " (dirty)</dd>\n" : "</dd>\n");
}

static void oneshot_add_facts(struct json_in *in, const struct hjson_node *block, struct str *out)
{
	_cleanup_(str_done) struct str when = {0};

	sim_add_time(json_in_time(in, in->root, "timestamp"), "%Y-%m-%d %H:%M:%S UTC", &when);
	str_add(out, "<dl>\n");
	html_fact(out, "Time", when.s);
	add_revision(in, block, out);
	html_fact(out, "Branch", json_in_text_or_null(in, block, "branch"));
	html_fact(out, "Tool", json_in_text_or_null(in, in->root, "tool"));
	str_add(out, "</dl>\n");
}

/* ---- counts of messages ---- */

static void add_heads(struct json_in *in, const struct hjson_node *buckets, struct str *out)
{
	struct hjson_node *b;

	json_in_each(b, buckets)
	{
		html_line(out, "th",
			  b->type == HJSON_OBJECT ? json_in_text(in, b, "label")
						  : hjson_key_cstr(in->doc, b));
	}
}

/* Appends counts in the order of heads, which may have more buckets. Failures are highlighted. */
static void oneshot_html_add_counts(struct json_in *in, const struct hjson_node *heads,
				    const struct hjson_node *buckets, struct str *out)
{
	struct hjson_node *h, *b;

	json_in_each(h, heads)
	{
		struct maybe_number n = {0};
		bool is_bad = false;

		b = buckets ? hjson_get_n(buckets, h->key, h->key_len) : NULL;
		if (b && b->type == HJSON_OBJECT) {
			n = json_in_number_or_null(in, b, "count");
			is_bad = n.known && n.value > 0 && json_in_bool(in, b, "is_failure");
		}
		if (n.known)
			str_printf(out, "<td class=\"n%s\">%.0f</td>", is_bad ? " bad" : "",
				   n.value);
		else
			str_add(out, "<td class=\"n\">--</td>");
	}
}

static void oneshot_add_errors(struct json_in *in, const struct hjson_node *obj, struct str *out)
{
	unsigned n = json_in_count(in, obj, "errors");

	str_printf(out, "<td class=\"n%s\">%u</td>", n ? " bad" : "", n);
}

static void add_mode_rows(struct json_in *in, const struct hjson_node *modes,
			  const struct hjson_node *heads, struct str *out)
{
	struct hjson_node *m;

	str_add(out, "<table>\n<tr><th>Build mode</th>");
	add_heads(in, heads, out);
	str_add(out, "</tr>\n");
	json_in_each(m, modes)
	{
		if (m->type != HJSON_OBJECT)
			continue;
		str_add(out, "<tr><td>");
		html_text(out, json_in_text(in, m, "name"));
		str_add(out, "</td>");
		oneshot_html_add_counts(in, heads, json_in_object(in, m, "buckets"), out);
		str_add(out, "</tr>\n");
	}
	str_add(out, "</table>\n");
}

/* ---- a build mode ---- */

static void oneshot_html_add_messages(struct json_in *in, const struct hjson_node *bucket,
				      struct str *out)
{
	struct hjson_node *messages = json_in_array(in, bucket, "messages"), *m;
	size_t n = 0;

	if (!messages || messages->n == 0)
		return;
	str_add(out, "<details open><summary>");
	html_text(out, json_in_text(in, bucket, "label"));
	str_printf(out, ": %u</summary>\n<pre>", (unsigned)messages->n);
	json_in_each(m, messages)
	{
		if (n++ == MESSAGES_SHOWN)
			break;
		json_html_scalar(in, m, out);
		str_addc(out, '\n');
	}
	str_add(out, "</pre>\n");
	if (messages->n > MESSAGES_SHOWN)
		str_printf(out, "<p>… and %u more</p>\n", (unsigned)messages->n - MESSAGES_SHOWN);
	str_add(out, "</details>\n");
}

static void oneshot_add_mode(struct json_in *in, const struct hjson_node *mode, struct str *out)
{
	struct hjson_node *buckets = json_in_object(in, mode, "buckets"), *e;
	struct hjson_node *results = json_in_object_or_null(in, mode, "results");
	const char *message = json_in_text_or_null(in, mode, "message");
	const char *log = json_in_text_or_null(in, mode, "log_path");

	str_add(out, "<h2>");
	html_text(out, json_in_text(in, mode, "name"));
	str_add(out, " <span class=\"status\">");
	html_text(out, json_in_text(in, mode, "status"));
	str_add(out, "</span></h2>\n");
	if (message)
		html_line(out, "p", message);
	if (log) {
		str_add(out, "<p>");
		html_link(out, log, log);
		str_add(out, "</p>\n");
	}
	json_in_each(e, results)
	{
		html_line(out, "h3", hjson_key_cstr(in->doc, e));
		json_html_value(in, e, out);
		str_addc(out, '\n');
	}
	json_in_each(e, buckets) if (e->type == HJSON_OBJECT) oneshot_html_add_messages(in, e, out);
}

static int add_block_page(struct json_in *in, struct str *out)
{
	struct hjson_node *modes = json_in_array(in, in->root, "build_modes"), *m;

	html_begin_with(out, json_in_text(in, in->root, "title"), style);
	str_add(out, "<p><a href=\"index.html\">All blocks</a></p>\n");
	oneshot_add_facts(in, json_in_object(in, in->root, "block"), out);
	add_mode_rows(in, modes, json_in_object(in, in->root, "buckets"), out);
	json_in_each(m, modes)
	{
		if (m->type == HJSON_OBJECT)
			oneshot_add_mode(in, m, out);
		else
			json_in_fault(in, m, "a build mode must be an object");
	}
	html_end(out);
	return json_in_is_bad(in) ? -1 : 0;
}

/* ---- the index ---- */

bool oneshot_html_is_index(const struct json_in *in)
{
	const struct hjson_node *flow = hjson_get(in->root, "flow");

	return flow && flow->type == HJSON_STRING && hjson_get(in->root, "flow_results");
}

static void oneshot_add_stem(struct json_in *in, const struct hjson_node *block, struct str *out)
{
	const char *variant = json_in_text_or_null(in, block, "variant");
	size_t from = out->len;

	str_add(out, json_in_text(in, block, "name"));
	if (variant && *variant)
		str_printf(out, "_%s", variant);
	for (size_t i = from; i < out->len; i++)
		out->s[i] = out->s[i] == '/' ? '_' : ascii_lower(out->s[i]);
}

/* The largest set of buckets of a block: the columns of the index. */
static const struct hjson_node *html_widest_row(struct json_in *in, const struct hjson_node *flows)
{
	const struct hjson_node *ret = NULL;
	struct hjson_node *f, *buckets;

	json_in_each(f, flows)
	{
		buckets = f->type == HJSON_OBJECT ? json_in_object(in, f, "buckets") : NULL;
		if (buckets && (!ret || buckets->n > ret->n))
			ret = buckets;
	}
	return ret;
}

static void oneshot_add_row(struct json_in *in, const struct hjson_node *flow,
			    const struct hjson_node *heads, struct str *out)
{
	const struct hjson_node *block = json_in_object(in, flow, "block");
	_cleanup_(str_done) struct str page = {0};

	str_add(&page, "./"); /* so that a colon in a name starts no scheme */
	oneshot_add_stem(in, block, &page);
	str_add(&page, ".html");
	str_add(out, "<tr><td>");
	html_link(out, page.s, json_in_text(in, block, "name"));
	str_add(out, "</td>");
	oneshot_html_add_counts(in, heads, json_in_object(in, flow, "buckets"), out);
	oneshot_add_errors(in, flow, out);
	str_add(out, "</tr>\n");
}

static int add_index_page(struct json_in *in, bool has_metrics, struct str *out)
{
	struct hjson_node *flows = json_in_object(in, in->root, "flow_results"), *f;
	const struct hjson_node *top = json_in_object_or_null(in, in->root, "top"), *heads, *first;
	_cleanup_(str_done) struct str title = {0};

	first = flows ? json_in_next(flows->child) : NULL;
	if (!top && first && first->type == HJSON_OBJECT)
		top = json_in_object(in, first, "block");
	str_printf(&title, "%s %s results", top ? json_in_text(in, top, "name") : "",
		   json_in_text(in, in->root, "flow"));
	html_begin_with(out, title.s, style);
	oneshot_add_facts(in, top, out);
	if (has_metrics)
		str_add(out, "<p><a href=\"metrics.html\">Metrics of this run</a></p>\n");
	heads = html_widest_row(in, flows);
	str_add(out, "<table>\n<tr><th>Block</th>");
	add_heads(in, heads, out);
	str_add(out, "<th>Failing</th></tr>\n");
	json_in_each(f, flows)
	{
		if (f->type == HJSON_OBJECT)
			oneshot_add_row(in, f, heads, out);
		else
			json_in_fault(in, f, "a block must be an object");
	}
	str_add(out, "</table>\n");
	html_end(out);
	return json_in_is_bad(in) ? -1 : 0;
}

/* ---- files ---- */

static int oneshot_write_page(const char *dir, const char *stem, const struct str *page,
			      struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s.html", dir, stem);

	return fs_write_atomic(path, page->s, page->len, err);
}

/* Copies a JSON file to dir, if the pages are written to another directory. */
static int copy_file(const char *from, const char *dir, struct error *err)
{
	_cleanup_(freep) char *to = xasprintf("%s/%s", dir, path_base(from));
	_cleanup_(str_done) struct str text = {0};

	if (strcmp(from, to) == 0)
		return 0;
	if (fs_read_file(from, HJSON_MAX_TEXT, &text, err) < 0)
		return -1;
	return fs_write_atomic(to, text.s, text.len, err);
}

static int oneshot_html_write_block(const char *parent, const char *stem, const char *dir,
				    struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s.json", parent, stem);
	_cleanup_(str_done) struct str page = {0};
	struct json_in in;
	int rc = json_in_open(&in, path, err);

	if (rc == 0)
		rc = add_block_page(&in, &page);
	/* The file name of the position is freed here, so the position becomes text. */
	if (rc < 0 && in.path == err->pos.file) {
		if (err->pos.line)
			error_wrap(err, "%s:%u:%u", path, err->pos.line, err->pos.col);
		else
			error_wrap(err, "%s", path);
		err->pos = (struct src_pos){0};
	}
	json_in_close(&in);
	if (rc < 0 || copy_file(path, dir, err) < 0)
		return -1;
	return oneshot_write_page(dir, stem, &page, err);
}

int oneshot_html_write(struct json_in *in, const char *dir, struct error *err)
{
	struct hjson_node *flows = json_in_object(in, in->root, "flow_results"), *f;
	struct arena *mem = arena_new();
	const char *parent = path_dir(mem, in->path);
	_cleanup_(str_done) struct str page = {0};
	_cleanup_(freep) char *metrics = xasprintf("%s/metrics.html", dir);
	int rc = add_index_page(in, fs_exists(metrics), &page);

	if (rc == 0 && fs_mkdirs(dir, 0777) < 0)
		rc = error_sys(err, errno, "%s", dir);
	json_in_each(f, flows)
	{
		_cleanup_(str_done) struct str stem = {0};

		if (rc < 0)
			break;
		oneshot_add_stem(in, json_in_object(in, f, "block"), &stem);
		rc = oneshot_html_write_block(parent, stem.s, dir, err);
	}
	if (rc == 0)
		rc = copy_file(in->path, dir, err);
	if (rc == 0)
		rc = oneshot_write_page(dir, "index", &page, err);
	arena_free(mem);
	return rc;
}
