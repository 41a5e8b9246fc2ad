/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about wrong configurations: each case is a file and the full text. */
#include "stage.h"

#include "base/mem.h"
#include "flow/native/words/load.h"

struct bad {
	const char *text, *told;
};

static void check(const struct bad *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_told(cases[i].text, NULL, cases[i].told);
}

#define P "t.hjson:"
/* Keys of one job begin at line 2, column 23. */
#define JOB(keys) "{ flow: jobs\n jobs: [ { name: \"a\", " keys " } ] }"
#define RUN(keys) JOB("argv: [\"true\"]\n" keys)

static void the_flow_must_be_known(void **state)
{
	static const struct bad cases[] = {
		{"{ jobs: [] }", "t.hjson:1:1: error: the configuration has no 'flow'\n"
				 "  hint: for a graph of jobs write 'flow: jobs'\n"},
		{"{ flow: job\n }",
		 P "1:9: error: there is no flow 'job'\n  hint: did you mean 'jobs'?\n"},
		{"{ flow: jobs, name: \"x\"\n }",
		 P "1:9: error: there is no flow 'jobs, name: \"x\"'\n"
		   "  hint: a text without quotes goes on to the end of its line\n"},
		{"{ flow: 5\n }", P "1:9: error: 'flow' must be a string\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void keys_must_be_known(void **state)
{
	static const struct bad cases[] = {
		{JOB("comand: \"x\""),
		 P "2:10: error: a job needs 'command' or 'argv'\n" P
		   "2:23: error: unknown key 'comand' in job\n  hint: did you mean 'command'?\n"},
		{"{ flow: jobs\n nmae: x\n jobs: [ { name: \"a\", argv: [\"b\"] } ] }", P
		 "2:2: error: unknown key 'nmae' in configuration\n  hint: did you mean 'name'?\n"},
		{RUN("qqqqqqq: 1"), P "3:1: error: unknown key 'qqqqqqq' in job\n"},
		{RUN("retries: { mx: 3 }"),
		 P "3:12: error: unknown key 'mx' in retries\n  hint: did you mean 'max'?\n"},
		{"{ flow: jobs\n defaults: { needs: \"a\", tiemout: 5 }\n jobs: [ { name: \"a\", "
		 "argv: "
		 "[\"b\"] } ] }",
		 P "2:14: error: 'needs' cannot be a default\n" P
		   "2:26: error: unknown key 'tiemout' in defaults\n  hint: did you mean "
		   "'timeout'?\n"},
		{RUN("slrum: { a: 1 }"), P "3:1: error: unknown key 'slrum' in job\n"},
		{"{ flow: jobs\n backends: { fake: {}, slrum: {} }\n jobs: [ { name: \"a\", argv: "
		 "[\"b\"] } ] }",
		 P "2:24: error: there is no backend 'slrum'\n  hint: there are: local, chips, "
		   "fake\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void a_job_has_a_name_and_one_command(void **state)
{
	static const struct bad cases[] = {
		{"{ flow: jobs\n }", "t.hjson:1:1: error: the configuration has no 'jobs'\n"},
		{"{ flow: jobs\n jobs: [] }", P "2:8: error: 'jobs' is empty\n"},
		{"{ flow: jobs\n jobs: { a: 1 } }",
		 P "2:8: error: 'jobs' must be a list of objects\n"},
		{"{ flow: jobs\n jobs: [ 5, \"x\" ] }",
		 P "2:10: error: 'job' must be an object, not 5\n" P
		   "2:13: error: 'job' must be an object, not \"x\"\n"},
		{"{ flow: jobs\n jobs: [ { argv: [\"x\"] }, { name: \"\", argv: [\"x\"] } ] }", P
		 "2:10: error: a job needs a 'name'\n" P "2:35: error: 'name' must not be empty\n"},
		{JOB("command: \"x\", argv: [\"x\"]"),
		 P "2:37: error: a job has 'command' or 'argv', not both\n" P
		   "2:23: note: 'command' is here\n"},
		{JOB("command: \"x\", program: [1]"),
		 P "2:46: error: a job has 'command' or 'program', not both\n"
		   "  hint: 'program' runs on a device; a command that needs devices sets their "
		   "number "
		   "with 'devices'\n" P "2:23: note: 'command' is here\n"},
		{"{ flow: jobs\n defaults: { chips: { image: \"k\" } }\n"
		 " jobs: [ { name: \"a\", argv: [\"x\"] } ] }",
		 P
		 "2:30: error: a job has 'argv' or 'image', not both\n"
		 "  hint: 'image' runs on a device; a command that needs devices sets their number "
		 "with 'devices'\n" P "3:23: note: 'argv' is here\n"},
		{JOB("command: \" \\n\""), P "2:32: error: 'command' must not be blank\n"},
		{JOB("command: 5"), P "2:32: error: 'command' must be a string, not 5\n"
				      "  hint: put it in quotes: \"5\"\n"},
		{JOB("argv: \"make all\""),
		 P "2:29: error: 'argv' must be an array of the program and its arguments\n"
		   "  hint: for a command line in one string use 'command'\n"},
		{JOB("argv: [\"a\", [1]]"),
		 P "2:35: error: a word of 'argv' must be a string or a number\n"},
		{JOB("argv: [\"\", 1]"), P "2:30: error: the program in 'argv' is empty\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void values_have_types(void **state)
{
	static const struct bad cases[] = {
		{RUN("timeout: \"5 parsecs\""),
		 P "3:10: error: 'timeout' must be a duration such as \"90s\" or \"5m\", not \"5 "
		   "parsecs\"\n"
		   "  hint: the units are ms, s, m, h and d; a number without quotes is seconds\n"},
		{RUN("timeout: -1"),
		 P "3:10: error: 'timeout' must be a duration such as \"90s\" or "
		   "\"5m\", not -1\n"},
		{RUN("cpus: \"4\""), P "3:7: error: 'cpus' must be a whole number, not \"4\"\n"
				       "  hint: write it without quotes: 4\n"},
		{RUN("cpus: 0"),
		 P "3:7: error: 'cpus' must be a whole number from 1 to 65536, not 0\n"},
		{RUN("finally: \"yes\""),
		 P "3:10: error: 'finally' must be true or false, not \"yes\"\n"},
		{RUN("leak: \"fial\""),
		 P "3:7: error: 'leak' must be \"kill\" or \"fail\", not \"fial\"\n"
		   "  hint: did you mean \"fail\"?\n"},
		{RUN("max_log: \"64Q\""),
		 P "3:10: error: 'max_log' must be a size such as \"64M\" or a "
		   "number of bytes, not \"64Q\"\n"},
		{RUN("memory: 4"),
		 P "3:9: error: 'memory' must be at least 1M, or 0 for no limit\n"},
		{RUN("memory: \"lots\""),
		 P "3:9: error: 'memory' must be a size such as \"64M\" or a number of bytes, not "
		   "\"lots\"\n"},
		{RUN("max_processes: 1.5"),
		 P "3:16: error: 'max_processes' must be a whole number, not 1.5\n"},
		{RUN("max_processes: 5000000"),
		 P "3:16: error: 'max_processes' must be a whole number from 0 to 4194304, not "
		   "5000000\n"},
		{RUN("max_cpu_time: \"1 hour\""),
		 P "3:15: error: 'max_cpu_time' must be a duration such as \"90s\" or \"5m\", not "
		   "\"1 hour\"\n"
		   "  hint: the units are ms, s, m, h and d; a number without quotes is seconds\n"},
		{RUN("max_files: -1"),
		 P "3:12: error: 'max_files' must be a whole number from 0 to "
		   "1073741824, not -1\n"},
		{RUN("stall: \"300ms\""),
		 P "3:8: error: 'stall' must be at least 1s, or 0 for no limit\n"},
		{RUN("tags: [\"a\", 5, \"a\", \"\", \"b c\"]"),
		 P "3:13: error: 'tags' must be a string or an array of strings, not 5\n" P
		   "3:16: error: \"a\" is in 'tags' twice\n" P "3:8: note: first here\n" P
		   "3:21: error: 'tags' must not hold an empty string\n" P
		   "3:25: error: a tag must not hold '@', ',' or blanks\n"},
		{RUN("needs: { a: 1 }"),
		 P "3:8: error: 'needs' must be a string or an array of strings, not an object\n"},
		{RUN("env: { \"A=B\": 1, C: [] }"),
		 P "3:8: error: 'A=B' cannot be the name of an environment variable\n" P
		   "3:21: error: 'env.C' must be a string or a number\n"},
		{RUN("resources: { vcs: 1, VCS: 0, X: 1.5 }"),
		 P "3:14: error: 'vcs' cannot be the name of a resource\n"
		   "  hint: names are upper case: VCS, GPU_MEM\n" P
		   "3:27: error: resource 'VCS' must be a whole number of at least 1\n" P
		   "3:33: error: resource 'X' must be a whole number of at least 1\n"},
		{RUN("backend: \"loca\""),
		 P "3:10: error: there is no backend 'loca'\n  hint: did you mean 'local'?\n"},
		{RUN("fake: 3"), P "3:7: error: 'fake' must be an object\n"},
		{RUN("seed: 1.5"),
		 P "3:7: error: 'seed' must be a whole number, or a string such as "
		   "\"{seed}\"\n"},
		{RUN("seed: \"x\""), P "3:7: error: the seed of 'a' must be digits, not \"x\"\n"},
		{RUN("retries: { on: \"evry\", max: -1 }"),
		 P "3:29: error: 'max' must be a whole number from 0 to 1000, not -1\n" P
		   "3:16: error: 'on' must be \"any\", \"infra\", \"job\" or \"timeout\", not "
		   "\"evry\"\n"},
		{RUN("cwd: \"\\u0007\""), P "3:6: error: 'cwd' holds a control character: \\x07\n"},
		{RUN("target: \"x\\ny\""),
		 P "3:9: error: 'target' holds a control character: x\\x0ay\n"},
		{RUN("target: \"x\\u202ey\""),
		 P "3:9: error: 'target' holds a control character: x\\xe2\\x80\\xaey\n"},
		{RUN("target: \"{w}\", sweep: { w: [\"a\\tb\"] }"),
		 P "3:9: error: 'target' holds a control character: a\\x09b\n"},
		{RUN("env: { A: \"\\u2067\", B: \"\\u009b\" }"),
		 P "3:11: error: 'env' holds a control character: \\xe2\\x81\\xa7\n" P
		   "3:24: error: 'env' holds a control character: \\xc2\\x9b\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void names_are_unique_and_fit_for_a_directory(void **state)
{
	static const struct bad cases[] = {
		{"{ flow: jobs\n jobs: [ { name: \"a\", argv: [\"x\"] }, { name: \"a\", argv: "
		 "[\"x\"] } ] "
		 "}",
		 P "2:46: error: job 'a' is defined more than once\n" P
		   "2:18: note: the first is here\n"},
		{"{ flow: jobs\n jobs: [ { name: \"a.{m}\", sweep: { m: [1], s: \"1..9\" }, argv: "
		 "[\"x\"] "
		 "} ] }",
		 P "2:18: error: several jobs of this sweep are named 'a.1'\n"
		   "  hint: put the axes of the sweep into the name: {s}\n"},
		{"{ flow: jobs\n jobs: [ { name: \"a\\nb\", argv: [\"x\"] } ] }",
		 P "2:18: error: the job name 'a\\x0ab' contains a control character or invalid "
		   "UTF-8\n"},
		{"{ flow: jobs\n jobs: [ { name: \"a\\u202eb\", argv: [\"x\"] } ] }",
		 P "2:18: error: 'name' holds a control character: a\\xe2\\x80\\xaeb\n"},
		{"{ flow: jobs\n jobs: [ { name: \"a/b\", argv: [\"x\"] }\n{ name: \"..\", argv: "
		 "[\"x\"] "
		 "}\n{ name: \".x\", argv: [\"x\"] }\n{ name: \"passed\", argv: [\"x\"] }\n{ name: "
		 "\"a.attempt-2\", argv: [\"x\"] }\n{ name: \"{i}\", sweep: { i: [\"x/../../y\", "
		 "\"..\"] }, "
		 "argv: [\"x\"] } ] }",
		 P "2:18: error: the job name 'a/b' contains '/'\n" P
		   "3:9: error: the job name '..' means another directory\n" P
		   "4:9: error: the job name '.x' begins with '.'\n" P
		   "5:9: error: the job name 'passed' is a directory of status links\n" P
		   "6:9: error: the job name 'a.attempt-2' ends like the directory of a failed "
		   "attempt\n" P "7:9: error: the job name 'x/../../y' contains '/'\n"},
		{"{ flow: jobs\n jobs: [ { name: \"a.20261121_054957\", argv: [\"x\"] }\n{ name: "
		 "\"20261121_054957\", argv: [\"x\"] } ] }",
		 P "2:18: error: the job name 'a.20261121_054957' ends like a directory that was "
		   "moved aside\n"},
		{"{ flow: jobs\n name: \"../up\"\n jobs: [ { name: \"a\", argv: [\"x\"] } ] }",
		 P "2:8: error: the name '../up' contains '/'\n"},
		{"{ flow: jobs\n name: \".dvsched\"\n jobs: [ { name: \"a\", argv: [\"x\"] } ] }",
		 P "2:8: error: the name '.dvsched' begins with '.'\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void a_name_of_300_characters_is_shown_in_part(void **state)
{
	_cleanup_(freep) char *text = xasprintf(
		"{ flow: jobs\n jobs: [ { name: \"%0300d\", argv: [\"x\"] } ] }", 0);
	_cleanup_(freep) char *told = xasprintf(
		P "2:18: error: the job name '%060d…' is longer than 255 bytes\n", 0);

	(void)state;
	assert_told(text, NULL, told);
}

static void a_name_has_at_most_255_bytes(void **state)
{
	(void)state;
	for (int n = 255; n <= 256; n++) {
		_cleanup_(freep) char *text = xasprintf(
			"{ flow: jobs\n jobs: [ { name: \"%0*d\", argv: [\"x\"] } ] }", n, 0);
		struct stage s;

		stage_set(&s, text, NULL);
		assert_int_equal(s.plan != NULL, n == 255);
		assert_int_equal(strstr(s.messages, "is longer than 255 bytes") != NULL, n == 256);
		stage_done(&s);
	}
}

static void a_plan_has_at_most_10_million_jobs(void **state)
{
	struct stage s;

	(void)state;
	assert_int_equal(FLOW_MOST_JOBS, 10000000);
	stage_set(&s,
		  "{ flow: jobs\n jobs: [ { name: \"{a}\", argv: [\"x\"]\n"
		  "sweep: { a: \"1..10000001\" } } ] }",
		  NULL);
	assert_null(s.plan);
	assert_non_null(strstr(s.messages, "axis 'a': more than 10,000,000"));
	stage_done(&s);
}

static void sweeps_and_variables_must_make_sense(void **state)
{
#define SWEEP(s) "{ flow: jobs\n jobs: [ { name: \"{a}\", argv: [\"x\"]\nsweep: " s " } ] }"
	static const struct bad cases[] = {
		{SWEEP("5"), P "3:8: error: 'sweep' must be an object of axes or a list of rows\n"},
		{SWEEP("{}"), P "3:8: error: 'sweep' has no axes\n"},
		{SWEEP("[]"), P "3:8: error: 'sweep' has no rows\n"},
		{SWEEP("[1]"),
		 P "3:9: error: a row of 'sweep' must be an object with at least one key\n"},
		{SWEEP("{ a: [] }"), P "3:13: error: axis 'a': has no values\n"},
		{SWEEP("{ a: {} }"),
		 P "3:13: error: axis 'a': must be a list of values or a range such "
		   "as \"1..1000\"\n"},
		{SWEEP("{ a: [1, [2]] }"),
		 P "3:17: error: axis 'a': a value must be a string or a number\n"},
		{SWEEP("{ a: \"5..1\" }"), P "3:13: error: axis 'a': the range runs backwards\n"
					     "  hint: write 1..5\n"},
		{SWEEP("{ a: \"1..9999999999999999999\" }"),
		 P "3:13: error: axis 'a': the ends of a range have 18 digits at most\n"},
		{SWEEP("{ a: \"a..c\" }"), P "3:13: error: axis 'a': not a range of whole numbers\n"
					     "  hint: for example \"1..1000\"\n"},
		{SWEEP("{ a: [1, 2, 1] }"),
		 P "3:13: error: axis 'a': the value '1' is listed twice\n"},
		{SWEEP("{ a: \"1..20000000\" }"), P "3:13: error: axis 'a': more than 10,000,000 "
						    "values\n"},
		{SWEEP("{ a: \"1..10000\", b: \"1..10000\" }"),
		 P "3:8: error: this sweep makes more than 10,000,000 jobs\n"},
		{SWEEP("{ zip: { a: [1, 2], b: [1] } }"), P
		 "3:31: error: axes of a zip have the same number of values, but 'b' has 1 and 'a' "
		 "has 2\n" P "3:20: note: the first of them\n"},
		{SWEEP("{ zip: [1] }"),
		 P "3:15: error: 'zip' must be an object of axes that go side by side\n"},
		{SWEEP("{ a: 1, zip: { a: 2 } }"),
		 P "3:23: error: the axis 'a' is defined twice\n"},
		{SWEEP("[{ a: 1 }, { b: 2 }]"),
		 P "3:21: error: 'b' is not in the first row; all rows have the same keys\n" P
		   "3:19: error: this row has no 'a'; all rows have the same keys\n"},
		{SWEEP("{ a: 1, log: 1, \"b-c\": 1 }"),
		 P "3:16: error: 'log' is a built-in word\n" P
		   "3:24: error: 'b-c' cannot be the name of an axis\n"
		   "  hint: use letters, digits and _, and begin with no digit\n"},
		{"{ flow: jobs\n vars: { a: 1, name: 2, \"1\": 3, b: [] }\n jobs: [ { name: "
		 "\"{a}\", argv: "
		 "[\"x\"]\nsweep: { a: [1] } } ] }",
		 P "2:16: error: 'name' is a built-in word\n" P
		   "2:25: error: '1' cannot be the name of a variable\n"
		   "  hint: use letters, digits and _, and begin with no digit\n" P
		   "2:36: error: variable 'b' must be a string or a number\n" P
		   "4:10: error: the axis 'a' is also a variable\n" P
		   "2:10: note: the variable is here\n"},
		{"{ flow: jobs\n vars: 5\n jobs: [ { name: \"a\", argv: [\"x\"] } ] }",
		 P "2:8: error: 'vars' must be an object of names and values\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void words_that_look_like_slips_get_a_warning(void **state)
{
	static const struct bad cases[] = {
		{"{ flow: jobs\n vars: { top: 1 }\n jobs: [\n"
		 "{ name: \"a{seed}\", sweep: { seed: [1] }, argv: [\"{sede}\", \"${top}\", "
		 "\"${HOME} "
		 "{print}\"] }\n"
		 "{ name: \"b\", argv: [\"{seed}\", \"{{sede}}\"] } ] }",
		 P "4:49: warning: 'argv' holds the unknown word {sede}; it stays as it is\n"
		   "  hint: did you mean {seed}? If not, write {{sede}}\n" P
		   "4:59: warning: 'argv' holds ${top}, which is left to the shell\n"
		   "  hint: for the value known here write {top}\n" P
		   "5:21: warning: 'argv' holds {seed}, which is an axis of another sweep; here it "
		   "stays as it is\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void our_own_words_have_their_places(void **state)
{
	static const struct bad cases[] = {
		{"{ flow: jobs\n jobs: [ { name: \"{name}{log}\", argv: [\"x\"]\ncwd: "
		 "\"{attempt}\", tags: "
		 "[\"{odir}\"] } ] }",
		 P "2:18: error: {name} cannot be used in 'name'\n" P
		   "2:18: error: {log} cannot be used in 'name'\n" P
		   "3:6: error: {attempt} cannot be used in 'cwd'\n"
		   "  hint: the number of the attempt is known only when the job starts: use it in "
		   "'command', 'argv' or 'env'\n" P
		   "3:26: error: {odir} cannot be used in 'tags'\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void defines_must_name_something(void **state)
{
	static const char *const defines[] = {"sede=5", "x", "row=1", "a=5..1", NULL};
	static const struct stage_options options = {.defines = defines};

	(void)state;
	assert_told(
		"{ flow: jobs\n vars: { seed: 1 }\n jobs: [ { name: \"{row}\", argv: [\"x\"], "
		"sweep: "
		"[{ row: 2 }] }\n{ name: \"{a}\", argv: [\"x\"], sweep: { a: 1 } } ] }",
		&options,
		"dvsched: error: -D x is not NAME=VALUE\n"
		"  hint: for example -D seed=1..50\n"
		"dvsched: error: -D a: the range runs backwards\n"
		"  hint: write 1..5\n"
		"dvsched: error: -D sede: the configuration has no variable or sweep axis of that "
		"name\n"
		"  hint: did you mean 'seed'?\n"
		"dvsched: error: -D row: the values of this axis are in rows, which -D cannot "
		"replace\n");
}

static void errors_of_the_first_step_hide_those_they_cause(void **state)
{
	static const struct bad cases[] = {
		{"{ flow: jobs\n jobs: [ { nam: \"build\", argv: [\"x\"] }\n{ name: \"t\", argv: "
		 "[\"x\"], "
		 "needs: [\"build\"] } ] }",
		 P "2:10: error: a job needs a 'name'\n" P
		   "2:12: error: unknown key 'nam' in job\n  hint: did you mean 'name'?\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

static void values_names_and_needs_are_reported_together(void **state)
{
	static const struct bad cases[] = {
		{"{ flow: jobs\n jobs: [ { name: \"a\", argv: [\"x\"], timeout: \"soon\" }\n"
		 "{ name: \"b/c\", argv: [\"x\"], needs: [\"a\", \"z\"] }\n"
		 "{ name: \"d\", argv: [], needs: [\"b/c\"] } ] }",
		 P "2:45: error: 'timeout' must be a duration such as \"90s\" or \"5m\", not "
		   "\"soon\"\n  hint: the units are ms, s, m, h and d; a number without quotes is "
		   "seconds\n" P "4:20: error: 'argv' must be an array of the program and its "
		   "arguments\n  hint: for a command line in one string use 'command'\n" P
		   "3:9: error: the job name 'b/c' contains '/'\n" P
		   "3:42: error: there is no job 'z'\n"},
		/* If a name in a sweep is wrong, not all of its jobs are known. */
		{"{ flow: jobs\n jobs: [ { name: \"a/{s}\", argv: [\"x\"], sweep: { s: \"1..9\" } "
		 "}\n"
		 "{ name: \"b\", argv: [\"x\"], needs: [\"a/5\", \"z\"] } ] }",
		 P "2:18: error: the job name 'a/1' contains '/'\n"},
	};

	(void)state;
	check(cases, ARRAY_LEN(cases));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_flow_must_be_known),
		cmocka_unit_test(keys_must_be_known),
		cmocka_unit_test(a_job_has_a_name_and_one_command),
		cmocka_unit_test(values_have_types),
		cmocka_unit_test(names_are_unique_and_fit_for_a_directory),
		cmocka_unit_test(a_name_of_300_characters_is_shown_in_part),
		cmocka_unit_test(a_name_has_at_most_255_bytes),
		cmocka_unit_test(a_plan_has_at_most_10_million_jobs),
		cmocka_unit_test(sweeps_and_variables_must_make_sense),
		cmocka_unit_test(words_that_look_like_slips_get_a_warning),
		cmocka_unit_test(our_own_words_have_their_places),
		cmocka_unit_test(defines_must_name_something),
		cmocka_unit_test(errors_of_the_first_step_hide_those_they_cause),
		cmocka_unit_test(values_names_and_needs_are_reported_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
