/* SPDX-License-Identifier: Apache-2.0 */
/* On which CPUs a worker, and a command that borrows devices, run: those of the devices' NUMA
 * nodes. */
#include "chips_pool.h"

#include <unistd.h>

#include "backends/chips/numa_place.h"
#include "base/numa.h"

/* Nodes 0 and 1 with CPUs 0-3 and 4-7, and node 2, whose CPU 9 this process may not use. */
static void make_nodes(const struct pool *p, bool is_one)
{
	pool_put(p, "sys/devices/system/node/online", is_one ? "0\n" : "0-2\n");
	pool_put(p, "sys/devices/system/node/node0/cpulist", "0-3\n");
	pool_put(p, "sys/devices/system/node/node1/cpulist", "4-7\n");
	pool_put(p, "sys/devices/system/node/node2/cpulist", "9\n");
}

/* "node:cpus" of devices 0 to 3; the driver says that they are on nodes 0, 1, 1, and nowhere. */
static const char *placed(struct pool *p, const char *numa)
{
	_cleanup_(str_done) struct str sys = {0}, key = {0};
	/* The last one is not in the pool. */
	struct chips_device devices[] = {{.id = 0}, {.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}};
	struct chips_settings s = {.name = "npu", .devices = devices, .n_devices = 4};
	struct numa_ask ask = {.warn = p->env.warn};
	cpu_set_t allowed;

	for (int i = 0; i < 4; i++)
		devices[i].facts = &pool_driver.devices[i];
	pool_driver.devices[0].numa = 0;
	pool_driver.devices[1].numa = pool_driver.devices[2].numa = 1;
	pool_driver.devices[3].numa = -1;
	if (numa)
		str_printf(&key, "{ numa: %s\n }", numa);
	pool_read_value(p, numa ? key.s : "{}"); /* for a configuration with this key */
	diags_done(&p->diags);
	diags_init(&p->diags);
	str_clear(&p->warned);
	str_printf(&sys, "%s/sys", p->dir);
	assert_true(numa_read_list("0-2,5-6", &allowed));
	ask.cfg = p->cfg;
	ask.node = hjson_get(hjson_get(hjson_get(cfg_root(p->cfg), "pools"), "npu"), "numa");
	ask.sys = sys.s;
	ask.allowed = &allowed;
	numa_place_read(p->mem, &ask, &s, &p->diags);
	str_clear(&p->told);
	str_add(&p->told, "");
	for (int i = 0; i < 4; i++)
		str_printf(&p->told, "%s%d:%s", i ? " " : "", devices[i].numa,
			   devices[i].cpus ? devices[i].cpus : "any");
	return p->told.s;
}

static void a_worker_runs_on_the_node_of_its_device(void **state)
{
	static const struct {
		bool is_one;
		const char *numa, *placed;
	} cases[] = {
		{false, NULL, "0:0-2 1:5-6 1:5-6 -1:any"}, /* of them what this process may use */
		{false, "\"auto\"", "0:0-2 1:5-6 1:5-6 -1:any"},
		{true, NULL, "0:any 1:any 1:any -1:any"}, /* one node: nothing to choose */
		{true, "\"auto\"", "0:any 1:any 1:any -1:any"},
		{true, "true", "0:0-2 1:5-6 1:5-6 -1:any"},
		{false, "false", "0:any 1:any 1:any -1:any"},
		{false, "{ 0: 1, 3: 0 }", "1:5-6 1:5-6 1:5-6 0:0-2"},
		{true, "{ 3: 0 }", "0:0-2 1:5-6 1:5-6 0:0-2"},
		{false, "{ 0: 7\n 0: 1 }", "1:5-6 1:5-6 1:5-6 -1:any"}, /* the last one counts */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pool *p = *state;

		make_nodes(p, cases[i].is_one);
		assert_string_equal(placed(p, cases[i].numa), cases[i].placed);
		assert_string_equal(p->warned.s, "");
		assert_int_equal(p->diags.n_errors, 0);
	}
}

static void what_is_no_node_has_its_place(void **state)
{
#define NODE   "a NUMA node is a whole number from 0 to 1023\n"
#define ABSENT "'numa' lists a device that the pool does not have\n"
	static const struct pool_case cases[] = {
		{"{ 0: 1024 }", "2:14 " NODE},
		{"{ 0: -1 }", "2:14 " NODE},
		{"{ 0: \"a\" }", "2:14 " NODE},
		{"{ 0: 1.5 }", "2:14 " NODE},
		{"{ 0: 18446744073709551616 }", "2:14 " NODE},
		{"{ 4: 0 }", "2:14 " ABSENT},
		{"{ x: 0 }", "2:14 " ABSENT},
		{"{ 0x: 0 }", "2:15 " ABSENT},
		{"5", "2:9 'numa' must be true, false, \"auto\" or an object [like { 0: 0, 1: 1 }: "
		      "the node "
		      "of each device]\n"},
		{"\"autos\"",
		 "2:9 'numa' must be true, false, \"auto\" or an object [like { 0: 0, 1: 1 }: "
		 "the node of each device]\n"},
	};
	struct pool *p = *state;

	make_nodes(p, false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		placed(p, cases[i].text);
		assert_string_equal(pool_told(p), cases[i].told);
	}
	placed(p, "{ 0: 1023 }");
	assert_int_equal(p->diags.n_errors, 0);
}

static void cpus_that_are_not_ours_and_nodes_that_are_none_are_noted(void **state)
{
	struct pool *p = *state;

	make_nodes(p, false);
	assert_string_equal(placed(p, "{ 0: 2, 1: 5 }"), "2:any 5:any 1:5-6 -1:any");
	assert_string_equal(p->warned.s, "device npu/0 is on NUMA node 2, whose CPUs 9 this "
					 "process may not use: its jobs run on any CPU\n"
					 "device npu/1 is on NUMA node 5, which this machine does "
					 "not have: its jobs run on any CPU\n");
	p->env.warn = NULL; /* no key asks for it */
	assert_string_equal(placed(p, "{ 0: 2 }"), "2:any 1:5-6 1:5-6 -1:any");
}

static void a_pool_has_this_machines_nodes(void **state)
{
	struct pool *p = *state;
	cpu_set_t mine;
	_cleanup_(str_done) struct str list = {0};

	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	numa_add_list(&list, &mine);
	make_nodes(p, true);
	pool_put(p, "sys/devices/system/node/node0/cpulist", list.s);
	pool_driver.devices[0].numa = 0;
	assert_non_null(pool_read(p, "devices: \"0-1\", pool: { numa: true }"));
	assert_string_equal(p->s->devices[0].cpus, list.s);
	assert_null(p->s->devices[1].cpus);
	assert_null(pool_read(p, "pool: { numa: 5 }"));
	assert_int_equal(p->diags.n_errors, 1);
	assert_non_null(pool_read(p, "pool: { numa: { 0: 1000 } }"));
	assert_non_null(strstr(p->warned.s, "NUMA node 1000, which this machine does not have"));
}

/* ---- several devices of one command ---- */

static void a_command_runs_where_all_its_devices_are(void **state)
{
	static const struct {
		const char *cpus[2];
		int32_t numa[2];
		uint32_t n, n_cpus;
		const char *list;
		int32_t node;
	} cases[] = {
		{{"0-3", NULL}, {0, -1}, 1, 1, "0-3", 0},  {{"0-3", NULL}, {0, -1}, 1, 4, "0-3", 0},
		{{"0-3", NULL}, {0, -1}, 1, 5, NULL, 0}, /* it uses more CPUs */
		{{"0-3", "4-7"}, {0, 1}, 2, 8, "0-7", -1}, {{"0-3", "2-5"}, {1, 1}, 2, 6, "0-5", 1},
		{{"0-3", NULL}, {0, 0}, 2, 1, NULL, 0}, /* one may be anywhere */
		{{NULL, "0-3"}, {0, 0}, 2, 1, NULL, 0},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chips_device devices[2];
		const struct chips_device *list[] = {&devices[0], &devices[1]};
		const char *cpus;
		int32_t node;

		for (int k = 0; k < 2; k++)
			devices[k] = (struct chips_device){.numa = cases[i].numa[k],
							   .cpus = cases[i].cpus[k]};
		cpus = numa_place_of(mem, list, cases[i].n, cases[i].n_cpus, &node);
		assert_int_equal(cpus != NULL, cases[i].list != NULL);
		if (cpus)
			assert_string_equal(cpus, cases[i].list);
		assert_int_equal(node, cases[i].node);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(a_worker_runs_on_the_node_of_its_device),
		POOL_TEST(what_is_no_node_has_its_place),
		POOL_TEST(cpus_that_are_not_ours_and_nodes_that_are_none_are_noted),
		POOL_TEST(a_pool_has_this_machines_nodes),
		cmocka_unit_test(a_command_runs_where_all_its_devices_are),
	};

	return RUN(tests);
}
