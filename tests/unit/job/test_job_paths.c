/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_paths.h"

#include "../base/unit.h"

static const struct job_block block = {.scratch_path = "/scratch/b"}, top = {.scratch_path = "/"};

static void paths_are_made_of_what_the_spec_keeps(void **state)
{
	static const struct {
		struct job_spec spec;
		const char *odir, *log_path;
	} cases[] = {
		{{.block = &block, .dir = "t.1", .log = "log"},
		 "/scratch/b/t.1",
		 "/scratch/b/t.1/log"},
		{{.block = &block, .dir = "/s/t", .log = "out/run.log"},
		 "/s/t",
		 "/s/t/out/run.log"},
		{{.block = &block, .dir = "t", .log = "/else/log"}, "/scratch/b/t", "/else/log"},
		{{.block = &top, .dir = "t", .log = "log"}, "/t", "/t/log"},
		{{.dir = "/", .log = "log"}, "/", "/log"},
		{{.block = &block, .dir = "t"}, "/scratch/b/t", NULL},
		{{.log = "/log"}, NULL, "/log"},
		{{0}, NULL, NULL},
	};
	_cleanup_(str_done) struct str odir = {0}, log = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(str_eq(job_odir(&cases[i].spec, &odir), cases[i].odir));
		assert_true(str_eq(job_log_path(&cases[i].spec, &log), cases[i].log_path));
	}
}

static void paths_are_appended(void **state)
{
	const struct job_spec spec = {.block = &block, .dir = "t", .log = "log"};
	_cleanup_(str_done) struct str out = {0};

	(void)state;
	str_add(&out, "in ");
	job_add_odir(&out, &spec);
	str_add(&out, ": ");
	job_add_log_path(&out, &spec);
	assert_string_equal(out.s, "in /scratch/b/t: /scratch/b/t/log");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_made_of_what_the_spec_keeps),
		cmocka_unit_test(paths_are_appended),
	};

	return RUN(tests);
}
