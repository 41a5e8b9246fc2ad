/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched plan`: prints the graph as text, JSON or for Graphviz. Runs only eval_cmd commands. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/map.h"
#include "cli/commands.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "job/job_command.h"
#include "job/job_paths.h"
#include "job/resource_units.h"

enum { DEPS_SHOWN = 4 };

static const char *dep_id(const struct plan *plan, const struct job_spec *spec, uint32_t i)
{
	return plan->jobs[spec->deps[i]].id;
}

/* Adds a text that may have several lines, each made printable. */
static void add_shown(struct str *out, const char *before, const char *text)
{
	const char *end;

	str_add(out, before);
	while ((end = strchr(text, '\n'))) {
		str_add_printable(out, text, (size_t)(end - text));
		str_addc(out, '\n');
		text = end + 1;
	}
	str_add_printable(out, text, strlen(text));
}

static void cmd_plan_add_deps(struct str *out, const struct plan *plan, const struct job_spec *spec,
			      const char *label, uint32_t from, uint32_t n)
{
	if (n == 0)
		return;
	str_add(out, "    ");
	str_add(out, label);
	for (uint32_t i = 0; i < n && i < DEPS_SHOWN; i++)
		add_shown(out, " ", dep_id(plan, spec, from + i));
	if (n > DEPS_SHOWN)
		str_printf(out, " … (%u in all)", n);
	str_addc(out, '\n');
}

static void add_rules(struct str *out, const struct job_rules *rules)
{
	add_shown(out, "    ", rules->target);
	if (rules->backend)
		str_printf(out, ", backend %s", rules->backend);
	if (rules->timeout_s > 0) {
		str_add(out, ", timeout ");
		duration_add(out, rules->timeout_s);
	}
	if (rules->cpus > 1)
		str_printf(out, ", %u cpus", rules->cpus);
	for (uint32_t i = 0; i < rules->n_resources; i++)
		str_printf(out, ", %s=%u", rules->resources[i].name, rules->resources[i].count);
	if (rules->retry.max)
		str_printf(out, ", %u retr%s", rules->retry.max,
			   rules->retry.max == 1 ? "y" : "ies");
	if (rules->is_finally)
		str_add(out, ", finally");
	str_addc(out, '\n');
}

/* Jobs share rules: the text for each is made only once. */
struct shown_rules {
	struct arena *mem;
	struct map texts; /* rules -> text */
};

static void add_known_rules(struct str *out, struct shown_rules *known, const struct job_spec *job)
{
	const char *text = map_get_address(&known->texts, job->rules);
	size_t from = out->len;

	if (text) {
		str_add(out, text);
		return;
	}
	add_rules(out, job->rules);
	map_set_address(&known->texts, job->rules,
			arena_strndup(known->mem, out->s + from, out->len - from));
}

static void text_limits(const struct plan *plan, struct str *out)
{
	for (uint32_t i = 0; i < plan->n_limits; i++) {
		const struct resource_limit *limit = &plan->limits[i];

		if (!limit->units)
			continue;
		str_printf(out, "%s: %u units, ", limit->name, limit->count);
		resource_units_add(out, limit->units, limit->count);
		str_addc(out, '\n');
	}
}

static void plan_text(const struct plan *plan, const struct cfg *cfg)
{
	struct shown_rules known = {.mem = arena_new()};
	_cleanup_(str_done) struct str room = {0};
	struct str out = {0};
	size_t n_edges = 0;

	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_spec *spec = &plan->jobs[i];

		add_shown(&out, "", spec->id);
		str_addc(&out, '\n');
		add_known_rules(&out, &known, spec);
		add_shown(&out, "    $ ", job_command(spec, &room));
		str_addc(&out, '\n');
		cmd_plan_add_deps(&out, plan, spec, "needs", 0, spec->n_needs);
		cmd_plan_add_deps(&out, plan, spec, "needs any", spec->n_needs, spec->n_any);
		cmd_plan_add_deps(&out, plan, spec, "waits for", spec->n_needs + spec->n_any,
				  spec->n_held);
		for (uint32_t k = 0; k < spec->n_fallback; k++) {
			str_printf(&out, "    else '%s': ", spec->fallback[k].stage);
			add_shown(&out, "", job_command(&spec->fallback[k], &room));
			str_addc(&out, '\n');
		}
		n_edges += job_n_deps(spec);
		final_part(&out);
	}
	str_printf(&out, "%zu job%s, %zu dependenc%s, output in %s\n", plan->n_jobs,
		   plan->n_jobs == 1 ? "" : "s", n_edges, n_edges == 1 ? "y" : "ies",
		   plan->scratch_root);
	text_limits(plan, &out);
	cfg_show_replaced(cfg, &out);
	final_write(out.s, out.len);
	str_done(&out);
	map_done(&known.texts);
	arena_free(known.mem);
}

static void json_deps(struct json_out *j, const struct plan *plan, const struct job_spec *spec,
		      const char *key, uint32_t from, uint32_t n)
{
	jout_key(j, key);
	jout_array(j);
	for (uint32_t i = 0; i < n; i++)
		jout_string(j, dep_id(plan, spec, from + i));
	jout_array_end(j);
}

static void json_resources(struct json_out *j, const struct job_rules *rules)
{
	jout_key(j, "resources");
	jout_object(j);
	for (uint32_t i = 0; i < rules->n_resources; i++)
		jout_key_int(j, rules->resources[i].name, rules->resources[i].count);
	jout_object_end(j);
}

static void json_fallback(struct json_out *j, const struct job_spec *spec)
{
	_cleanup_(str_done) struct str room = {0};

	jout_key(j, "fallback");
	jout_array(j);
	for (uint32_t i = 0; i < spec->n_fallback; i++) {
		jout_object(j);
		jout_key_string(j, "stage", spec->fallback[i].stage);
		jout_key_string(j, "backend", spec->fallback[i].rules->backend);
		jout_key_string(j, "command", job_command(&spec->fallback[i], &room));
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void json_job(struct json_out *j, const struct plan *plan, const struct job_spec *spec)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	_cleanup_(str_done) struct str room = {0};

	jout_object(j);
	jout_key_string(j, "id", spec->id);
	jout_key_string(j, "target", spec->rules->target);
	jout_key_string(j, "command", job_command(spec, &room));
	jout_key(j, "argv");
	jout_array(j);
	for (const char *const *w = job_argv(spec, mem); *w; w++)
		jout_string(j, *w);
	jout_array_end(j);
	jout_key_string(j, "cwd", spec->rules->cwd);
	jout_key_string(j, "odir", job_odir(spec, &room));
	jout_key_string(j, "log", job_log_path(spec, &room));
	jout_key_string(j, "backend", spec->rules->backend);
	jout_key_int(j, "weight", spec->rules->weight);
	jout_key_int(j, "cpus", spec->rules->cpus);
	jout_key_real(j, "timeout_s", spec->rules->timeout_s, 3);
	jout_key_int(j, "retries", spec->rules->retry.max);
	jout_key_bool(j, "finally", spec->rules->is_finally);
	json_resources(j, spec->rules);
	json_deps(j, plan, spec, "needs", 0, spec->n_needs);
	json_deps(j, plan, spec, "needs_any", spec->n_needs, spec->n_any);
	json_deps(j, plan, spec, "waits_for", spec->n_needs + spec->n_any, spec->n_held);
	json_fallback(j, spec);
	jout_object_end(j);
}

/* { "VCS": 4, "PORT": [60000, 60001] } */
static void json_limits(struct json_out *j, const struct plan *plan)
{
	jout_key(j, "resources");
	jout_object(j);
	for (uint32_t i = 0; i < plan->n_limits; i++) {
		const struct resource_limit *limit = &plan->limits[i];

		jout_key(j, limit->name);
		if (!limit->units) {
			jout_int(j, limit->count);
			continue;
		}
		jout_array(j);
		for (uint32_t k = 0; k < limit->count; k++)
			jout_int(j, limit->units[k]);
		jout_array_end(j);
	}
	jout_object_end(j);
}

static bool cmd_plan_add_bytes(void *out, const char *bytes, size_t len)
{
	str_addn(out, bytes, len);
	return true;
}

/* The key `backends` of the configuration, with {words} replaced. */
static void json_backends(struct json_out *j, const struct cfg *cfg)
{
	const struct hjson_node *all = hjson_get(cfg_root(cfg), "backends");
	_cleanup_(str_done) struct str text = {0};

	if (!all)
		return;
	hjson_to_json(cfg_doc(cfg), all, 0, cmd_plan_add_bytes, &text);
	jout_key(j, "backends");
	jout_raw(j, text.s);
}

static void plan_json(const struct plan *plan, const struct cfg *cfg)
{
	struct json_out j;

	jout_init(&j, -1, 2);
	jout_object(&j);
	jout_key_string(&j, "name", plan->name);
	jout_key_string(&j, "flow", plan->flow);
	jout_key_string(&j, "scratch_root", plan->scratch_root);
	json_limits(&j, plan);
	json_backends(&j, cfg);
	jout_key(&j, "jobs");
	jout_array(&j);
	for (size_t i = 0; i < plan->n_jobs; i++) {
		json_job(&j, plan, &plan->jobs[i]);
		final_part(&j.buf);
	}
	jout_array_end(&j);
	jout_object_end(&j);
	final_json(&j);
}

/* Adds a DOT string. Ids have no control characters, so only quotes and backslashes are escaped. */
static void dot_quote(struct str *out, const char *s)
{
	str_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			str_addc(out, '\\');
		str_addc(out, *s);
	}
	str_addc(out, '"');
}

static void dot_edges(struct str *out, const struct plan *plan, const struct job_spec *spec)
{
	for (uint32_t i = 0; i < job_n_deps(spec); i++) {
		str_add(out, "  ");
		dot_quote(out, dep_id(plan, spec, i));
		str_add(out, " -> ");
		dot_quote(out, spec->id);
		str_add(out, i < spec->n_needs ? ";\n" : " [style=dashed];\n");
	}
}

static void plan_dot(const struct plan *plan, const struct cfg *cfg)
{
	struct str out = {0};

	(void)cfg;
	str_add(&out, "digraph ");
	dot_quote(&out, plan->name);
	str_add(&out, " {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
	for (size_t i = 0; i < plan->n_jobs; i++) {
		str_add(&out, "  ");
		dot_quote(&out, plan->jobs[i].id);
		str_add(&out, ";\n");
		final_part(&out);
	}
	for (size_t i = 0; i < plan->n_jobs; i++) {
		dot_edges(&out, plan, &plan->jobs[i]);
		final_part(&out);
	}
	str_add(&out, "}\n");
	final_write(out.s, out.len);
	str_done(&out);
}

int cmd_plan(const struct args *args)
{
	static const char *const formats[] = {"text", "json", "dot", NULL};
	static void (*const writers[])(const struct plan *,
				       const struct cfg *) = {plan_text, plan_json, plan_dot};
	struct diags diags;
	struct loaded l;
	int format, rc;

	diags_init(&diags);
	format = opt_choice(args, OPT_FORMAT, formats, opt_has(args, OPT_JSON) ? 1 : 0, &diags);
	diags_print(&diags, stderr, load_wants_color(args, STDERR_FILENO), false);
	rc = diags.n_errors ? EXIT_USAGE : EXIT_PASSED;
	diags_done(&diags);
	if (rc != EXIT_PASSED)
		return rc;
	rc = load_plan(args, &l);
	if (rc == EXIT_PASSED)
		writers[format](l.plan, l.cfg);
	load_done(&l);
	return rc;
}
