/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "flow/native/command.h"

static char *join(const char *const *words)
{
	struct str out = {0};

	for (size_t i = 0; words[i]; i++)
		str_printf(&out, "%s<%s>", i ? " " : "", words[i]);
	return str_take(&out);
}

static void plain_words_need_no_shell(void **state)
{
	static const char *const cases[][2] = {
		{"make", "<make>"},
		{"make -C rtl", "<make> <-C> <rtl>"},
		{"  make\t-j4  all ", "<make> <-j4> <all>"},
		{"make all\n", "<make> <all>"},
		{"./sim +seed=5 -v a,b:c@d%e", "<./sim> <+seed=5> <-v> <a,b:c@d%e>"},
		{"sim 'a b' \"c d\"", "<sim> <a b> <c d>"},
		{"sim a'b c'\"d\"e", "<sim> <ab cde>"},
		{"sim '' x", "<sim> <> <x>"},
		{"sim '$HOME * | ; \\'", "<sim> <$HOME * | ; \\>"},
		{"sim \"a | b; c > d * 'x' #\"", "<sim> <a | b; c > d * 'x' #>"},
		{"sim 'zwölf'", "<sim> <zwölf>"},
		{"sim 'line\nbreak'", "<sim> <line\nbreak>"},
		{"env A=1 make", "<env> <A=1> <make>"},
		{"echo hello", "<echo> <hello>"},
		{"true", "<true>"},
		{"sleep 1", "<sleep> <1>"},
		{"run " JOB_ATTEMPT_WORD, "<run> <" JOB_ATTEMPT_WORD ">"},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const *words = command_words(mem, cases[i][0]);

		if (!words)
			fail_msg("a shell for: %s", cases[i][0]);
		assert_text(join(words), cases[i][1]);
	}
	arena_free(mem);
}

static void whatever_a_shell_might_act_on_goes_to_a_shell(void **state)
{
	static const char *const cases[] = {
		"a | b",
		"a && b",
		"a; b",
		"a &",
		"a > b",
		"a < b",
		"a 2>&1",
		"(a)",
		"echo $HOME",
		"echo ${HOME}",
		"echo `date`",
		"echo \"$HOME\"",
		"echo \"`date`\"",
		"echo \"a\\\"b\"",
		"echo a\\ b",
		"ls *.c",
		"ls a?",
		"ls [ab]",
		"ls ~",
		"ls # all",
		"a {b,c}",
		"! a",
		"a\nb",
		"echo 'open",
		"echo \"open",
		"A=1 make",
		"A= make",
		"'A=1' make",
		"cd /tmp",
		"'cd' /tmp",
		"exit 3",
		": nothing",
		". ./env",
		"set -e",
		"exec make",
		"export A",
		"test 1 -ge 2",
		"printf a",
		"pwd",
		"time make",
		"if",
		"true 5",
		"echo -n x",
		"echo 'a\\tb'",
		"'' a",
		"zwölf",
		"a ^ b",
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const *argv = command_argv(mem, cases[i]);

		if (command_words(mem, cases[i]))
			fail_msg("no shell for: %s", cases[i]);
		assert_string_equal(argv[0], "/bin/sh");
		assert_string_equal(argv[1], "-c");
		assert_string_equal(argv[2], cases[i]);
		assert_null(argv[3]);
	}
	arena_free(mem);
}

static void a_blank_command_is_none(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	assert_null(command_argv(mem, ""));
	assert_null(command_argv(mem, " \t\n "));
	arena_free(mem);
}

static void people_see_one_line(void **state)
{
	static const char *const words[] = {"a", "b c", "d\ne", JOB_ATTEMPT_WORD, NULL};
	struct arena *mem = arena_new();

	(void)state;
	assert_string_equal(command_shown(mem, "plain"), "plain");
	assert_string_equal(command_shown(mem, "a\nb " JOB_ATTEMPT_WORD "\n\n"), "a\\nb {attempt}");
	assert_string_equal(command_shown_argv(mem, words), "a 'b c' 'd\\ne' '{attempt}'");
	arena_free(mem);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_words_need_no_shell),
		cmocka_unit_test(whatever_a_shell_might_act_on_goes_to_a_shell),
		cmocka_unit_test(a_blank_command_is_none),
		cmocka_unit_test(people_see_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
