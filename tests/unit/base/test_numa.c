/* SPDX-License-Identifier: Apache-2.0 */
#include "base/numa.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "unit.h"

static void lists_of_cpus_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *back; /* NULL: refused */
	} cases[] = {
		{"0", "0"},
		{"0-3", "0-3"},
		{"0-3,8,10-11\n", "0-3,8,10-11"},
		{"2,1,0", "0-2"},
		{"1023", "1023"},
		{"", NULL},
		{"\n", NULL},
		{"a", NULL},
		{"1-", NULL},
		{"3-1", NULL},
		{"1,", NULL},
		{"1024", NULL},
		{"0-1024", NULL},
		{"1 2", NULL},
		{"-1", NULL},
		{"99999999999999999999", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str out = {0};
		cpu_set_t set;
		bool is_good = numa_read_list(cases[i].text, &set);

		if (is_good != (cases[i].back != NULL))
			fail_msg("\"%s\" was %s", cases[i].text, is_good ? "taken" : "refused");
		if (!is_good)
			continue;
		numa_add_list(&out, &set);
		assert_string_equal(out.s, cases[i].back);
	}
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/devices/system/node/%s", dir, name);
	*strrchr(path, '/') = '\0';
	assert_int_equal(fs_mkdirs(path, 0755), 0);
	path[strlen(path)] = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void nodes_are_read_from_sys(void **state)
{
	char dir[] = "/tmp/dvsched-numa-XXXXXX";
	_cleanup_(str_done) struct str out = {0};
	cpu_set_t set;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(numa_n_nodes(dir), 0); /* there is nothing */
	put(dir, "online", "0-1,4\n");
	put(dir, "node1/cpulist", "4-7,12-15\n");
	put(dir, "node4/cpulist", "\n"); /* memory without CPUs */
	assert_int_equal(numa_n_nodes(dir), 3);
	assert_true(numa_cpus(dir, 1, &set));
	numa_add_list(&out, &set);
	assert_string_equal(out.s, "4-7,12-15");
	assert_false(numa_cpus(dir, 4, &set));
	assert_false(numa_cpus(dir, 2, &set));
	assert_false(numa_cpus(dir, -1, &set));
	fs_remove_tree(dir);
}

/* In a separate process, because the affinity would stay for later tests. */
static int pinned(const char *list, int32_t node)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		cpu_set_t set;

		numa_pin(list, node);
		_exit(sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 255);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void a_process_stays_where_it_is_pinned(void **state)
{
	_cleanup_(str_done) struct str first = {0};
	cpu_set_t all, one;
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	numa_add_list(&first, &one);
	assert_int_equal(pinned(first.s, -1), 1);
	assert_int_equal(pinned(first.s, 0), 1);
	assert_int_equal(pinned(first.s, 1023), 1); /* no such node: its CPUs all the same */
	assert_int_equal(pinned(NULL, 0), CPU_COUNT(&all));
	assert_int_equal(pinned("1023", -1), CPU_COUNT(&all)); /* not available: ignored */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_cpus_are_read_and_written),
		cmocka_unit_test(nodes_are_read_from_sys),
		cmocka_unit_test(a_process_stays_where_it_is_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
