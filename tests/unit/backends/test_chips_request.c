/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/unit.h"
#include "backends/chips/device_list.h"
#include "backends/chips/request.h"

/* A pool of four devices in two domains, and one job. */
struct rig {
	struct arena *mem;
	struct chips_device devices[4];
	struct chips_settings s;
	struct job_rules rules;
	struct backend_key key;
	struct job_spec spec;
	struct diags diags;
	struct chips_request *q;
};

static void rig_read(struct rig *r, const char *request, bool has_command)
{
	static const struct chips_device devices[] = {{.id = 0, .domain = 0},
						      {.id = 1, .domain = 0},
						      {.id = 2, .domain = 1},
						      {.id = 5, .domain = -1}};

	*r = (struct rig){.mem = arena_new()};
	memcpy(r->devices, devices, sizeof(devices));
	r->s = (struct chips_settings){
		.name = "chips",
		.options = "{\"b\":1,\"a\":2}",
		.devices = r->devices,
		.n_devices = 4,
		.caps = DVS_CAP_GANG,
		.stall_s = 5,
	};
	r->rules = (struct job_rules){.timeout_s = 20};
	r->spec = (struct job_spec){.id = "j",
				    .rules = &r->rules,
				    .request = request,
				    .is_request = !has_command,
				    .pos = {"cfg.hjson", 3, 4}};
	diags_init(&r->diags);
	r->q = chips_request_read(r->mem, &r->s, &r->spec, &r->diags);
}

static void rig_init(struct rig *r, const char *request)
{
	rig_read(r, request, false);
}

static void rig_done(struct rig *r)
{
	diags_done(&r->diags);
	arena_free(r->mem);
}

static void what_is_not_said_has_a_default(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, "{\"program\":[]}");
	assert_non_null(r.q);
	assert_int_equal(r.q->n_devices, 1);
	assert_false(r.q->has_barrier || r.q->has_join || r.q->same_domain);
	assert_true(r.q->fail_fast);
	assert_true(r.q->run_s == 20 && r.q->stall_s == 5);
	assert_string_equal(r.q->open_options, "{\"a\":2,\"b\":1}");
	rig_done(&r);
}

static void a_gang_waits_and_meets(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r,
		 "{\"program\":[],\"devices\":3,\"gang\":{\"window\":\"64K\",\"fail_fast\":false,"
		 "\"buffers\":[{\"name\":\"x\",\"bytes\":4096},{\"name\":\"y\",\"bytes\":\"1K\"}]}"
		 "}");
	assert_non_null(r.q);
	assert_int_equal(r.q->n_devices, 3);
	assert_true(r.q->has_barrier && r.q->has_join && !r.q->fail_fast);
	assert_int_equal(r.q->window_bytes, 65536);
	assert_int_equal(r.q->n_buffers, 2);
	assert_string_equal(r.q->buffers[1].name, "y");
	assert_int_equal(r.q->buffers[1].bytes, 1024);
	rig_done(&r);
}

static void what_a_worker_is_opened_with_and_loads_makes_the_key(void **state)
{
	static const char *const texts[] = {
		"{\"image\":\"a.so\"}",
		"{\"image\":\"b.so\"}",
		"{\"image\":\"a.so\",\"runtime\":\"trb\"}",
		"{\"image\":\"a.so\",\"args\":[1,2]}",
		"{\"image\":\"a.so\",\"args\":[3]}",
	};
	uint64_t key[ARRAY_LEN(texts)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct rig r;

		rig_init(&r, texts[i]);
		key[i] = r.q->image_key;
		rig_done(&r);
	}
	assert_true(key[0] != key[1] && key[0] != key[2]);
	assert_true(key[0] == key[3] && key[0] == key[4]); /* arguments are no image */
}

static void a_command_borrows(void **state)
{
	struct rig r;

	(void)state;
	rig_read(&r, "{\"devices\":2,\"queue_timeout\":\"3s\",\"same_domain\":true}", true);
	assert_non_null(r.q);
	assert_true(r.q->is_borrowed && r.q->same_domain);
	assert_int_equal(r.q->n_devices, 2);
	assert_true(r.q->queue_s == 3 && r.q->run_s == 20);
	assert_null(r.q->env_name);			 /* as the pool has it */
	assert_false(r.q->has_barrier || r.q->has_join); /* no gang: nobody meets */
	rig_done(&r);
	rig_read(&r, "{\"devices\":1,\"devices_env\":\"_A1\"}", true);
	assert_string_equal(r.q->env_name, "_A1");
	rig_done(&r);
	rig_read(&r, "{\"devices\":1,\"devices_env\":[\"A\",\"B\"]}", true);
	assert_string_equal(r.q->env_name, "A,B");
	rig_done(&r);
	rig_read(&r, "{\"devices\":1,\"devices_env\":\"\"}", true);
	assert_string_equal(r.q->env_name, ""); /* none */
	rig_done(&r);
}

static void what_a_command_cannot_ask_for_is_an_error(void **state)
{
	static const struct {
		const char *request, *message;
	} cases[] = {
		{"{}", "has nothing to run on a device"},
		{"{\"program\":[]}", "runs on a device, and this job has a command"},
		{"{\"callable\":{}}", "runs on a device, and this job has a command"},
		{"{\"devices\":5}", "is more than the pool has"},
		{"{\"devices\":1,\"image\":\"a.so\"}", "is only for jobs that run on a device"},
		{"{\"devices\":1,\"gang\":{}}", "is only for jobs that run on a device"},
		{"{\"devices\":1,\"devices_env\":\"A,\"}", "must be names of variables"},
		{"{\"devices\":1,\"devices_env\":\"A,A\"}", "must be names of variables"},
		{"{\"devices\":1,\"devices_env\":5}", "must be names of variables"},
		{"{\"devices\":1,\"devices_env\":\"1A\"}", "must be names of variables"},
		{"{\"devices\":1,\"devices_env\":\"A=B\"}", "must be names of variables"},
		{"{\"devices\":1,\"devices_env\":[1]}", "must be names of variables"},
		{"{\"devices\":1,\"queue_timeout\":\"x\"}", "must be a duration"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig r;

		rig_read(&r, cases[i].request, true);
		assert_null(r.q);
		assert_int_equal(r.diags.n_errors, 1);
		if (!strstr(r.diags.first->msg, cases[i].message))
			fail_msg("%s: %s", cases[i].request, r.diags.first->msg);
		rig_done(&r);
	}
}

static void what_cannot_be_is_reported_with_its_place(void **state)
{
	static const struct {
		const char *request, *message;
	} cases[] = {
		{"{\"program\":[],\"devices\":0}", "must be a number of devices"},
		{"{\"program\":[],\"devices\":\"two\"}", "must be a number of devices"},
		{"{\"program\":[],\"devices\":\"npu:2\"}", "names another pool"},
		{"{\"program\":[],\"devices\":5}", "is more than the pool has"},
		{"{\"program\":[],\"devices\":3,\"same_domain\":true}",
		 "than one fault domain has"},
		{"{\"program\":[],\"same_domain\":1}", "must be true or false"},
		{"{\"devices\":2}", "has nothing to run"},
		{"{\"program\":[],\"gang\":[]}", "must be an object"},
		{"{\"program\":[],\"gang\":{\"window\":\"much\"}}", "must be a size"},
		{"{\"program\":[],\"gang\":{\"buffers\":[{\"bytes\":1}]}}", "with a 'name'"},
		{"{\"program\":[],\"gang\":{\"buffers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}}",
		 "two buffers named 'a'"},
		{"{\"program\":[],\"open_timeout\":\"soon\"}", "must be a duration"},
		{"{\"program\":[],\"options\":1}", "must be an object"},
		{"{\"program\":[],\"queue_timeout\":-1}", "must be a duration"},
		{"{\"program\":[],\"gang\":{},\"window\":1}", "is outside of 'gang'"},
		{"{\"program\":[],\"gang\":{},\"buffers\":[]}", "is outside of 'gang'"},
		{"{\"program\":[],\"devices_env\":\"A\"}", "is for a command"},
		{"{\"program\":[],\"gang\":{\"barier\":true}}", "an unknown key 'barier'"},
		{"{\"program\":[],\"gang\":{\"buffers\":[{\"name\":\"a\",\"size\":1}]}}",
		 "an unknown key 'size'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig r;

		rig_init(&r, cases[i].request);
		assert_null(r.q);
		assert_true(r.diags.n_errors >= 1);
		if (!strstr(r.diags.first->msg, cases[i].message))
			fail_msg("%s: %s", cases[i].request, r.diags.first->msg);
		assert_int_equal(r.diags.first->pos.line, 3);
		rig_done(&r);
	}
}

static void a_job_shorter_than_the_stall_clock_is_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, "{\"program\":[]}");
	r.rules.timeout_s = 5;
	assert_null(chips_request_read(r.mem, &r.s, &r.spec, &r.diags));
	assert_non_null(strstr(r.diags.first->msg, "must be longer than 'stall'"));
	rig_done(&r);
}

static void lists_of_devices_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *back; /* NULL: refused */
	} cases[] = {
		{"0", "0"},	    {"0-7", "0-7"}, {"0,2,4-5", "0,2,4-5"},
		{"1, 2, 3", "1-3"}, {"3,1", "3,1"}, {"", NULL},
		{"a", NULL},	    {"3-1", NULL},  {"1-", NULL},
		{"-1", NULL},	    {"1,,2", NULL}, {"1 2", NULL},
		{"0-65536", NULL},  {"1.5", NULL},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(str_done) struct str out = {0};
		int32_t *ids;
		uint32_t n;
		int rc = device_list_parse(mem, cases[i].text, &ids, &n);

		assert_int_equal(rc, cases[i].back ? 0 : -1);
		if (rc < 0)
			continue;
		device_list_add(&out, ids, n);
		assert_string_equal(out.s, cases[i].back);
	}
	arena_free(mem);
}

static void devices_may_name_their_pool(void **state)
{
	struct arena *mem = arena_new();
	const char *pool;
	uint32_t n;

	(void)state;
	assert_true(chips_devices_word(mem, "2", &pool, &n));
	assert_null(pool);
	assert_int_equal(n, 2);
	assert_true(chips_devices_word(mem, "chips:16", &pool, &n));
	assert_string_equal(pool, "chips");
	assert_int_equal(n, 16);
	assert_false(chips_devices_word(mem, ":2", &pool, &n));
	assert_false(chips_devices_word(mem, "chips:", &pool, &n));
	assert_false(chips_devices_word(mem, "chips:0", &pool, &n));
	assert_false(chips_devices_word(mem, "2x", &pool, &n));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_has_a_default),
		cmocka_unit_test(a_gang_waits_and_meets),
		cmocka_unit_test(what_a_worker_is_opened_with_and_loads_makes_the_key),
		cmocka_unit_test(a_command_borrows),
		cmocka_unit_test(what_a_command_cannot_ask_for_is_an_error),
		cmocka_unit_test(what_cannot_be_is_reported_with_its_place),
		cmocka_unit_test(a_job_shorter_than_the_stall_clock_is_refused),
		cmocka_unit_test(lists_of_devices_are_read_and_written),
		cmocka_unit_test(devices_may_name_their_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
