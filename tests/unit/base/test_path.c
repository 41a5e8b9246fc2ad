/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit.h"

static int cwd_errno; /* not 0: getcwd() fails with it */

char *getcwd(char *buf, size_t size)
{
	char *to = cwd_errno || buf ? buf : xmalloc(size = 4096);

	if (!cwd_errno && syscall(SYS_getcwd, to, size) >= 0)
		return to;
	errno = cwd_errno ? cwd_errno : errno;
	return NULL;
}

static int make_arena(void **state)
{
	*state = arena_new();
	return 0;
}

static int free_arena(void **state)
{
	arena_free(*state);
	return 0;
}

static void paths_are_folded_by_text(void **state)
{
	static const char *const cases[][2] = {
		{"", "."},
		{".", "."},
		{"./", "."},
		{"/", "/"},
		{"//", "/"},
		{"a", "a"},
		{"a/", "a"},
		{"a//b/./c", "a/b/c"},
		{"a/..", "."},
		{"a/../b", "b"},
		{"a/b/../../c", "c"},
		{"..", ".."},
		{"../..", "../.."},
		{"a/../..", ".."},
		{"../a/..", ".."},
		{"../../a/b", "../../a/b"},
		{"/..", "/"},
		{"/../../a", "/a"},
		{"/a/b/..", "/a"},
		{"/a/../..", "/"},
		{"/./a//b/", "/a/b"},
		{"...", "..."},
		{"a/..b", "a/..b"},
		{".a/b.", ".a/b."},
		{"/a/.../..", "/a"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *once = path_normalise(*state, cases[i][0]);

		assert_string_equal(once, cases[i][1]);
		assert_string_equal(path_normalise(*state, once), once);
	}
}

static void paths_lead_from_one_to_another(void **state)
{
	static const char *const cases[][3] = {
		{"/a/b/c", "/a/b", "c"},	{"/a/b", "/a/b", "."},
		{"/a/b", "/a/b/c", ".."},	{"/a/bc", "/a/b", "../bc"},
		{"/a/b", "/a/bc/d", "../../b"}, {"/a", "/", "a"},
		{"/", "/a/b", "../.."},		{"/", "/", "."},
		{"/x/y", "/a/b", "../../x/y"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(path_relative(*state, cases[i][0], cases[i][1]), cases[i][2]);
}

static void names_are_joined(void **state)
{
	assert_string_equal(path_join(*state, "a", "b"), "a/b");
	assert_string_equal(path_join(*state, "a/", "b"), "a/b");
	assert_string_equal(path_join(*state, "/", "b"), "/b");
	assert_string_equal(path_join(*state, "a", "/b"), "/b");
	assert_string_equal(path_join(*state, "", "b"), "b");
}

static void paths_are_taken_apart(void **state)
{
	static const char *const cases[][3] = {
		/* path, dir, base */
		{"a", ".", "a"}, {"a/b", "a", "b"}, {"/a", "/", "a"},	   {"/a/b", "/a", "b"},
		{"/", "/", ""},	 {"a/", "a", ""},   {"x/y/z", "x/y", "z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(path_dir(*state, cases[i][0]), cases[i][1]);
		assert_string_equal(path_base(cases[i][0]), cases[i][2]);
	}
}

static void relative_paths_start_here(void **state)
{
	char *cwd = getcwd(NULL, 0);

	assert_string_equal(path_absolute(*state, "."), cwd);
	assert_string_equal(path_absolute(*state, "a/../b"), path_join(*state, cwd, "b"));
	assert_string_equal(path_absolute(*state, "/x/./y"), "/x/y");
	free(cwd);
}

/* In a child, so that the test program keeps its directory. */
static void where_the_current_directory_is_gone_nothing_is(void **state)
{
	char dir[] = "/tmp/dvsched-path-XXXXXX";
	struct arena *a = *state;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int right = 0;

		if (!mkdtemp(dir) || chdir(dir) < 0 || rmdir(dir) < 0)
			_exit(99);
		right += strcmp(path_absolute(a, "/x/y"), "/x/y") == 0;
		right += str_starts(path_absolute(a, "../../../../x"), "/dev/null/");
		right += str_starts(path_absolute(a, "."), "/dev/null/");
		right += fs_mkdirs(path_absolute(a, "x/y"), 0777) < 0 && errno == ENOTDIR;
		_exit(right);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
}

/* Such a run must not go on in "/", or with a message that the directory was removed. */
static void without_memory_for_it_the_program_ends(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		cwd_errno = ENOMEM;
		path_absolute(*state, "a");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
	cwd_errno = EACCES;
	assert_null(path_cwd());
	assert_int_equal(errno, EACCES);
	cwd_errno = 0;
}

static void below_means_by_whole_names(void **state)
{
	static const struct {
		const char *path, *root;
		bool is_below;
	} cases[] = {
		{"/a/b", "/a", true},	  {"/a", "/a", true},	 {"/ab", "/a", false},
		{"/", "/a", false},	  {"/a", "/", true},	 {"/", "/", true},
		{"/a/b/c", "/a/b", true}, {"/a", "/a/b", false}, {"/b/a", "/a", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(path_is_below(cases[i].path, cases[i].root), cases[i].is_below);
}

static void only_one_plain_name_is_safe(void **state)
{
	static const char *const bad[] = {
		"",  "..",   "a/b", "/",    "a\nb",	"\x1b",		"\x7f",
		".", "\xff", "a\t", "\xc3", "\xc2\x9b", "\xed\xa0\x80",
	};
	static const char *const good[] = {
		"a", "...", ".hidden", "a b", "-x", "test.fast.1", "\xc3\xa9", "a:b*?", "\xc2\xa0",
	};
	char name[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(path_is_safe_name(bad[i]));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(path_is_safe_name(good[i]));
	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	assert_true(path_is_safe_name(name));
	name[255] = 'n';
	name[256] = '\0';
	assert_false(path_is_safe_name(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_folded_by_text),
		cmocka_unit_test(paths_lead_from_one_to_another),
		cmocka_unit_test(names_are_joined),
		cmocka_unit_test(paths_are_taken_apart),
		cmocka_unit_test(relative_paths_start_here),
		cmocka_unit_test(where_the_current_directory_is_gone_nothing_is),
		cmocka_unit_test(without_memory_for_it_the_program_ends),
		cmocka_unit_test(below_means_by_whole_names),
		cmocka_unit_test(only_one_plain_name_is_safe),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
