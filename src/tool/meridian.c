/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest report begins with a table of the rules that were broken, by category and severity;
 * below it each message begins with its rule's name. A rule with two severities counts as the
 * higher one, which is listed first.
 */
#include "tool/meridian.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/vec.h"
#include "tool/lines.h"

enum { REPORT_MOST = 512 << 20 };

struct bucket {
	const char *name;
	VEC(struct span) messages;
};

/* A rule and its messages. Messages of later rules come first in their bucket, as in DVSim. */
struct rule {
	struct span name;
	struct bucket hits; /* name: the bucket they go to */
};

struct meridian {
	struct arena *mem;
	struct str log, all, latest; /* the files' texts */
	VEC(struct bucket) buckets;
	VEC(struct rule) rules;
};

static const char *const names[] = {
	"flow_info",  "flow_warning", "flow_error",    "sdc_warning",	"sdc_error",
	"setup_info", "setup_review", "setup_warning", "setup_error",	"cdc_info",
	"cdc_review", "cdc_warning",  "cdc_error",     "waived_review", "tofix_error",
};

static void add_message(struct bucket *b, struct span message)
{
	vec_push(&b->messages, message);
}

static struct bucket *meridian_bucket_of(struct meridian *m, const char *name)
{
	for (size_t i = 0; i < m->buckets.n; i++)
		if (strcmp(m->buckets.at[i].name, name) == 0)
			return &m->buckets.at[i];
	vec_push(&m->buckets, (struct bucket){.name = name});
	return &m->buckets.at[m->buckets.n - 1];
}

static bool meridian_begins(struct span line, const char *text)
{
	size_t n = strlen(text);

	return line.n >= n && memcmp(line.s, text, n) == 0;
}

/* ---- the log, and what was waived or is to be fixed ---- */

static void read_log(struct meridian *m)
{
	static const char failed[] = "ERROR: Failed to build ",
			  why[] = " : 'make' exited with an error code";
	struct lines in = {{m->log.s, m->log.len}};
	struct bucket fusesoc = {0};
	struct span line;

	while (lines_next(&in, &line)) {
		if (meridian_begins(line, "  ERR ["))
			add_message(meridian_bucket_of(m, "flow_error"), line);
		else if (meridian_begins(line, "  WARN ["))
			add_message(meridian_bucket_of(m, "flow_warning"), line);
		else if (meridian_begins(line, "  INFO ["))
			add_message(meridian_bucket_of(m, "flow_info"), line);
		else if (meridian_begins(line, failed) && span_has(line, why))
			add_message(&fusesoc, line);
	}
	in = (struct lines){{m->log.s, m->log.len}};
	while (lines_next(&in, &line))
		if (meridian_begins(line, "FlexNet Licensing error"))
			add_message(meridian_bucket_of(m, "flow_error"), line);
	meridian_bucket_of(m, "fusesoc-error")->messages = fusesoc.messages;
}

static void meridian_read_all(struct meridian *m)
{
	struct lines in = {{m->all.s, m->all.len}};
	struct span line;

	while (lines_next(&in, &line)) {
		if (span_has(line, "{-status} {Waived}"))
			add_message(meridian_bucket_of(m, "waived_review"), line);
		else if (span_has(line, "{-status} {ToBeFixed}"))
			add_message(meridian_bucket_of(m, "tofix_error"), line);
	}
}

/* ---- rules ---- */

static void add_rule(struct meridian *m, struct span name, const char *category,
		     const char *severity)
{
	for (size_t i = 0; i < m->rules.n; i++)
		if (m->rules.at[i].name.n == name.n &&
		    memcmp(m->rules.at[i].name.s, name.s, name.n) == 0)
			return;
	vec_push(&m->rules,
		 (struct rule){name, {.name = arena_printf(m->mem, "%s_%s", category, severity)}});
}

static bool meridian_is_number(struct span s)
{
	size_t i = 0;

	while (i < s.n && isdigit((unsigned char)s.s[i]))
		i++;
	return s.n > 0 && i == s.n;
}

/* "  INSTANCE  W_CNTL  4  0": the rule's name; empty: no such line. */
static struct span instance_of(struct span line)
{
	static const struct span none = {"", 0};
	struct span rest = line, word, name, count, more;

	if (!meridian_begins(line, "  INSTANCE") || !span_word(&rest, &word) ||
	    !span_word(&rest, &name) || !span_word(&rest, &count) || !span_word(&rest, &more) ||
	    !meridian_is_number(count) || !isdigit((unsigned char)*more.s))
		return none;
	for (size_t i = 0; i < name.n; i++)
		if (!isupper((unsigned char)name.s[i]) && name.s[i] != '_')
			return none;
	return name;
}

/* " GROUP  WORD": the word; empty: no such line. */
static struct span group_of_line(struct span line)
{
	struct span rest = line, word = {"", 0};

	if (meridian_begins(line, " GROUP") && span_word(&rest, &word))
		span_word(&rest, &word);
	return word;
}

static void read_rules(struct meridian *m, struct lines *in)
{
	static const char *const categories[][2] = {{"SDC_ENV_LINT", "sdc"},
						    {"MCDC_SETUP_CHECKS", "setup"},
						    {"MCDC_ANALYSIS_CHECKS", "cdc"}};
	static const char *const severities[][2] = {
		{"ERROR", "error"}, {"WARNING", "warning"}, {"INFO", "info"}, {"REVIEW", "review"}};
	const char *category = "", *severity = "";
	struct span line;

	while (lines_next(in, &line)) {
		struct span group = group_of_line(line), name = instance_of(line);

		if (span_has(line, "Rule Details of Policy: NEW"))
			return;
		for (size_t i = 0; group.n && i < ARRAY_LEN(categories); i++)
			if (meridian_begins(group, categories[i][0]))
				category = categories[i][1];
		for (size_t i = 0; group.n && i < ARRAY_LEN(severities); i++)
			if (meridian_begins(group, severities[i][0]))
				severity = severities[i][1];
		if (name.n)
			add_rule(m, name, category, severity);
	}
}

/* "RULE:  12 …" */
static bool is_of(struct span line, struct span rule)
{
	size_t i = rule.n + 1;

	if (line.n < i || memcmp(line.s, rule.s, rule.n) != 0 || line.s[rule.n] != ':')
		return false;
	while (i < line.n && (line.s[i] == ' ' || line.s[i] == '\t'))
		i++;
	return i > rule.n + 1 && i < line.n && isdigit((unsigned char)line.s[i]);
}

static void read_latest(struct meridian *m)
{
	struct lines in = {{m->latest.s, m->latest.len}};
	struct span line;
	bool has_table = false;

	while (!has_table && lines_next(&in, &line))
		has_table = meridian_begins(line, "Summary of Policy: NEW");
	if (!has_table)
		return;
	read_rules(m, &in);
	in = (struct lines){{m->latest.s, m->latest.len}};
	while (lines_next(&in, &line))
		for (size_t i = 0; i < m->rules.n; i++)
			if (is_of(line, m->rules.at[i].name)) {
				add_message(&m->rules.at[i].hits, line);
				break;
			}
	for (size_t i = m->rules.n; i > 0; i--)
		for (size_t k = 0; k < m->rules.at[i - 1].hits.messages.n; k++)
			add_message(meridian_bucket_of(m, m->rules.at[i - 1].hits.name),
				    m->rules.at[i - 1].hits.messages.at[k]);
}

/* ---- all of it ---- */

static void meridian_read_file(struct meridian *m, const char *dir, const char *name,
			       struct str *ret)
{
	_cleanup_(error_done) struct error err = {0};
	const char *path = path_join(m->mem, dir, name), *text;

	if (fs_read_file(path, REPORT_MOST, ret, &err) == 0)
		return;
	text = arena_printf(m->mem, "IOError: %s %s", path, err.msg);
	add_message(meridian_bucket_of(m, "flow_error"), (struct span){text, strlen(text)});
}

/* A failed build is reported only if there is no other error, warning or review. */
static void meridian_settle(struct meridian *m)
{
	struct bucket *fusesoc = meridian_bucket_of(m, "fusesoc-error");
	size_t n = 0;

	for (size_t i = 0; i < m->buckets.n; i++)
		if (str_ends(m->buckets.at[i].name, "_error") ||
		    str_ends(m->buckets.at[i].name, "_warning") ||
		    str_ends(m->buckets.at[i].name, "_review"))
			n += str_eq(m->buckets.at[i].name, "fusesoc-error")
				     ? 0
				     : m->buckets.at[i].messages.n;
	for (size_t i = 0; n == 0 && i < fusesoc->messages.n; i++)
		add_message(meridian_bucket_of(m, "flow_error"), fusesoc->messages.at[i]);
}

static void write_json(const struct meridian *m, struct str *out)
{
	struct json_out j;

	jout_init(&j, -1, 2);
	jout_object(&j);
	for (size_t i = 0; i < m->buckets.n; i++) {
		if (strcmp(m->buckets.at[i].name, "fusesoc-error") == 0)
			continue;
		jout_key(&j, m->buckets.at[i].name);
		jout_array(&j);
		for (size_t k = 0; k < m->buckets.at[i].messages.n; k++)
			jout_string_n(&j, m->buckets.at[i].messages.at[k].s,
				      m->buckets.at[i].messages.at[k].n);
		jout_array_end(&j);
	}
	jout_object_end(&j);
	str_addn(out, j.buf.s, j.buf.len);
	jout_done(&j);
}

static void meridian_done(struct meridian *m)
{
	for (size_t i = 0; i < m->buckets.n; i++)
		vec_done(&m->buckets.at[i].messages);
	for (size_t i = 0; i < m->rules.n; i++)
		vec_done(&m->rules.at[i].hits.messages);
	vec_done(&m->buckets);
	vec_done(&m->rules);
	str_done(&m->log);
	str_done(&m->all);
	str_done(&m->latest);
	arena_free(m->mem);
}

int meridian_write_results(const char *dir, struct error *err)
{
	struct meridian m = {.mem = arena_new()};
	_cleanup_(str_done) struct str json = {0};
	const char *path = path_join(m.mem, dir, "results.hjson");
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		meridian_bucket_of(&m, names[i]);
	meridian_read_file(&m, dir, "build.log", &m.log);
	read_log(&m);
	meridian_read_file(&m, dir, "REPORT/mcdc.all.rpt", &m.all);
	meridian_read_all(&m);
	meridian_read_file(&m, dir, "REPORT/mcdc.new.rpt", &m.latest);
	read_latest(&m);
	meridian_settle(&m);
	write_json(&m, &json);
	rc = rename(path, arena_printf(m.mem, "%s.old", path)) < 0 && errno != ENOENT
		     ? error_sys(err, errno, "%s cannot be set aside", path)
		     : fs_write_atomic(path, json.s, json.len, err);
	meridian_done(&m);
	return rc;
}
