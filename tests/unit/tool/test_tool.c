/* SPDX-License-Identifier: Apache-2.0 */
/* Data from tools' logs, summaries and versions; compare_tool.py compares it with DVSim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tool/tool.h"

static int file_of(const char *text, size_t n)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	return fd;
}

static struct tool_times times_of(const char *tool, const char *text, off_t start, bool is_run)
{
	_cleanup_(closep) int fd = file_of(text, strlen(text));
	struct tool_times ret;

	tool_read_log(tool_find(tool), fd, start, is_run, &ret);
	return ret;
}

enum { NONE = -1 };

static void assert_time(const char *text, bool is_there, double value, double expected)
{
	if (is_there != (expected >= 0) || (is_there && (value > expected || value < expected)))
		fail_msg("%s: %s %.17g, not %.17g", text, is_there ? "has" : "lacks", value,
			 expected);
}

static void logs_tell_times(void **state)
{
	static const struct {
		const char *tool, *text;
		bool is_run;
		double run_s, sim_us;
	} cases[] = {
		{"vcs", "CPU time: 12.5 seconds to compile\n", false, 12.5, NONE},
		{"vcs", "CPU time: 2 minutes\nCPU time: .5 seconds\n", false, 120, NONE},
		{"vcs",
		 "           V C S   S i m u l a t i o n   R e p o r t \nTime: 241 ns\n"
		 "CPU Time:      0.480 seconds;       Data structure size:   0.6Mb\n",
		 true, 0.48, 0.241},
		{"vcs", "Time: 241 ns\n   V C S   S i m u l a t i o n   R e p o r t\n", true, NONE,
		 NONE},
		{"vcs", "V C S   S i m u l a t i o n   R e p o r t\r\nTime: 7 us\r\n", true, NONE,
		 7},
		{"vcs", "Time: 241 furlongs\n", true, NONE, NONE},
		{"xcelium",
		 "Simulation complete via $finish(1) at time 3 US + 0\n"
		 "TOOL:\txrun\t21.09-s004: Exiting on Mar 1, 2026 (total: 01:02:03)\n",
		 true, 3723, 3},
		{"z01x", "Execution Summary\n a | b | c | d\n Total | 4 | 12.5 | 0.25 | x\nend\n",
		 true, 12.5, 250000},
		{"z01x", "CPU time: 3 hours\n", false, 10800, NONE},
		{"z01x", "a | b | 1 | 2\n", true, NONE, NONE},
		{"verilator",
		 "- S i m u l a t i o n   R e p o r t: Verilator 5.030\n"
		 "- Verilator: $finish at 12ns; walltime 0.034 s; speed 1 us/s\n",
		 true, 0.034, 0.012},
		{"verilator", "- Verilator: Walltime 4.021 s (elab=0.001)\n", false, 4.021, NONE},
		{"verilator", "Time: 5 ms\n", true, NONE, 5000},
		{"unknown", "CPU time: 1 seconds\n", true, NONE, NONE},
		{"vcs", "", true, NONE, NONE},
		{"xcelium", "\n\n\r\r\n", true, NONE, NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tool_times t = times_of(cases[i].tool, cases[i].text, 0, cases[i].is_run);

		assert_time(cases[i].text, t.has_run_time, t.run_time_s, cases[i].run_s);
		assert_time(cases[i].text, t.has_sim_time, t.sim_time_us, cases[i].sim_us);
	}
}

static void the_header_is_not_the_tools(void **state)
{
	static const char text[] = "CPU time: 1 seconds\nreal log\n";

	(void)state;
	assert_true(times_of("vcs", text, 0, true).has_run_time);
	assert_false(times_of("vcs", text, 20, true).has_run_time);
}

static void a_long_log_is_read_from_its_end(void **state)
{
	enum { BLANK = 3 * 64 * 1024 + 17 };
	_cleanup_(str_done) struct str text = {0};
	struct tool_times t;

	(void)state;
	str_add(&text, "CPU time: 9 seconds\n");
	for (int i = 0; i < BLANK; i++)
		str_addc(&text, i % 61 ? 'x' : '\n');
	t = times_of("vcs", text.s, 0, true);
	assert_true(t.has_run_time && t.run_time_s == 9);
	str_add(&text, "\nCPU time: 8 seconds\nunfinished");
	t = times_of("vcs", text.s, 0, true);
	assert_true(t.run_time_s == 8);
}

static void a_line_without_end_is_passed_over(void **state)
{
	_cleanup_(str_done) struct str text = {0};

	(void)state;
	str_add(&text, "CPU time: 9 seconds\n");
	for (int i = 0; i < 300000; i++)
		str_addc(&text, 'y');
	str_add(&text, "\nlast\n");
	assert_true(times_of("vcs", text.s, 0, true).has_run_time);
}

/* ---- summaries ---- */

struct summary {
	struct arena *mem;
	struct tool_coverage coverage;
	struct error err;
	char path[64];
};

static bool read_summary(struct summary *s, const char *tool, const char *text)
{
	_cleanup_(closep) int fd = -1;

	*s = (struct summary){.mem = arena_new(), .path = "/tmp/dvsched-summary-XXXXXX"};
	fd = mkstemp(s->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return tool_read_coverage(tool_find(tool), s->path, s->mem, &s->coverage, &s->err) == 0;
}

static void summary_done(struct summary *s)
{
	unlink(s->path);
	error_done(&s->err);
	arena_free(s->mem);
}

static void assert_metric(const struct summary *s, enum tool_metric metric, double expected)
{
	assert_time("metric", s->coverage.metric[metric].known, s->coverage.metric[metric].value,
		    expected);
}

static void summaries_are_read(void **state)
{
	struct summary s;

	(void)state;
	assert_true(read_summary(&s, "vcs",
				 "Dashboard\n\nTotal Coverage Summary \n"
				 "SCORE  LINE  COND  FSM\n 91.20 99.00 80.5  --  \n"));
	assert_int_equal(s.coverage.n_pairs, 4);
	assert_string_equal(s.coverage.pairs[0].name, "SCORE");
	assert_string_equal(s.coverage.pairs[0].value, "91.20 %");
	assert_metric(&s, TOOL_LINE_STATEMENT, 99);
	assert_metric(&s, TOOL_CONDITION_EXPRESSION, 80.5);
	assert_metric(&s, TOOL_FSM, NONE);
	assert_metric(&s, TOOL_TOGGLE, NONE);
	summary_done(&s);

	assert_true(read_summary(&s, "xcelium",
				 "name  Block Covered  Toggle Covered \n-----\n"
				 "uart  50.00% (1/2)   25.00% (1/4)\n"
				 "tb    100% (2/2)     n/a\n"));
	assert_string_equal(s.coverage.pairs[0].name, "Score");
	assert_string_equal(s.coverage.pairs[0].value, "50.00 %");
	summary_done(&s);

	assert_true(read_summary(&s, "verilator",
				 "Coverage Summary:\n  line   : 50.0% (5/10)\n"
				 "  fsm_state : 100.0% (1/1)\n  fsm_arc : 0.0% (0/1)\n"
				 "  user : 0.0% (0/0)\n"));
	assert_metric(&s, TOOL_LINE_STATEMENT, 50);
	assert_metric(&s, TOOL_FSM, 50);
	assert_metric(&s, TOOL_FUNCTIONAL, NONE);
	summary_done(&s);
}

static void what_is_no_summary_is_reported(void **state)
{
	static const char *const texts[] = {
		"",
		"nothing",
		"Total Coverage Summary",
		"Total Coverage Summary\nSCORE\n",
		"name\n",
		"name a\n---\n1% (1/2) (3/4) 5% (6/7) 8% (9/10)\n",
		"Coverage Summary:\nline : 5% (a/b)\n",
		"\r\r\r",
		"\377\376(\n",
	};
	static const char *const tools[] = {"vcs", "xcelium", "z01x", "verilator", "questa"};
	struct summary s;

	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tools); t++)
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			if (read_summary(&s, tools[t], texts[i]))
				fail_msg("%s took '%s'", tools[t], texts[i]);
			assert_non_null(strstr(s.err.msg, "Coverage data not found in /tmp/"));
			summary_done(&s);
		}
}

static void a_missing_summary_is_named(void **state)
{
	_cleanup_(error_done) struct error err = {0};
	struct arena *mem = arena_new();
	struct tool_coverage c;

	(void)state;
	assert_int_equal(tool_read_coverage(tool_find("vcs"), "/nowhere/at.all", mem, &c, &err),
			 -1);
	assert_non_null(strstr(err.msg, "/nowhere/at.all"));
	arena_free(mem);
}

/* ---- versions ---- */

static void versions_are_found(void **state)
{
	static const struct {
		const char *tool, *answer, *version; /* version NULL: none there */
	} cases[] = {
		{"vcs", "vcs script\nCompiler version = VCS-MX T-2022.06\n", "T-2022.06"},
		{"xcelium", "TOOL:\txrun(64)\t21.09-s004\n", "21.09-s004"},
		{"verilator", "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)\n",
		 "5.006 2023-01-22 rev (Debian 5.006-3)"},
		{"verilator", "command not found\n", NULL},
		{"vcs", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str version = {0};
		bool is_there = tool_parse_version(tool_find(cases[i].tool), cases[i].answer,
						   &version);

		assert_int_equal(is_there, cases[i].version != NULL);
		if (is_there)
			assert_string_equal(version.s, cases[i].version);
	}
	assert_null(tool_version_command(tool_find("nosuch")));
	assert_null(tool_version_command(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_tell_times),
		cmocka_unit_test(the_header_is_not_the_tools),
		cmocka_unit_test(a_long_log_is_read_from_its_end),
		cmocka_unit_test(a_line_without_end_is_passed_over),
		cmocka_unit_test(summaries_are_read),
		cmocka_unit_test(what_is_no_summary_is_reported),
		cmocka_unit_test(a_missing_summary_is_named),
		cmocka_unit_test(versions_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
