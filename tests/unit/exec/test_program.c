/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a job's program, and the message if it cannot be executed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec/launch.h"
#include "exec_bed.h"

/* malloc()ed; text with the base for each $. */
static char *bed_expand(const struct slot_bed *b, const char *text)
{
	struct str out = {0};

	str_reserve(&out, 0);
	for (; *text; text++) {
		if (*text == '$')
			str_add(&out, b->base);
		else
			str_addc(&out, *text);
	}
	return out.s;
}

static void a_program_is_found_as_a_shell_finds_it(void **state)
{
	static const struct {
		const char *name, *path, *want; /* $ is the base; NULL: nowhere */
	} cases[] = {
		{"prog", "$/a:$/b", "$/b/prog"},  /* the one in a may not be executed */
		{"prog", "$/a", "$/a/prog"},	  /* then the error is a missing permission */
		{"prog", "$/a:$/d", "$/a/prog"},  /* the first of those that may not */
		{"prog", "$/c:$/b", "$/b/prog"},  /* a directory is no program */
		{"prog", "$/no:$/b", "$/b/prog"}, /* no such directory */
		{"prog", "$/c", NULL},
		{"prog", "", "$/prog"}, /* an empty entry is the working directory */
		{"prog", ":$/b", "$/prog"},
		{"prog", "$/c::$/b", "$/prog"},
		{"prog", "$/c:", "$/prog"},
		{"prog", "b", "$/b/prog"}, /* relative to the working directory */
		{"prog", "c:b", "$/b/prog"},
		{"b/prog", "$/a", "$/b/prog"},
		{"/no/prog", "$/a", "/no/prog"},
		{"sh", NULL, "/usr/bin/sh"},
		{"", "$/a", NULL},
	};
	struct slot_bed *b = *state;
	struct str found = {0};

	for (const char *dirs = "abcd"; *dirs; dirs++) {
		_cleanup_(freep) char *dir = xasprintf("%s/%c%s", b->base, *dirs,
						       *dirs == 'c' ? "/prog" : "");

		assert_int_equal(fs_mkdirs(dir, 0777), 0);
	}
	free(bed_make_file(b, "a/prog", "", 0644));
	free(bed_make_file(b, "b/prog", "", 0755));
	free(bed_make_file(b, "d/prog", "", 0644));
	free(bed_make_file(b, "prog", "", 0755));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *path = cases[i].path ? bed_expand(b, cases[i].path) : NULL;
		_cleanup_(freep) char *want = cases[i].want ? bed_expand(b, cases[i].want) : NULL;
		int rc = launch_resolve(cases[i].name, path, b->base, &found);

		if (rc != (want ? 0 : -1) || (want && strcmp(found.s, want) != 0))
			fail_msg("%s in %s: %d, %s", cases[i].name, path, rc, found.s);
	}
	str_done(&found);
}

/* Replaces the function of the C library: a directory "broken" is on a disk that fails. */
int stat(const char *path, struct stat *st)
{
	if (strstr(path, "/broken/")) {
		errno = EIO;
		return -1;
	}
	return fstatat(AT_FDCWD, path, st, 0);
}

static void a_program_on_a_failing_disk_is_not_called_missing(void **state)
{
	static const struct {
		const char *path, *want; /* $ is the base */
		int errnum;
	} cases[] = {
		{"$/broken:$/b", "$/b/prog", 0},   {"$/broken", NULL, EIO},
		{"$/a:$/broken", NULL, EIO}, /* the one in a may not be executed */
		{"$/no:$/broken:$/no", NULL, EIO}, {"$/no", NULL, ENOENT},
	};
	struct slot_bed *b = *state;
	struct str found = {0};

	for (const char *dirs = "ab"; *dirs; dirs++) {
		_cleanup_(freep) char *dir = xasprintf("%s/%c", b->base, *dirs);

		assert_int_equal(fs_mkdirs(dir, 0777), 0);
	}
	free(bed_make_file(b, "a/prog", "", 0644));
	free(bed_make_file(b, "b/prog", "", 0755));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *path = bed_expand(b, cases[i].path);
		_cleanup_(freep) char *want = cases[i].want ? bed_expand(b, cases[i].want) : NULL;
		int rc = launch_resolve("prog", path, b->base, &found);

		assert_int_equal(rc < 0 ? errno : 0, cases[i].errnum);
		if (want)
			assert_string_equal(found.s, want);
	}
	str_done(&found);
}

/* Errors that a shell does not attribute to the program are infrastructure failures. */
static void an_error_of_exec_is_the_program_s_or_the_machine_s(void **state)
{
	static const struct {
		int errnum, status;
	} cases[] = {
		{ENOENT, 127},	{ENOTDIR, 127}, {EACCES, 126},	     {EPERM, 126},  {ENOEXEC, 126},
		{E2BIG, 126},	{ELOOP, 126},	{ENAMETOOLONG, 126}, {EINVAL, 126}, {EISDIR, 126},
		{ELIBBAD, 126}, {ENOMEM, 0},	{EMFILE, 0},	     {EIO, 0},	    {ETXTBSY, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct launch l = {.errnum = cases[i].errnum};

		assert_int_equal(launch_shell_status(&l), cases[i].status);
		l.is_about_cwd = true;
		assert_int_equal(launch_shell_status(&l), 0);
	}
}

static void an_error_of_exec_is_explained(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *file = bed_make_file(b, "file", "#!/no\n", 0755);
	_cleanup_(freep) char *plain = bed_make_file(b, "plain", "", 0644);
	const struct {
		int errnum;
		const char *path, *name, *want;
	} cases[] = {
		{ENOENT, "/no/file", "./x", "command not found: './x'"},
		{ENOTDIR, "/no/file", "x", "command not found: '/no/file'"},
		{ENOENT, file, "./x", "bad interpreter in the first line of './x'"},
		{EACCES, file, "./x", "bad interpreter in the first line of './x'"},
		{EACCES, plain, "./x", "not executable: './x'"},
		{ENOEXEC, file, "./x", "neither a program nor a script with '#!': './x'"},
		{E2BIG, file, "./x", "arguments and environment are too long for './x'"},
		{EIO, file, "./x", "cannot execute './x': Input/output error"},
		{ETXTBSY, "/a/x", "x", "cannot execute '/a/x': Text file busy"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const argv[] = {cases[i].name, NULL};
		struct launch l = {.errnum = cases[i].errnum, .path = cases[i].path, .argv = argv};
		_cleanup_(str_done) struct str text = {0};

		launch_explain(&l, &text);
		assert_string_equal(text.s, cases[i].want);
	}
}

/* As bash decides it: a binary has a NUL in its first line. */
static void a_script_has_no_nul_in_its_first_line(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		bool is_script;
	} cases[] = {
		{"", 0, true},	   {"x", 1, true},     {"\0", 1, false},
		{"a\0", 2, false}, {"a\n\0", 3, true}, {"\n\0", 2, true},
	};
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/file", b->base);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

		assert_int_equal(write(fd, cases[i].text, cases[i].n), cases[i].n);
		close(fd);
		if (launch_is_script(path) != cases[i].is_script)
			fail_msg("case %zu", i);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(a_program_is_found_as_a_shell_finds_it),
		EXEC_CASE(a_program_on_a_failing_disk_is_not_called_missing),
		EXEC_CASE(an_error_of_exec_is_the_program_s_or_the_machine_s),
		EXEC_CASE(an_error_of_exec_is_explained),
		EXEC_CASE(a_script_has_no_nul_in_its_first_line),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
