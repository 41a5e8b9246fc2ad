/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What src/tool reads out of a file, as JSON, for compare_tool.py:
 *
 *   tool-read TOOL log|build FILE     {"run_time": …, "sim_time": …}
 *   tool-read TOOL coverage FILE      {"pairs": [[name, value], …], "metrics": […]}; null: no
 * summary tool-read TOOL version FILE       the version or null
 *
 * More of KIND FILE may follow; there is one line for each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "tool/meridian.h"
#include "tool/tool.h"

static void add_real(struct json_out *out, bool is_known, double d)
{
	_cleanup_(freep) char *text = xasprintf("%.17g", d);

	if (is_known)
		jout_raw(out, text);
	else
		jout_null(out);
}

static void show_log(struct json_out *out, const struct tool *t, const char *path, bool is_run)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct tool_times times;

	tool_read_log(t, fd, 0, is_run, &times);
	jout_object(out);
	jout_key(out, "run_time");
	add_real(out, times.has_run_time, times.run_time_s);
	jout_key(out, "sim_time");
	add_real(out, times.has_sim_time, times.sim_time_us);
	jout_object_end(out);
}

static void show_coverage(struct json_out *out, const struct tool *t, const char *path)
{
	_cleanup_(error_done) struct error err = {0};
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct tool_coverage c;

	if (tool_read_coverage(t, path, mem, &c, &err) < 0) {
		jout_null(out);
		return;
	}
	jout_object(out);
	jout_key(out, "pairs");
	jout_array(out);
	for (size_t i = 0; i < c.n_pairs; i++) {
		jout_array(out);
		jout_string(out, c.pairs[i].name);
		jout_string(out, c.pairs[i].value);
		jout_array_end(out);
	}
	jout_array_end(out);
	jout_key(out, "metrics");
	jout_array(out);
	for (unsigned m = 0; m < TOOL_METRIC_COUNT; m++)
		add_real(out, c.metric[m].known, c.metric[m].value);
	jout_array_end(out);
	jout_object_end(out);
}

static void show_version(struct json_out *out, const struct tool *t, const char *path)
{
	_cleanup_(error_done) struct error err = {0};
	_cleanup_(str_done) struct str answer = {0}, version = {0};

	if (fs_read_file(path, 1 << 20, &answer, &err) == 0 &&
	    tool_parse_version(t, answer.s ? answer.s : "", &version))
		jout_string(out, version.s);
	else
		jout_null(out);
}

static void show(const struct tool *t, const char *kind, const char *path)
{
	struct json_out out;

	jout_init(&out, -1, 0);
	if (strcmp(kind, "coverage") == 0)
		show_coverage(&out, t, path);
	else if (strcmp(kind, "version") == 0)
		show_version(&out, t, path);
	else
		show_log(&out, t, path, strcmp(kind, "log") == 0);
	printf("%s\n", out.buf.s);
	jout_done(&out);
}

int main(int argc, char **argv)
{
	const struct tool *t = argc > 1 ? tool_find(argv[1]) : NULL;
	struct error err = {0};

	if (argc == 3 && strcmp(argv[1], "meridian") == 0) {
		if (meridian_write_results(argv[2], &err) == 0)
			return 0;
		fprintf(stderr, "tool-read: %s\n", err.msg);
		return 1;
	}
	if (!t || argc % 2) {
		fprintf(stderr, "usage: tool-read TOOL (log|build|coverage|version FILE)...\n"
				"       tool-read meridian DIR\n");
		return 2;
	}
	for (int i = 2; i < argc; i += 2)
		show(t, argv[i], argv[i + 1]);
	return 0;
}
