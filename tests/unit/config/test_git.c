/* SPDX-License-Identifier: Apache-2.0 */
/* The work tree and its branch, read from git's own files. */
#include "config/git.h"

#include <sys/stat.h>

#include "unit.h"

static struct arena *mem;

static void work_tree(const char *dir, const char *head)
{
	struct arena *a = mem;

	assert_int_equal(fs_mkdirs(path_join(a, dir, ".git"), 0777), 0);
	put(path_join(a, dir, ".git/HEAD"), head);
}

static void the_root_is_found_from_below(void **state)
{
	struct project *p = *state;
	const char *sub = path_join(mem, p->dir, "w/sub/dir");

	work_tree("w", "ref: refs/heads/main\n");
	assert_int_equal(fs_mkdirs("w/sub/dir", 0777), 0);
	assert_string_equal(git_find_root(mem, sub), path_join(mem, p->dir, "w"));
	assert_string_equal(git_find_root(mem, path_join(mem, p->dir, "w")),
			    path_join(mem, p->dir, "w"));
	assert_null(git_find_root(mem, p->dir));
}

static void branches_are_named_without_slashes(void **state)
{
	(void)state;
	work_tree("a", "ref: refs/heads/main\n");
	assert_string_equal(git_branch(mem, "a"), "main");
	work_tree("b", "ref: refs/heads/me/my/topic\n");
	assert_string_equal(git_branch(mem, "b"), "me-my-topic");
}

static void no_branch_is_head(void **state)
{
	(void)state;
	work_tree("a", "34ceb5eb568742f75f01ee23de994ad9f65eae82\n");
	assert_string_equal(git_branch(mem, "a"), "HEAD");
	work_tree("b", "ref: refs/heads/\n");
	assert_string_equal(git_branch(mem, "b"), "HEAD");
}

static void no_work_tree_is_default(void **state)
{
	(void)state;
	assert_string_equal(git_branch(mem, NULL), "default");
	assert_string_equal(git_branch(mem, "."), "default");
	assert_int_equal(mkdir("a", 0777), 0);
	put("a/.git", "no link");
	assert_string_equal(git_branch(mem, "a"), "default");
}

static void a_linked_work_tree_has_its_own_branch(void **state)
{
	struct project *p = *state;
	const char *link = arena_printf(mem, "gitdir: %s/main/.git/worktrees/x\n", p->dir);

	work_tree("main", "ref: refs/heads/main\n");
	assert_int_equal(fs_mkdirs("main/.git/worktrees/x", 0777), 0);
	put("main/.git/worktrees/x/HEAD", "ref: refs/heads/topic\n");
	assert_int_equal(mkdir("x", 0777), 0);
	put("x/.git", link);
	assert_string_equal(git_branch(mem, "x"), "topic");
	assert_string_equal(git_find_root(mem, path_join(mem, p->dir, "x")),
			    path_join(mem, p->dir, "x"));
	put("x/.git", "gitdir: ../main/.git/worktrees/x\n");
	assert_string_equal(git_branch(mem, "x"), "topic");
}

static void a_configuration_finds_its_project(void **state)
{
	struct project *p = *state;
	struct cfg_options options = {0};

	work_tree(".", "ref: refs/heads/some/branch\n");
	assert_non_null(load_with(p, "a: 1", &options));
	assert_string_equal(member(p, "branch"), "\"some-branch\"");
	assert_string_equal(hjson_cstr(cfg_doc(p->cfg), hjson_get(cfg_root(p->cfg), "proj_root")),
			    p->dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(the_root_is_found_from_below),
		PROJECT_TEST(branches_are_named_without_slashes),
		PROJECT_TEST(no_branch_is_head),
		PROJECT_TEST(no_work_tree_is_default),
		PROJECT_TEST(a_linked_work_tree_has_its_own_branch),
		PROJECT_TEST(a_configuration_finds_its_project),
	};
	int rc;

	mem = arena_new();
	rc = RUN_PROJECTS(tests);
	arena_free(mem);
	return rc;
}
