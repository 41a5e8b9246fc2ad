/* SPDX-License-Identifier: Apache-2.0 */
/* \u0000 in strings and keys. */
#include "unit.h"

static void a_nul_is_refused_where_it_stands(void **state)
{
	struct project *p = *state;

	assert_null(load(p, "{\n  jobs: [ { name: \"a\\u0000b\" } ]\n  \"k\\u0000\": 1\n}"));
	assert_string_equal(messages(p), "main.hjson:2:21: error: this string holds \\u0000\n"
					 "     2 |   jobs: [ { name: \"a\\u0000b\" } ]\n"
					 "       |                     ^~~~~~\n"
					 "  hint: no argument, path or name can hold a NUL\n"
					 "main.hjson:3:5: error: this key holds \\u0000\n"
					 "     3 |   \"k\\u0000\": 1\n"
					 "       |     ^~~~~~\n"
					 "  hint: no argument, path or name can hold a NUL\n");
}

static void a_nul_of_an_import_is_refused(void **state)
{
	struct project *p = *state;

	put("more.hjson", "a: [[\"\\u0000\"]]");
	assert_null(load(p, "import_cfgs: [\"{self_dir}/more.hjson\"]"));
	assert_true(says(p, "more.hjson:1:7: error: this string holds \\u0000"));
}

static void descriptions_and_backslashes_may_say_it(void **state)
{
	struct project *p = *state;

	assert_non_null(load(p, "description: \"\\u0000\"\n a: [{ desc: \"\\u0000\" }]\n"
				" b: \"\\\\u0000\"\n c: x\\u0000"));
	assert_string_equal(member(p, "b"), "\"\\\\u0000\"");
}

static void one_file_by_itself_may_hold_it_if_the_caller_can(void **state)
{
	struct project *p = *state;
	struct cfg *c;

	put("one.hjson", "a: \"x\\u0000y\"");
	assert_null(cfg_parse("one.hjson", &p->diags));
	assert_true(says(p, "one.hjson:1:6: error: this string holds \\u0000"));
	c = cfg_parse_as_is("one.hjson", NULL, &p->diags);
	assert_non_null(c);
	assert_int_equal(hjson_get(cfg_root(c), "a")->n, 3);
	cfg_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROJECT_TEST(a_nul_is_refused_where_it_stands),
		PROJECT_TEST(a_nul_of_an_import_is_refused),
		PROJECT_TEST(descriptions_and_backslashes_may_say_it),
		PROJECT_TEST(one_file_by_itself_may_hold_it_if_the_caller_can),
	};

	return RUN_PROJECTS(tests);
}
