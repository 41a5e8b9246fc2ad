/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/fs.h"
#include "base/mem.h"
#include "headroom/free_space.h"
#include "temp_dir.h"

#define MIB (UINT64_C(1) << 20)

static void write_file(const char *base, const char *name, const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", base, name);
	_cleanup_(freep) char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	FILE *f;

	assert_int_equal(fs_mkdirs(dir, 0777), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char meminfo[] = "MemTotal:       1048576 kB\nMemFree:  5 kB\n"
			      "MemAvailable:    524288 kB\nBuffers: 7 kB\n";

static void memory_is_what_the_machine_and_its_cgroups_leave(void **state)
{
	static const struct {
		const char *name, *cgroup;
		struct {
			const char *path, *text;
		} files[4];
		unsigned available_mib, total_mib;
	} cases[] = {
		{"no cgroup", "", {{0}}, 512, 1024},
		{"no limit",
		 "0::/a\n",
		 {{"fs/cgroup/a/memory.max", "max\n"}, {"fs/cgroup/a/memory.current", "1048576\n"}},
		 512,
		 1024},
		{"v2",
		 "0::/a\n",
		 {{"fs/cgroup/a/memory.max", "209715200\n"},
		  {"fs/cgroup/a/memory.current", "104857600\n"}},
		 100,
		 200},
		{"files in the cache can be given back",
		 "0::/a\n",
		 {{"fs/cgroup/a/memory.max", "209715200\n"},
		  {"fs/cgroup/a/memory.current", "209715200\n"},
		  {"fs/cgroup/a/memory.stat", "anon 7\ninactive_file 52428800\n"}},
		 50,
		 200},
		{"the parent's limit",
		 "0::/a/b\n",
		 {{"fs/cgroup/a/memory.max", "209715200\n"},
		  {"fs/cgroup/a/memory.current", "104857600\n"},
		  {"fs/cgroup/a/b/memory.max", "419430400\n"},
		  {"fs/cgroup/a/b/memory.current", "104857600\n"}},
		 100,
		 200},
		{"v1",
		 "4:memory:/x\n0::/\n",
		 {{"fs/cgroup/memory/x/memory.limit_in_bytes", "209715200\n"},
		  {"fs/cgroup/memory/x/memory.usage_in_bytes", "209715200\n"},
		  {"fs/cgroup/memory/x/memory.stat",
		   "inactive_file 1\ntotal_inactive_file 20971520\n"}},
		 20,
		 200},
		{"v1 without a limit",
		 "4:memory:/x\n",
		 {{"fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n"},
		  {"fs/cgroup/memory/x/memory.usage_in_bytes", "209715200\n"}},
		 512,
		 1024},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char base[] = "/tmp/dvsched-test-XXXXXX";
		_cleanup_(freep) char *proc = NULL, *sys = NULL;
		struct free_space_source source = {0};
		struct free_space left;

		assert_non_null(temp_dir_make(base));
		source.proc = proc = xasprintf("%s/proc", base);
		source.sys = sys = xasprintf("%s/sys", base);
		write_file(proc, "meminfo", meminfo);
		write_file(proc, "self/cgroup", cases[i].cgroup);
		for (size_t k = 0; k < 4 && cases[i].files[k].path; k++)
			write_file(sys, cases[i].files[k].path, cases[i].files[k].text);
		free_space_read(&source, &left);
		if (left.memory_bytes != cases[i].available_mib * MIB ||
		    left.memory_total != cases[i].total_mib * MIB)
			fail_msg("%s: %llu of %llu", cases[i].name,
				 (unsigned long long)left.memory_bytes,
				 (unsigned long long)left.memory_total);
		fs_remove_tree(base);
	}
}

static void pressure_is_that_of_all_processes(void **state)
{
	char base[] = "/tmp/dvsched-test-XXXXXX";
	struct free_space_source source = {.proc = base, .sys = base};
	struct free_space left;

	(void)state;
	assert_non_null(temp_dir_make(base));
	free_space_read(&source, &left); /* nothing is there */
	assert_true(left.memory_pressure == 0 && left.memory_total == 0);
	write_file(base, "pressure/memory",
		   "some avg10=80.00 avg60=0.00 avg300=0.00 total=0\n"
		   "full avg10=25.00 avg60=1.00 avg300=2.00 total=3\n");
	free_space_read(&source, &left);
	assert_true(left.memory_pressure == 0.25);
	fs_remove_tree(base);
}

static void each_file_system_counts_once(void **state)
{
	char base[] = "/tmp/dvsched-test-XXXXXX";
	struct free_space_source source;
	struct free_space left;

	(void)state;
	assert_non_null(temp_dir_make(base));
	free_space_source_init(&source, base, base);
	assert_int_equal(source.n_disks, 1);
	free_space_read(&source, &left);
	assert_string_equal(left.disk[0].path, base);
	assert_true(left.disk[0].size_bytes > 0 &&
		    left.disk[0].free_bytes <= left.disk[0].size_bytes);
	free_space_source_init(&source, base, "/proc");
	assert_int_equal(source.n_disks, 2);
	free_space_source_init(&source, "/none/at/all", base);
	assert_int_equal(source.n_disks, 1);
	fs_remove_tree(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_what_the_machine_and_its_cgroups_leave),
		cmocka_unit_test(pressure_is_that_of_all_processes),
		cmocka_unit_test(each_file_system_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
