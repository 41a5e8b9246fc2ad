/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts from logs: line ends, borders of blocks, bad bytes, and the order of the rules. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
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
#include "judge/log_scan.h"
#include "judge/verdict.h"
#include "judge/verdict_text.h"

static struct pattern_code *compile(const char *text)
{
	struct pattern p = {.text = text};
	struct error err = {0};
	struct pattern_code *c = pattern_compile(&p, NULL, &err);

	assert_non_null(c);
	return c;
}

static int log_of(const char *text, size_t n)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	return fd;
}

/* ---- scans ---- */

struct scan {
	struct log_scan s;
	struct pattern_code *pass, *fail;
};

static void scan_begin(struct scan *t, const char *pass, const char *fail)
{
	*t = (struct scan){.pass = pass ? compile(pass) : NULL,
			   .fail = fail ? compile(fail) : NULL};
	t->s.pass = &t->pass;
	t->s.fail = &t->fail;
	t->s.n_pass = pass != NULL;
	t->s.n_fail = fail != NULL;
	log_scan_init(&t->s);
}

static void scan_feed(struct scan *t, const char *text, size_t n)
{
	while (n && !t->s.is_done) {
		size_t room;
		char *to = log_scan_room(&t->s, &room);

		room = room < n ? room : n;
		memcpy(to, text, room);
		log_scan_took(&t->s, room);
		text += room;
		n -= room;
	}
}

static void scan_done(struct scan *t)
{
	log_scan_done(&t->s);
	pattern_free(t->pass);
	pattern_free(t->fail);
}

static void every_split_of_a_log_is_read_alike(void **state)
{
	static const char text[] = "one\r\ntwo\rthree\n\r\nf\303\244ur\n\377six\nBAD \303\251\377 "
				   "line\r\nafter 1\rafter 2\n\nafter 4\nafter 5";
	size_t n = sizeof(text) - 1;

	(void)state;
	for (size_t i = 0; i <= n; i++) {
		for (size_t k = i; k <= n; k++) {
			struct scan t;

			scan_begin(&t, "^two$", "^BAD");
			scan_feed(&t, text, i);
			scan_feed(&t, text + i, k - i);
			scan_feed(&t, text + k, n - k);
			log_scan_end(&t.s);
			assert_int_equal(t.s.outcome, SCAN_FAIL);
			assert_int_equal(t.s.line, 7);
			assert_int_equal(t.s.n_missing, 0);
			assert_string_equal(t.s.message.s, "BAD \303\251\357\277\275 line");
			assert_string_equal(t.s.context.s, "after 1\nafter 2\n\nafter 4\n");
			scan_done(&t);
		}
	}
}

static void empty_lines_and_tabs_are_kept(void **state)
{
	static const struct {
		const char *text, *message, *context;
	} cases[] = {
		{"BAD\n\n\nx\n\ny\n", "BAD", "\n\nx\n\n"},
		{"BAD\n\n", "BAD", "\n"},
		{"BAD\nlast", "BAD", "last"},
		{"BAD\n", "BAD", NULL},
		{"\t BAD\tone\t\ttwo \xc2\xa0\n\ta\n", "BAD\tone\t\ttwo", "\ta\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scan t;

		scan_begin(&t, "^two$", "BAD");
		scan_feed(&t, cases[i].text, strlen(cases[i].text));
		log_scan_end(&t.s);
		assert_string_equal(t.s.message.s, cases[i].message);
		if (cases[i].context)
			assert_string_equal(t.s.context.s, cases[i].context);
		else
			assert_int_equal(t.s.context.len, 0);
		scan_done(&t);
	}
}

static void ends_of_lines_are_pythons(void **state)
{
	static const struct {
		const char *text, *pattern;
		bool matches;
	} cases[] = {
		{"10%\r20%\rERROR\r30%\n", "^ERROR$", true},
		{"a\r\n", "^a$", true},
		{"a\r\n", "\\r", false},
		{"a\rb", "a.b", false},
		{"x\vERROR", "^ERROR", false},
		{"x\xc2\x85"
		 "ERROR",
		 "^ERROR", false},
		{"x\xe2\x80\xa8"
		 "ERROR",
		 "^ERROR", false},
		{"\xef\xbb\xbf"
		 "ERROR",
		 "^ERROR", false}, /* a BOM is a character */
		{"Error-\xff bad\n", "^Error-.*$", true},
		{"Error-\xff bad\n", "^Error-\\S+ bad$", true},
		{"Error-\xc3", "^Error-[^x]$", true},
		{"a", "^a\\n", false},
		{"a\n", "^a\\n", true},
		{"", "^", false},
		{"\n", "^$", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scan t;

		scan_begin(&t, NULL, cases[i].pattern);
		scan_feed(&t, cases[i].text, strlen(cases[i].text));
		log_scan_end(&t.s);
		if ((t.s.outcome == SCAN_FAIL) != cases[i].matches)
			print_error("case %zu\n", i);
		assert_int_equal(t.s.outcome, cases[i].matches ? SCAN_FAIL : SCAN_CLEAN);
		scan_done(&t);
	}
}

static void an_endless_line_never_makes_a_pass(void **state)
{
	static const struct {
		const char *pass, *fail;
		enum scan_outcome outcome;
		size_t n_missing;
		uint32_t line;
	} cases[] = {
		{NULL, "BAD", SCAN_UNDECIDED, 0, 2}, /* it stands in the part that is not read */
		{NULL, "^aaa.*BAD", SCAN_UNDECIDED, 0, 2},
		{NULL, "^aaaa", SCAN_FAIL, 0, 2},
		{NULL, "^no", SCAN_CLEAN, 0, 0}, /* the line begins otherwise, whatever follows */
		{NULL, "las|none", SCAN_FAIL, 0, 3}, /* a later line decides */
		{"^a+$", NULL, SCAN_CLEAN, 1, 0},    /* reading stops here: no end of line */
		{"^(?!.*BAD)aaaa", NULL, SCAN_CLEAN, 1, 0},
		{"^first$", NULL, SCAN_CLEAN, 0, 0},
		{"^last$", NULL, SCAN_CLEAN, 0, 0}, /* lines that follow are read */
	};
	size_t n = 3 << 20;
	char *text = xmalloc(n);

	(void)state;
	assert_int_equal(LOG_LINE_MOST, 1 << 20);
	memset(text, 'a', n);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scan t;

		scan_begin(&t, cases[i].pass, cases[i].fail);
		scan_feed(&t, "first\n", 6);
		scan_feed(&t, text, n);
		scan_feed(&t, "BAD\nlast\n", 9);
		log_scan_end(&t.s);
		assert_int_equal(t.s.outcome, cases[i].outcome);
		assert_int_equal(t.s.n_missing, cases[i].n_missing);
		assert_int_equal(t.s.line, cases[i].line);
		scan_done(&t);
	}
	free(text);
}

static void nul_bytes_are_bytes(void **state)
{
	struct scan t;

	(void)state;
	scan_begin(&t, NULL, "B.D");
	scan_feed(&t, "\0\0B\0D\n", 6);
	log_scan_end(&t.s);
	assert_int_equal(t.s.outcome, SCAN_FAIL);
	assert_string_equal(t.s.message.s, "\\x00\\x00B\\x00D");
	scan_done(&t);
}

static void what_is_shown_is_bounded(void **state)
{
	char *text = xmalloc(100000);
	struct scan t;

	(void)state;
	memset(text, '\033', 100000);
	memcpy(text, "BAD", 3);
	text[50000] = '\n';
	scan_begin(&t, NULL, "^BAD");
	scan_feed(&t, text, 100000);
	log_scan_end(&t.s);
	assert_true(t.s.message.len <= LOG_MESSAGE_MOST);
	assert_true(t.s.message.len > LOG_MESSAGE_MOST - 8);
	assert_true(t.s.context.len <= LOG_CONTEXT_MOST);
	assert_memory_equal(t.s.message.s, "BAD\\x1b", 7);
	scan_done(&t);
	free(text);
}

static void a_file_that_gets_shorter_is_stale(void **state)
{
	int fd = log_of("abc\n", 4);
	struct scan t;

	(void)state;
	scan_begin(&t, NULL, "x");
	assert_int_equal(log_scan_file(&t.s, fd, 5), ESTALE);
	scan_done(&t);
	close(fd);
}

/* Twice in a row: the first one, which ends by a jump, leaks nothing. */
static void a_pattern_that_never_comes_to_an_end_is_undecided(void **state)
{
	enum { PIECE = 22, N = 45000 };
	char *text = xmalloc(PIECE * N + 3);
	int fd;

	(void)state;
	memcpy(text, "1\n", 2);
	for (int i = 0; i < N; i++)
		memcpy(text + 2 + PIECE * i, "{\"error\": 1, \"x\": 2} ", PIECE);
	fd = log_of(text, PIECE * N + 2);
	for (int i = 0; i < 2; i++) {
		struct scan t;

		scan_begin(&t, "^nothing", "error.*x.*fatal");
		t.s.cpu_s = 0.05;
		assert_int_equal(log_scan_file(&t.s, fd, 0), 0);
		assert_int_equal(t.s.outcome, SCAN_UNDECIDED);
		assert_true(t.s.is_late);
		assert_int_equal(t.s.line, 2);
		assert_ptr_equal(t.s.undecided, t.fail);
		scan_done(&t);
		scan_begin(&t, NULL, "error.*2");
		assert_int_equal(log_scan_file(&t.s, fd, 0), 0);
		assert_int_equal(t.s.outcome, SCAN_FAIL);
		scan_done(&t);
	}
	free(text);
	close(fd);
}

static void the_tail_is_the_last_lines(void **state)
{
	int fd = log_of("HEADER\n1\n2\r3\n4", 14);
	struct str text = {0};

	(void)state;
	log_tail(fd, 7, 3, &text);
	assert_string_equal(text.s, "2\n3\n4");
	str_clear(&text);
	log_tail(fd, 7, 10, &text);
	assert_string_equal(text.s, "1\n2\n3\n4");
	assert_int_equal(log_count_lines(fd, 14), 3);
	str_done(&text);
	close(fd);
}

/* ---- words ---- */

static void strings_are_written_as_in_python(void **state)
{
	static const struct {
		const char *s, *repr;
	} strings[] = {
		{"a", "'a'"},	    {"a'b", "\"a'b\""},	    {"a'\"b", "'a\\'\"b'"},
		{"\\s", "'\\\\s'"}, {"a\n\t", "'a\\n\\t'"}, {"\x01", "'\\x01'"},
	};
	struct str text = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		str_clear(&text);
		verdict_add_repr(&text, strings[i].s);
		assert_string_equal(text.s, strings[i].repr);
	}
	str_done(&text);
}

/* ---- verdicts ---- */

#define LOG "bad\nnothing\n"

/* Each case breaks one more rule than the next case: the first broken rule decides. */
static void the_order_of_the_rules_is_dvsims(void **state)
{
	static const struct {
		enum job_status status;
		enum job_reason reason;
		bool dry_run, stuck, killed, timeout, flood, over, fail, pass, undecided, exits,
			leaks;
	} cases[] = {
		{JOB_PASSED, REASON_NONE, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		{JOB_KILLED, REASON_UNKILLABLE, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		{JOB_KILLED, REASON_USER, 0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1},
		{JOB_KILLED, REASON_TIMEOUT, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1},
		{JOB_KILLED, REASON_LOG_FLOOD, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1},
		{JOB_KILLED, REASON_CPU_LIMIT, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1},
		{JOB_FAILED, REASON_FAIL_PATTERN, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1},
		{JOB_FAILED, REASON_MISSING_PATTERN, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1},
		{JOB_FAILED, REASON_EXIT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
		{JOB_FAILED, REASON_LEAK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
		{JOB_PASSED, REASON_NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};
	struct pattern_code *fail = compile("^bad"), *pass = compile("^good"), *yes = compile("^n");
	const char *texts[] = {"^good"};
	int fd = log_of(LOG, sizeof(LOG) - 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ending end = {
			.stuck = cases[i].stuck ? "x (pid 1)" : NULL,
			.was_killed = cases[i].killed,
			.kill_reason = REASON_USER,
			.is_timeout = cases[i].timeout,
			.timeout_s = 60,
			.flood_bytes = cases[i].flood,
			.over = {cases[i].over ? REASON_CPU_LIMIT : REASON_NONE, 1, 2},
			.exit_status = cases[i].exits,
			.leaked = cases[i].leaks ? "y (pid 2)" : NULL,
		};
		struct verdict_rules rules = {
			.pass = cases[i].pass ? &pass : &yes,
			.fail = &fail,
			.pass_texts = texts,
			.n_pass = 1,
			.n_fail = cases[i].fail,
			.is_dry_run = cases[i].dry_run,
			.leak_fails = true,
		};
		struct job_outcome o = {0};

		verdict_decide(&end, &rules, fd, 0, 0, &o);
		assert_int_equal(o.result.status, cases[i].status);
		assert_int_equal(o.result.reason, cases[i].reason);
		assert_int_equal(o.result.marks, cases[i].leaks ? MARK_LEAKY : 0);
		job_outcome_done(&o);
	}
	pattern_free(fail);
	pattern_free(pass);
	pattern_free(yes);
	close(fd);
}

static struct job_outcome judge(const struct ending *end, const struct verdict_rules *rules, int fd)
{
	struct job_outcome o = {0};

	verdict_decide(end, rules, fd, fd < 0 ? EACCES : 0, 0, &o);
	return o;
}

static void assert_verdict(struct job_outcome o, enum job_reason reason, const char *message)
{
	assert_int_equal(o.result.reason, reason);
	assert_string_equal(o.result.message, message);
	job_outcome_done(&o);
}

static void ends_are_worded(void **state)
{
	int fd = log_of(LOG, sizeof(LOG) - 1);
	struct verdict_rules none = {0},
			     in_minutes = {.timeout_s = 90, .timeout_text = "1.5 minutes"};
	struct ending segv = {.exit_status = -1, .term_signal = SIGSEGV, .has_core = true};
	struct ending kill = {.exit_status = -1, .term_signal = SIGKILL};
	struct ending oom = {.exit_status = -1, .term_signal = SIGKILL, .had_oom = true};
	struct ending shell = {.exit_status = 137},
		      shell_oom = {.exit_status = 137, .had_oom = true};
	struct ending late = {.exit_status = -1, .is_timeout = true, .timeout_s = 90};
	struct ending odd = {.exit_status = -1};
	struct ending leak = {.leaked = "sleep (pid 7)"};

	(void)state;
	assert_verdict(judge(&segv, &none, fd), REASON_SIGNAL,
		       "killed by signal 11 (SIGSEGV), core dumped");
	assert_verdict(judge(&kill, &none, fd), REASON_SIGNAL, "killed by signal 9 (SIGKILL)");
	assert_verdict(judge(&oom, &none, fd), REASON_MEMORY,
		       "killed by signal 9 (SIGKILL), by the kernel: out of memory");
	assert_verdict(judge(&shell, &none, fd), REASON_EXIT,
		       "Job returned a non-zero exit code: 137");
	assert_verdict(
		judge(&shell_oom, &none, fd), REASON_MEMORY,
		"Job returned a non-zero exit code: 137; a process was killed by the kernel: "
		"out of memory");
	assert_verdict(judge(&late, &none, fd), REASON_TIMEOUT, "Job timed out after 1m30s");
	assert_verdict(judge(&late, &in_minutes, fd), REASON_TIMEOUT,
		       "Job timed out after 1.5 minutes");
	late.timeout_s = 4.5;
	assert_verdict(judge(&late, &in_minutes, fd), REASON_TIMEOUT, "Job timed out after 4.50s");
	assert_verdict(judge(&odd, &none, fd), REASON_LOST, "it is not known how the job ended");
	assert_verdict(judge(&leak, &none, fd), REASON_NONE,
		       "left processes behind, which were killed: sleep (pid 7)");
	close(fd);
}

static void limits_are_worded(void **state)
{
	static const struct {
		struct over_limit over;
		const char *message;
	} cases[] = {
		{{REASON_MEMORY_LIMIT, 0x1p32, 1.5 * 0x1p32},
		 "the job went over its memory limit of 4 GiB: its processes had 6 GiB"},
		{{REASON_MEMORY_LIMIT, 0x1p32, 0},
		 "the job went to its memory limit of 4 GiB: the kernel killed it"},
		{{REASON_MEMORY_LIMIT, 1000, 1300 * 1024},
		 "the job went over its memory limit of 1000 bytes: its processes had 1.3 MiB"},
		{{REASON_PROCESS_LIMIT, 200, 201},
		 "the job went over its limit of 200 processes: it had 201"},
		{{REASON_CPU_LIMIT, 3600, 7200},
		 "the job went over its CPU time limit of 1h00m: its processes used 2h00m"},
		{{REASON_STALL, 600, 601},
		 "the job stalled: it wrote nothing to its log and used no CPU time for 10m00s"},
	};
	struct verdict_rules none = {0};
	int fd = log_of(LOG, sizeof(LOG) - 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ending end = {.exit_status = -1, .over = cases[i].over};
		struct job_outcome o = judge(&end, &none, fd);

		assert_int_equal(o.result.status, JOB_KILLED);
		assert_string_equal(o.result.context, LOG);
		assert_verdict(o, cases[i].over.reason, cases[i].message);
	}
	close(fd);
}

static void what_cannot_be_read_or_decided_is_no_pass(void **state)
{
	struct pattern_code *evil = compile("^(a+)+$"), *fail = compile("^x");
	struct verdict_rules undecided = {.pass = &evil, .n_pass = 1},
			     plain = {.fail = &fail, .n_fail = 1};
	struct ending fine = {0};
	char *line = xmalloc(50000);
	struct job_outcome o;
	int fd;

	(void)state;
	memset(line, 'a', 50000);
	line[49999] = '!';
	fd = log_of(line, 50000);
	o = judge(&fine, &undecided, fd);
	assert_int_equal(o.result.status, JOB_FAILED);
	assert_int_equal(o.result.reason, REASON_PATTERN_ERROR);
	assert_int_equal(o.result.line, 1);
	assert_string_equal(o.result.message,
			    "the pattern '^(a+)+$' could not be decided on line 1: too "
			    "much backtracking");
	job_outcome_done(&o);
	o = judge(&fine, &plain, -1);
	assert_int_equal(o.result.status, JOB_FAILED);
	assert_int_equal(o.result.reason, REASON_LOG_UNREADABLE);
	assert_non_null(strstr(o.result.message, "Permission denied"));
	job_outcome_done(&o);
	pattern_free(evil);
	pattern_free(fail);
	free(line);
	close(fd);
}

static void the_header_is_not_scanned_but_counted(void **state)
{
	static const char text[] = "[Executing]:\nbad bad\n\nbad\n";
	struct pattern_code *fail = compile("^bad$"), *first = compile("Exec");
	struct verdict_rules rules = {.fail = &fail, .n_fail = 1},
			     header = {.fail = &first, .n_fail = 1};
	int fd = log_of(text, sizeof(text) - 1);
	struct ending fine = {0};
	struct job_outcome o = {0};

	(void)state;
	verdict_decide(&fine, &rules, fd, 0, 22, &o);
	assert_int_equal(o.result.line, 4);
	job_outcome_done(&o);
	verdict_decide(&fine, &header, fd, 0, 22, &o);
	assert_int_equal(o.result.status, JOB_PASSED);
	pattern_free(fail);
	pattern_free(first);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split_of_a_log_is_read_alike),
		cmocka_unit_test(empty_lines_and_tabs_are_kept),
		cmocka_unit_test(ends_of_lines_are_pythons),
		cmocka_unit_test(an_endless_line_never_makes_a_pass),
		cmocka_unit_test(nul_bytes_are_bytes),
		cmocka_unit_test(what_is_shown_is_bounded),
		cmocka_unit_test(a_file_that_gets_shorter_is_stale),
		cmocka_unit_test(a_pattern_that_never_comes_to_an_end_is_undecided),
		cmocka_unit_test(the_tail_is_the_last_lines),
		cmocka_unit_test(strings_are_written_as_in_python),
		cmocka_unit_test(the_order_of_the_rules_is_dvsims),
		cmocka_unit_test(ends_are_worded),
		cmocka_unit_test(limits_are_worded),
		cmocka_unit_test(what_cannot_be_read_or_decided_is_no_pass),
		cmocka_unit_test(the_header_is_not_scanned_but_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
