/* SPDX-License-Identifier: Apache-2.0 */
/* Commands done without a shell: the output is that of the shell, or the shell runs the command. */
#include "config/text_command.h"

#include <stdio.h>
#include <sys/stat.h>

#include "config/text_filter.h"
#include "unit.h"

static bool run(const char *cmd, struct str *ret)
{
	struct text_regexes *regexes = text_regexes_new();
	bool is_done = text_command_run(cmd, regexes, ret);

	text_regexes_free(regexes);
	return is_done;
}

static void shell_says(const char *cmd, struct str *ret)
{
	FILE *f = popen(cmd, "r");
	int c;

	assert_non_null(f);
	str_add(ret, "");
	while ((c = getc(f)) != EOF)
		str_addc(ret, (char)c);
	assert_int_equal(pclose(f), 0);
}

static void what_is_done_here_is_what_the_shell_prints(void **state)
{
	static const char *const commands[] = {
		"echo",
		" echo ;",
		"echo a  b\tc ; echo d\n",
		"echo \"lowrisc:dv:spi_device_sim:0.1\" | tr ':' '_'",
		"echo a:b:c|tr : _|tr _ +",
		"echo  | sed -E 's/(\\S+)/-top \\1/g'",
		"echo a 'b  c' \"d  e\" '' x | sed -E 's/(\\S+)/-top \\1/g'",
		"echo smoke_test | sed -E 's/(.+)/+UVM_TESTNAME=\\1/'",
		"echo aa.ba.ca | sed -E 's/(.)a(\\.)/\\2\\1\\1/g'",
		"echo aa.ba.ca | sed -E 's/a+\\.//'",
		"echo 'a  b   c' | sed -E 's/\\s+/,/g'",
		"echo ' a  bc ' | sed -E 's/(\\s+)/-\\1/'",
		"echo ' a  bc ' | sed -E 's/\\S+/x/g'",
		"echo ' a  bc ' | sed -E 's/\\S+/x/'",
		"echo ' a  bc ' | sed -E 's/.+/x/g'",
		"echo '' | sed -E 's/(.+)/x\\1/g'",
		"echo abab | sed -E 's/(a)(b)/\\2\\1/g' | sed -E \"s/ba/x y/\"",
		"echo a:b:c | cut -d: -f1",
		"echo a:b:c | cut -d: -f2-",
		"echo a:b:c | cut -d':' -f3",
		"echo a:b:c | cut -d: -f4",
		"echo a:b:c | cut -d: -f4-",
		"echo a::c: | cut -d: -f2",
		"echo a::c: | cut -d: -f3-",
		"echo abc | cut -d: -f2",
		"x=; echo a$x b $x c \"$x\"",
		"x='a  b '; echo z$x\"$x\"y $x",
		"x=`echo a b | tr b c`; echo $x",
		"x=1;x=\"$x 2\"; echo a`echo $x | tr 1 3`b",
		"for f in a:1 b:2; do echo $f | cut -d: -f2; done",
		"all=; for f in a:1:x b:2:y; do all=\"$all `echo $f | cut -d: -f2-`\"; done; "
		"echo $all | sed -E 's/\\s+/,/g'",
		" \\\n  all=; \\\n for f in //a/b:c:1 //d:e:2; do \\\n all=\"$all `echo $f | cut "
		"-d: "
		"-f2-`\"; \\\n done; \\\n echo $all | sed -E 's/\\s+/,/g' \n",
		"l=\"a b\"; for f in $l c$l; do echo $f$f; done; echo $f",
		"ec\\\nho a\\\nb",
	};

	(void)state;
	if (!text_tools_are_usual())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		_cleanup_(str_done) struct str ours = {0}, theirs = {0};
		bool is_done = run(commands[i], &ours);

		if (!is_done)
			print_error("not done: %s\n", commands[i]);
		assert_true(is_done);
		shell_says(commands[i], &theirs);
		assert_string_equal(ours.s, theirs.s);
	}
}

static void the_rest_is_left_to_the_shell(void **state)
{
	static const char *const commands[] = {
		"",
		" \n",
		";",
		"echo a;; echo b",
		"echo a\necho b",
		"ls",
		"echoes a",
		"echo -n a",
		"x=-n; echo $x a",
		"echo $HOME",
		"echo $unset",
		"echo ${x}",
		"echo $(echo a)",
		"echo a > f",
		"echo a 2>&1",
		"echo a & echo b",
		"echo a && echo b",
		"echo a || echo b",
		"echo a |",
		"echo *",
		"echo [a]",
		"echo a?",
		"echo ~",
		"echo {a,b}",
		"echo a # b",
		"echo 'a\\nb'",
		"echo a\\ b",
		"echo '",
		"echo \"",
		"echo \"a\\\"b\"",
		"echo `",
		"echo `ls`",
		"echo `echo \"a\"`",
		"echo `echo 'a\\\\1'`",
		"echo `echo a",
		"echo \303\244",
		"x=1 echo a",
		"PATH=/nowhere; echo a | tr a b",
		"IFS=:; x=a:b; echo $x",
		"for f in; do echo a; done",
		"for f in a; do done",
		"for f in a; do echo a",
		"for f in a; do echo a; done | tr a b",
		"for f in a b; do for g in c d; do echo $f$g; done; done",
		"for f in 'a b'; do echo $f; done",
		"for f in a; echo a; done",
		"for f; do echo $f; done",
		"done",
		"echo a; done",
		"echo a | cat",
		"echo a | tr ab cd",
		"echo a | tr a",
		"echo a | tr -d a",
		"echo a | tr '[' b",
		"echo a | cut -c1",
		"echo a | cut -d: -f0",
		"echo a | cut -d: -f12",
		"echo a | cut -d: -f1,2",
		"echo a | cut -d: -f-2",
		"echo a | cut -f1",
		"echo a | sed 's/a/b/'",
		"echo a | sed -n -E 's/a/b/'",
		"echo a | sed -E 's,a,b,'",
		"echo a | sed -E 's/a/b'",
		"echo a | sed -E 's/a/b/p'",
		"echo a | sed -E 's/a/b/2'",
		"echo a | sed -E 's/a/b/;s/b/c/'",
		"echo a | sed -E 's//b/'",
		"echo a | sed -E 's/a*/b/'",
		"echo a | sed -E 's/^a/b/'",
		"echo a | sed -E 's/a$/b/'",
		"echo a | sed -E 's/[a]/b/'",
		"echo a | sed -E 's/a|b/c/'",
		"echo a | sed -E 's/a{1}/c/'",
		"echo a | sed -E 's/\\w/c/'",
		"echo a | sed -E 's/(a)\\1/c/'",
		"echo a | sed -E 's/()/c/'",
		"echo a | sed -E 's/(a/c/'",
		"echo a | sed -E 's/a)/c/'",
		"echo a | sed -E 's/+a/c/'",
		"echo a | sed -E 's/a++/c/'",
		"echo a | sed -E 's/(+a)/c/'",
		"echo a | sed -E 's/((a))/c/'",
		"echo a | sed -E 's/a/&&/'",
		"echo a | sed -E 's/a/\\n/'",
		"echo a | sed -E 's/a/\\1/'",
		"echo a | sed -E 's/(a)/\\2/'",
		"echo a | sed -E 's/a\\/b/c/'",
		"echo a | sed -E 's/a/b/' file",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		_cleanup_(str_done) struct str ours = {0};

		str_add(&ours, "as it was");
		if (run(commands[i], &ours))
			print_error("done here: %s\n", commands[i]);
		assert_string_equal(ours.s, "as it was");
	}
}

static void what_grows_without_end_is_left_to_the_shell(void **state)
{
	_cleanup_(str_done) struct str cmd = {0}, ours = {0};

	(void)state;
	str_add(&cmd, "x=aaaaaaaa; for f in");
	for (int i = 0; i < 40; i++)
		str_add(&cmd, " a");
	str_add(&cmd, "; do x=\"$x$x\"; done; echo $x");
	assert_false(run(cmd.s, &ours));
	str_clear(&cmd);
	str_add(&cmd, "echo ");
	for (int i = 0; i < 70 * 1024; i++)
		str_addc(&cmd, 'a');
	assert_false(run(cmd.s, &ours));
	str_clear(&cmd);
	for (int i = 0; i < 10; i++)
		str_printf(&cmd, "v%d=%d;", i, i);
	str_add(&cmd, "echo $v9");
	assert_false(run(cmd.s, &ours));
}

static void expressions_are_kept_apart(void **state)
{
	struct text_regexes *regexes = text_regexes_new();

	(void)state;
	for (int i = 0; i < 100; i++) {
		_cleanup_(str_done) struct str cmd = {0}, ours = {0}, expected = {0};

		str_printf(&cmd, "echo %d %d | sed -E 's/%d/x/'", i % 40, i % 7, i % 40);
		str_printf(&expected, "x %d\n", i % 7);
		assert_true(text_command_run(cmd.s, regexes, &ours));
		assert_string_equal(ours.s, expected.s);
	}
	text_regexes_free(regexes);
}

static void tools_that_somebody_replaced_are_run(void **state)
{
	_cleanup_(freep) char *path = xstrdup(getenv("PATH"));

	(void)state;
	setenv("PATH", "/usr/bin:/bin", true);
	if (!text_tools_are_usual())
		skip();
	assert_int_equal(mkdir("tools", 0777), 0);
	fclose(fopen("tools/sed", "w"));
	setenv("PATH", "tools:/usr/bin:/bin", true);
	assert_false(text_tools_are_usual());
	{
		_cleanup_(freep) char *here = realpath("tools", NULL);
		_cleanup_(str_done) struct str first = {0};

		str_printf(&first, "%s:/usr/bin:/bin", here);
		setenv("PATH", first.s, true);
		assert_true(text_tools_are_usual()); /* it cannot be run */
		assert_int_equal(chmod("tools/sed", 0755), 0);
		assert_false(text_tools_are_usual());
	}
	setenv("PATH", "", true);
	assert_false(text_tools_are_usual());
	setenv("PATH", "/usr/bin:/bin", true);
	setenv("POSIXLY_CORRECT", "", true);
	assert_false(text_tools_are_usual());
	unsetenv("POSIXLY_CORRECT");
	setenv("SHELLOPTS", "xtrace", true);
	assert_false(text_tools_are_usual());
	unsetenv("SHELLOPTS");
	setenv("BASH_FUNC_sed%%", "() { echo mine; }", true);
	assert_false(text_tools_are_usual());
	unsetenv("BASH_FUNC_sed%%");
	assert_true(text_tools_are_usual());
	setenv("PATH", path, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(what_is_done_here_is_what_the_shell_prints),
		PROJECT_TEST(the_rest_is_left_to_the_shell),
		PROJECT_TEST(what_grows_without_end_is_left_to_the_shell),
		PROJECT_TEST(expressions_are_kept_apart),
		PROJECT_TEST(tools_that_somebody_replaced_are_run),
	};

	return RUN_PROJECTS(tests);
}
