/* SPDX-License-Identifier: Apache-2.0 */
#include "report/dv/dashboard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/mem.h"
#include "report/html/html.h"

static const char style[] =
	"table{width:100%}th,td{text-align:center}th:first-child,td:first-child{text-align:left}"
	"td.c{color:#111;font-variant-numeric:tabular-nums}"
	"p.meta span,p.meta a{display:inline-block;padding:.1em .6em;margin-right:.3em;"
	"border:1px solid var(--line);border-radius:4px;font-size:13px}";

/* The colour of the first limit above percent; the last one from 100 on. */
static const char *dashboard_color_of(double percent)
{
	static const struct {
		double below;
		const char *color;
	} steps[] = {{0.01, "#EF5757"}, {10, "#EF6D57"}, {20, "#EF8357"}, {30, "#EF9957"},
		     {40, "#EFAF57"},	{50, "#EFC557"}, {60, "#EFDB57"}, {70, "#ECEF57"},
		     {80, "#D6EF57"},	{90, "#C0EF57"}, {100, "#57EF57"}};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (percent < steps[i].below)
			return steps[i].color;
	return steps[ARRAY_LEN(steps) - 1].color;
}

static struct maybe_number code_average(const struct sim_coverage *coverage)
{
	struct sim_coverage code = *coverage;

	code.metric[TOOL_ASSERTION].known = code.metric[TOOL_FUNCTIONAL].known = false;
	return sim_coverage_average(&code);
}

/* ---- the page ---- */

static void add_share(struct str *out, struct maybe_number share)
{
	if (!share.known)
		str_add(out, "<td>-</td>");
	else
		str_printf(out, "<td class=\"c\" style=\"background:%s\">%.1f %%</td>",
			   dashboard_color_of(share.value), share.value);
}

static void dashboard_add_name(struct str *out, const struct sim_index_entry *e,
			       const char *base_url)
{
	_cleanup_(str_done) struct str name = {0}, url = {0};

	sim_block_add_name(&e->block, "/", &name);
	for (size_t i = 0; i < name.len; i++)
		name.s[i] = ascii_lower(name.s[i]);
	str_add(out, "<td>");
	if (base_url) {
		str_printf(&url, "%s%s.html", base_url, e->key);
		html_link(out, url.s, name.s);
	} else {
		html_text(out, name.s);
	}
	str_add(out, "</td>");
}

static int by_key(const void *a, const void *b)
{
	const struct sim_index_entry *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

static void add_rows(struct str *out, const struct sim_index *x, const char *base_url)
{
	_cleanup_(freep)
		const struct sim_index_entry **rows = xcalloc(x->n_entries + 1, sizeof(*rows));

	for (size_t i = 0; i < x->n_entries; i++)
		rows[i] = &x->entries[i];
	qsort(rows, x->n_entries, sizeof(*rows), by_key);
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct sim_index_entry *e = rows[i];

		str_add(out, "<tr>");
		dashboard_add_name(out, e, base_url);
		str_printf(out, "<td>%u</td>", e->count.total);
		add_share(out, (struct maybe_number){e->count.total > 0, sim_percent(e->count)});
		add_share(out, sim_coverage_average(&e->coverage));
		add_share(out, code_average(&e->coverage));
		add_share(out, e->coverage.metric[TOOL_FUNCTIONAL]);
		add_share(out, e->coverage.metric[TOOL_ASSERTION]);
		str_add(out, "</tr>\n");
	}
}

static void dashboard_add_mark(struct str *out, const char *what, const char *value)
{
	if (!value || !*value)
		return;
	str_printf(out, "<span>%s ", what);
	html_text(out, value);
	str_add(out, "</span>\n");
}

static void add_page(const struct sim_index *x, const char *base_url, struct str *out)
{
	const struct sim_block *head = x->summary.top ? x->summary.top : &x->entries[0].block;
	_cleanup_(str_done) struct str when = {0};

	html_begin_with(out, "Simulation Dashboard", style);
	sim_add_time(x->summary.timestamp, "%Y-%m-%d %H:%M:%S UTC", &when);
	str_add(out, "<p class=\"meta\">");
	dashboard_add_mark(out, "", when.s);
	dashboard_add_mark(out, "Version", x->summary.version);
	if (head->url) {
		str_add(out, "<span>Revision ");
		html_link(out, head->url, head->commit_short);
		str_add(out, "</span>\n");
	} else {
		dashboard_add_mark(out, "Revision", head->commit_short);
	}
	dashboard_add_mark(out, "Branch", head->branch);
	str_add(out, "<a href=\"dashboard.json\">JSON</a></p>\n<table>\n"
		     "<tr><th>Block</th><th>Tests</th><th>Passing</th><th>Coverage</th>"
		     "<th>Code</th><th>Functional</th><th>Assertion</th></tr>\n");
	add_rows(out, x, base_url);
	str_add(out, "</table>\n");
	html_end(out);
}

/* ---- badges ---- */

/* Approximate width of the text in a browser, at 11 px, with a margin. */
static unsigned width_of(const char *text)
{
	unsigned n = 0;

	for (const char *p = text; *p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n * 7 + 10;
}

static void add_half(struct str *out, unsigned at, unsigned width, const char *color,
		     const char *text)
{
	str_printf(out, "<text x=\"%.1f\" y=\"14\" fill=\"%s\">", at + width / 2.0, color);
	html_text(out, text);
	str_add(out, "</text>\n");
}

static void add_badge(const char *label, const char *value, const char *color, bool is_dark,
		      struct str *out)
{
	unsigned left = width_of(label), right = width_of(value);

	str_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"20\" "
		   "role=\"img\">\n<title>",
		   left + right);
	html_text(out, label);
	str_add(out, ": ");
	html_text(out, value);
	str_printf(out,
		   "</title>\n<clipPath id=\"r\"><rect width=\"%u\" height=\"20\" rx=\"3\"/>"
		   "</clipPath>\n<g clip-path=\"url(#r)\"><path fill=\"#555\" d=\"M0 0h%uv20H0z\"/>"
		   "<path fill=\"%s\" d=\"M%u 0h%uv20H%uz\"/></g>\n"
		   "<g text-anchor=\"middle\" "
		   "font-family=\"DejaVu Sans,Verdana,sans-serif\" font-size=\"11\">\n",
		   left + right, left, color, left, right, left);
	add_half(out, 0, left, "#fff", label);
	add_half(out, left, right, is_dark ? "#fff" : "#000", value);
	str_add(out, "</g>\n</svg>\n");
}

static int write_badge(const char *dir, const char *name, const struct str *badge,
		       struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s.svg", dir, name);

	return fs_write_atomic(path, badge->s, badge->len, err);
}

static int write_share(const char *dir, const char *name, const char *label, double percent,
		       struct error *err)
{
	_cleanup_(str_done) struct str badge = {0};
	char value[32] = "0%";

	if (percent > 0)
		snprintf(value, sizeof(value), "%.1f%%", percent);
	/* 0 has the colour of a small share, as in DVSim's badges. */
	add_badge(label, value, dashboard_color_of(percent > 0 ? percent : 1), percent <= 20,
		  &badge);
	return write_badge(dir, name, &badge, err);
}

static int write_count(const char *dir, unsigned total, struct error *err)
{
	_cleanup_(str_done) struct str badge = {0};
	char value[16];

	snprintf(value, sizeof(value), "%u", total);
	add_badge("Tests Running", value, "#0000FF", true, &badge);
	return write_badge(dir, "test", &badge, err);
}

static int write_badges(const struct sim_index_entry *e, const char *parent, struct error *err)
{
	_cleanup_(freep) char *dir = xasprintf("%s/badge/%s", parent, e->key);
	const struct sim_coverage *c = &e->coverage;

	if (!path_is_safe_name(e->key))
		return error_plain(
			err,
			"a block cannot have the name '%s', because its badges need a directory",
			e->key);
	if (fs_mkdirs(dir, 0777) < 0)
		return error_sys(err, errno, "%s", dir);
	if (write_count(dir, e->count.total, err) < 0 ||
	    write_share(dir, "passing", "Tests Passing", sim_percent(e->count), err) < 0)
		return -1;
	if (!e->has_coverage)
		return 0;
	if (write_share(dir, "functional", "Functional Coverage", c->metric[TOOL_FUNCTIONAL].value,
			err) < 0 ||
	    write_share(dir, "code", "Code Coverage", code_average(c).value, err) < 0)
		return -1;
	return write_share(dir, "assertion", "Assertion Coverage", c->metric[TOOL_ASSERTION].value,
			   err);
}

static int write_page(const struct sim_index *x, const char *dir, const char *base_url,
		      struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/dashboard.html", dir);
	_cleanup_(str_done) struct str page = {0};

	add_page(x, base_url, &page);
	return fs_write_atomic(path, page.s, page.len, err);
}

static int copy_index(const char *from, const char *dir, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/dashboard.json", dir);
	_cleanup_(str_done) struct str text = {0};

	if (fs_read_file(from, HJSON_MAX_TEXT, &text, err) < 0)
		return -1;
	return fs_write_atomic(path, text.s, text.len, err);
}

int dashboard_write(const struct sim_index *x, const char *path, const char *dir,
		    const char *base_url, struct error *err)
{
	if (fs_mkdirs(dir, 0777) < 0)
		return error_sys(err, errno, "%s", dir);
	if (write_page(x, dir, base_url, err) < 0 || copy_index(path, dir, err) < 0)
		return -1;
	for (size_t i = 0; i < x->n_entries; i++)
		if (write_badges(&x->entries[i], dir, err) < 0)
			return -1;
	return 0;
}
