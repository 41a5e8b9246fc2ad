/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dvsched backends check`: runs this program on a configuration of one or two small jobs, and
 * reads its results. So what is checked is what a run does.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/farm/command.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/backends/backends_cmd.h"
#include "cli/load/outcome.h"
#include "cli/load/past_scratch.h"
#include "cli/output/final_out.h"

/* How long the jobs may wait and run, and how long the program may take. */
#define CHECK_DEADLINE "3m"
static const double check_limit_s = 240;
/* Clocks that differ by less are good enough for make, and for dates in reports. */
static const double clock_most_s = 2;
enum { RESULTS_MOST = 1 << 24, LOG_MOST = 1 << 16 };

static const char check_command[] =
	"echo clock $(date +%s.%N); echo files $(ulimit -n); "
	"echo processes $(grep '^Max processes' /proc/self/limits | tr -s ' ' | cut -d ' ' -f 3)";

struct backend_check {
	const char *name, *type;
	const char *const *jobs; /* names of the jobs, which are modes; NULL-terminated */
	const char *dir;	 /* for its files; removed at the end */
	struct command_end end;
	double begin_s, end_s; /* wall clock */
	unsigned n_bad;
};

static const char *const modes_of_farm[] = {"job", "pilot", NULL};
static const char *const one_job[] = {"job", NULL};

static void check_print(struct backend_check *c, bool is_good, const char *what, const char *text,
			const char *hint)
{
	_cleanup_(str_done) struct str line = {0};

	str_printf(&line, "%s  %-10s %s\n", is_good ? "ok  " : "FAIL", what, text);
	if (hint)
		str_printf(&line, "      %-10s %s\n", "", hint);
	final_write(line.s, line.len);
	c->n_bad += !is_good;
}

/* ---- the run ---- */

static json_t *check_settings_json(const struct roster *r, const struct roster_entry *e,
				   const char *type)
{
	json_t *all = e->settings ? json_loads(cfg_json(r->cfg, e->settings), 0, NULL) : NULL;

	if (!json_is_object(all)) {
		json_decref(all);
		all = json_object();
	}
	json_object_set_new(all, "type", json_string(type));
	return all;
}

static json_t *check_job_json(const struct backend_check *c, const char *mode)
{
	json_t *job = json_object();

	json_object_set_new(job, "name", json_string(mode));
	json_object_set_new(job, "command", json_string(check_command));
	if (c->jobs == modes_of_farm)
		json_object_set_new(job, c->type, json_pack("{s:s}", "mode", mode));
	return job;
}

static char *check_config(const struct backend_check *c, const struct roster *r,
			  const struct roster_entry *e)
{
	struct hjson_node *vars = r->cfg ? hjson_get(cfg_root(r->cfg), "vars") : NULL;
	json_t *root = json_object(), *jobs = json_array(), *backends = json_object();
	char *text;

	json_object_set_new(root, "flow", json_string("jobs"));
	json_object_set_new(root, "name", json_string("check"));
	if (vars)
		json_object_set_new(root, "vars", json_loads(cfg_json(r->cfg, vars), 0, NULL));
	for (const char *const *mode = c->jobs; *mode; mode++)
		json_array_append_new(jobs, check_job_json(c, *mode));
	json_object_set_new(root, "jobs", jobs);
	if (!str_eq(c->name, "local")) {
		json_object_set_new(backends, c->name, check_settings_json(r, e, c->type));
		json_object_set_new(root, "backends", backends);
	} else {
		json_decref(backends);
	}
	text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return text;
}

static int check_run(struct backend_check *c, const char *config, struct error *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/check.hjson", c->dir);
	_cleanup_(freep) char *scratch = xasprintf("%s/scratch", c->dir);
	const char *argv[] = {"/proc/self/exe", "run",	path,  "--backend", c->name,
			      "--view",		"none", "-sr", scratch,	    "--run-deadline",
			      CHECK_DEADLINE,	NULL};

	if (fs_write_atomic(path, config, strlen(config), err) < 0)
		return -1;
	c->begin_s = clock_wall(clock_real());
	command_run(argv, NULL, 0, check_limit_s, &c->end);
	c->end_s = clock_wall(clock_real());
	return 0;
}

/* ---- what came of it ---- */

static json_t *check_results(const struct backend_check *c)
{
	_cleanup_(freep) char *path = xasprintf("%s/scratch/.dvsched/runs/latest/results.json",
						c->dir);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	json_t *all = NULL;

	if (fs_read_file(path, RESULTS_MOST, &text, &err) == 0)
		all = json_loads(text.s, 0, NULL);
	error_done(&err);
	return all;
}

static const char *check_hint(const char *mode, const char *reason, const char *message)
{
	if (strstr(message, "does the node see"))
		return "the scratch root must have the same path on the nodes: choose one with -sr";
	if (strstr(message, "cannot be reached"))
		return "nodes must reach this machine by TCP: set `pilot: { host: … }`, or use "
		       "mode \"job\"";
	if (str_eq(reason, "refused"))
		return "set what the cluster asks for in the backend's settings: "
		       "docs/reference/backends.md";
	if (str_eq(reason, "run_deadline"))
		return "it did not end within " CHECK_DEADLINE ": is the cluster full? See "
		       "its queue";
	if (str_eq(reason, "launch") || strstr(message, "not found"))
		return "dvsched must have the same version and path on the nodes: `program` of the "
		       "backend";
	return str_eq(mode, "pilot") ? "mode \"job\" does not need pilots" : NULL;
}

static const char *check_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The text after "name " at the start of a line of the log; "": there is none. */
static void check_log_value(const char *log, const char *name, struct str *ret)
{
	_cleanup_(freep) char *start = xasprintf("\n%s ", name);
	const char *at = strstr(log, start);

	str_clear(ret);
	str_add(ret, "");
	if (at) {
		at += strlen(start);
		str_addn(ret, at, strcspn(at, "\n"));
	}
}

static void check_clock(struct backend_check *c, const char *log)
{
	_cleanup_(str_done) struct str text = {0}, said = {0};
	double node_s, off_s = 0;

	check_log_value(log, "clock", &said);
	node_s = strtod(said.s, NULL);
	if (node_s < c->begin_s)
		off_s = node_s - c->begin_s;
	else if (node_s > c->end_s)
		off_s = node_s - c->end_s;
	if (fabs(off_s) <= clock_most_s)
		str_add(&text, "the node's clock agrees with this one");
	else
		str_printf(&text, "the node's clock is at least %.1f s %s", fabs(off_s),
			   off_s < 0 ? "behind" : "ahead");
	check_print(c, fabs(off_s) <= clock_most_s, "clock", text.s,
		    fabs(off_s) <= clock_most_s ? NULL : "synchronize the clocks (NTP)");
}

static void check_limits(struct backend_check *c, const char *log)
{
	_cleanup_(str_done) struct str files = {0}, processes = {0}, text = {0};

	check_log_value(log, "files", &files);
	check_log_value(log, "processes", &processes);
	str_printf(&text, "a job may have %s open files and %s processes", files.s, processes.s);
	check_print(c, true, "limits", text.s, NULL);
}

static void check_node(struct backend_check *c, const char *job)
{
	_cleanup_(freep) char *path = xasprintf("%s/scratch/check/%s/log", c->dir, job);
	_cleanup_(str_done) struct str log = {0};
	struct error err = {0};

	if (fs_read_file(path, LOG_MOST, &log, &err) < 0) {
		check_print(c, false, "directory", err.msg,
			    "is it the same directory on the node?");
		error_done(&err);
		return;
	}
	check_print(c, true, "directory", "what the node writes arrives here", NULL);
	check_clock(c, log.s);
	check_limits(c, log.s);
}

static bool check_job(struct backend_check *c, const json_t *job)
{
	const char *name = check_text(job, "name"), *status = check_text(job, "status");
	const json_t *attempts = json_object_get(job, "attempts");
	const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);
	const json_t *queue = json_object_get(json_object_get(last, "details"), "queue_s");
	const char *message = check_text(last, "message"), *reason = check_text(last, "reason");
	_cleanup_(str_done) struct str text = {0};

	if (str_eq(status, "PASSED")) {
		str_printf(&text, "ran on %s", check_text(last, "where"));
		if (json_is_number(queue))
			str_printf(&text, ", %.1f s after it was submitted",
				   json_number_value(queue));
		check_print(c, true, name, text.s, NULL);
		return true;
	}
	str_printf(&text, "%s (%s)%s%s", status, reason, *message ? ": " : "", message);
	check_print(c, false, name, text.s, check_hint(name, reason, message));
	return false;
}

/* The last line that it wrote to its standard error tells why there was no run. */
static void check_no_run(struct backend_check *c)
{
	_cleanup_(str_done) struct str why = {0};
	const char *text = c->end.err.s ? c->end.err.s : "", *at = strstr(text, "error: ");

	if (at) {
		at += strlen("error: ");
		str_add_printable(&why, at, strcspn(at, "\n"));
	} else {
		command_explain("dvsched run", &c->end, &why);
	}
	at = at ? strstr(at, "hint: ") : NULL;
	check_print(c, false, "start", why.s, NULL);
	if (at)
		final_write(at, strcspn(at, "\n") + 1);
}

static void check_read(struct backend_check *c)
{
	json_t *results = check_results(c), *job;
	const char *good = NULL;
	size_t i;

	if (!results)
		check_no_run(c);
	json_array_foreach(json_object_get(results, "jobs"), i, job) if (check_job(c, job) && !good)
		good = check_text(job, "name");
	if (good)
		check_node(c, good);
	json_decref(results);
}

static int check_all(struct backend_check *c, const struct roster *r, const struct roster_entry *e)
{
	_cleanup_(freep) char *config = check_config(c, r, e);
	struct error err = {0};

	if (check_run(c, config, &err) < 0) {
		log_error("%s", err.msg);
		error_done(&err);
		return EXIT_INFRA;
	}
	check_read(c);
	command_end_done(&c->end);
	return c->n_bad ? EXIT_INFRA : EXIT_PASSED;
}

int check_backend(const struct args *args, const struct roster *r, const struct roster_entry *e,
		  const char *type)
{
	const char *root = past_scratch_find(args, NULL, args->mem);
	char *dir = arena_printf(args->mem, "%s/backends-check-XXXXXX", root);
	bool is_farm = str_eq(type, "slurm") || str_eq(type, "batch");
	struct backend_check c = {
		.name = e->name,
		.type = type,
		.jobs = is_farm ? modes_of_farm : one_job,
	};
	int rc;

	if (fs_mkdirs(root, 0777) < 0 || !mkdtemp(dir)) {
		log_error("cannot make a directory in %s: %s", root, strerror(errno));
		return EXIT_INFRA;
	}
	c.dir = dir;
	rc = check_all(&c, r, e);
	fs_remove_tree(dir);
	return rc;
}
