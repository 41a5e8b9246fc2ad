/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a job on devices: values, meaning, and positions of errors. */
#include "../base/unit.h"
#include "backends/chips/request.h"
#include "chips_memory.h"

struct rig {
	struct arena *mem;
	struct chips_device devices[6];
	struct chips_settings s;
	struct job_rules rules;
	struct backend_key keys[2];
	struct job_spec spec;
	struct diags diags;
	struct chips_request *q;
	struct str told;
	size_t n_bytes; /* of memory in use before */
};

static int setup(void **state)
{
	static const int32_t domains[] = {0, 0, 1, 0, -1, -1};
	static struct rig r;

	r = (struct rig){.n_bytes = memory_in_use()};
	r.mem = arena_new();
	for (int i = 0; i < 6; i++)
		r.devices[i] = (struct chips_device){.id = i, .domain = domains[i]};
	r.s = (struct chips_settings){
		.name = "npu",
		.driver_name = "sim",
		.options = "{\"b\":1,\"a\":2}",
		.devices = r.devices,
		.n_devices = 6,
		.caps = DVS_CAP_GANG,
		.budget_s = {[CLOCK_QUEUE] = 7, [CLOCK_OPEN] = 8, [CLOCK_RUN] = 9},
		.stall_pos = {"pool.hjson", 7, 7},
	};
	r.spec = (struct job_spec){
		.id = "j", .rules = &r.rules, .is_request = true, .pos = {"cfg.hjson", 3, 4}};
	diags_init(&r.diags);
	str_add(&r.told, "");
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	diags_done(&r->diags);
	arena_free(r->mem);
	str_done(&r->told);
	if (memory_in_use() != r->n_bytes)
		fail_msg("%zu bytes of memory are left", memory_in_use() - r->n_bytes);
	return 0;
}

static const struct chips_request *key_read(struct rig *r, const char *request)
{
	diags_done(&r->diags);
	diags_init(&r->diags);
	r->spec.request = request;
	r->q = chips_request_read(r->mem, &r->s, &r->spec, &r->diags);
	return r->q;
}

/* "3:4 message [hint]\n" of each. */
static const char *told(struct rig *r)
{
	str_clear(&r->told);
	str_add(&r->told, "");
	for (const struct diag *e = r->diags.first; e; e = e->next) {
		str_printf(&r->told, "%u:%u %s", e->pos.line, e->pos.col, e->msg);
		if (e->hint)
			str_printf(&r->told, " [%s]", e->hint);
		str_addc(&r->told, '\n');
	}
	return r->told.s;
}

struct row {
	const char *request, *told;
};

static void check(struct rig *r, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		key_read(r, rows[i].request);
		if (strcmp(told(r), rows[i].told) != 0)
			fail_msg("%s:\n%snot\n%s", rows[i].request, told(r), rows[i].told);
		assert_int_equal(r->q != NULL, rows[i].told[0] == '\0');
		if (r->q) /* when it was checked before, nothing is reported */
			continue;
		r->spec.request = rows[i].request;
		assert_null(chips_request_read(r->mem, &r->s, &r->spec, NULL));
	}
}

#define IMAGE "\"image\":\"a.so\""

/* ---- devices ---- */

static void devices_are_as_many_as_there_are(void **state)
{
#define NUMBER "3:4 'devices' of 'j' must be a number of devices of at least 1\n"
#define MORE                                                                    \
	"3:4 'devices' of 'j' is more than the pool has [the pool 'npu' has 6 " \
	"devices]\n"
	static const struct row rows[] = {
		{"{" IMAGE ",\"devices\":1}", ""},
		{"{" IMAGE ",\"devices\":6}", ""},
		{"{" IMAGE ",\"devices\":7}", MORE},
		{"{" IMAGE ",\"devices\":4096}", MORE},
		{"{" IMAGE ",\"devices\":\"4096\"}", MORE},
		{"{" IMAGE ",\"devices\":\"npu:6\"}", ""},
		{"{" IMAGE ",\"devices\":\"npu:7\"}", MORE},
		{"{" IMAGE ",\"devices\":0}", NUMBER},
		{"{" IMAGE ",\"devices\":-1}", NUMBER},
		{"{" IMAGE ",\"devices\":4097}", NUMBER},
		{"{" IMAGE ",\"devices\":1.5}", NUMBER},
		{"{" IMAGE ",\"devices\":true}", NUMBER},
		{"{" IMAGE ",\"devices\":\"0\"}", NUMBER},
		{"{" IMAGE ",\"devices\":\"4294967297\"}", NUMBER},
		{"{" IMAGE ",\"devices\":\"gpu:1\"}",
		 "3:4 'devices' of 'j' names another pool than the job's backend\n"},
	};
	struct rig *r = *state;

	check(r, rows, ARRAY_LEN(rows));
	assert_int_equal(key_read(r, "{" IMAGE ",\"devices\":\"npu:5\"}")->n_devices, 5);
	assert_int_equal(key_read(r, "{" IMAGE ",\"devices\":4}")->n_devices, 4);
	r->s.n_devices = 1;
	key_read(r, "{" IMAGE ",\"devices\":2}");
	assert_string_equal(told(r), "3:4 'devices' of 'j' is more than the pool has "
				     "[the pool 'npu' has 1 device]\n");
}

/* Before the first attempt its number is 1. */
static void what_names_the_attempt_is_read_as_of_the_first(void **state)
{
	struct rig *r = *state;

	assert_non_null(key_read(r, "{" IMAGE ",\"devices\":\"" JOB_ATTEMPT_WORD "\"}"));
	assert_int_equal(r->q->n_devices, 1);
}

static void one_domain_must_have_them_all(void **state)
{
	static const struct row rows[] = {
		{"{" IMAGE ",\"devices\":3,\"same_domain\":true}", ""},
		{"{" IMAGE ",\"devices\":4,\"same_domain\":true}",
		 "3:4 'devices' of 'j' is more than one fault domain has [the "
		 "largest fault "
		 "domain has 3]\n"},
		{"{" IMAGE ",\"devices\":4,\"same_domain\":false}", ""},
	};
	struct rig *r = *state;

	check(r, rows, ARRAY_LEN(rows));
	assert_true(key_read(r, "{" IMAGE ",\"devices\":3,\"same_domain\":true}")->same_domain);
	for (int i = 0; i < 6; i++)
		r->devices[i].domain = -1; /* each has one of its own */
	key_read(r, "{" IMAGE ",\"devices\":2,\"same_domain\":true}");
	assert_non_null(strstr(told(r), "[the largest fault domain has 1]"));
	assert_non_null(key_read(r, "{" IMAGE ",\"same_domain\":true}"));
}

/* ---- clocks ---- */

static void clocks_are_the_jobs_or_the_pools(void **state)
{
	struct rig *r = *state;
	const struct chips_request *q = key_read(r, "{" IMAGE "}");

	assert_true(q->queue_s == 7 && q->open_s == 8 && q->run_s == 9 && q->stall_s == 0);
	r->rules.timeout_s = 20;
	r->s.stall_s = 5;
	q = key_read(r, "{" IMAGE ",\"queue_timeout\":\"1m\",\"open_timeout\":2.5}");
	assert_true(q->queue_s == 60 && q->open_s == 2.5 && q->run_s == 20 && q->stall_s == 5);
	q = key_read(r, "{" IMAGE ",\"queue_timeout\":0,\"open_timeout\":\"0\"}");
	assert_true(q->queue_s == 0 && q->open_s == 0); /* no limit */
}

static void what_is_no_duration_is_reported(void **state)
{
#define DURATION " must be a duration [like \"90s\", or a number of seconds]\n"
	static const struct row rows[] = {
		{"{" IMAGE ",\"queue_timeout\":-1}", "3:4 'queue_timeout' of 'j'" DURATION},
		{"{" IMAGE ",\"queue_timeout\":\"x\"}", "3:4 'queue_timeout' of 'j'" DURATION},
		{"{" IMAGE ",\"queue_timeout\":[]}", "3:4 'queue_timeout' of 'j'" DURATION},
		{"{" IMAGE ",\"open_timeout\":-0.5}", "3:4 'open_timeout' of 'j'" DURATION},
		{"{" IMAGE ",\"open_timeout\":true}", "3:4 'open_timeout' of 'j'" DURATION},
	};

	check(*state, rows, ARRAY_LEN(rows));
}

static void a_run_is_longer_than_the_stall_clock(void **state)
{
	static const struct {
		double stall_s, run_s;
		bool is_good;
	} rows[] = {{5, 5.5, true}, {5, 5, false}, {5, 4, false}, {0, 4, true}, {5, 0, true}};
	struct rig *r = *state;

	r->s.budget_s[CLOCK_RUN] = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		r->s.stall_s = rows[i].stall_s;
		r->rules.timeout_s = rows[i].run_s;
		key_read(r, "{" IMAGE "}");
		assert_int_equal(r->q != NULL, rows[i].is_good);
	}
	r->s.stall_s = r->rules.timeout_s = 5;
	assert_null(key_read(r, "{" IMAGE "}"));
	assert_string_equal(told(r),
			    "3:4 the timeout of 'j' (5s) must be longer than 'stall' (5s)\n");
	assert_int_equal(r->diags.first->notes->pos.line, 7); /* where that is set */
	assert_null(chips_request_read(r->mem, &r->s, &r->spec, NULL));
}

/* ---- gangs ---- */

static void ranks_wait_and_meet_by_default(void **state)
{
	static const struct {
		const char *request;
		bool has_barrier, has_join, fail_fast;
	} rows[] = {
		{"{" IMAGE "}", false, false, true},
		{"{" IMAGE ",\"devices\":2}", true, true, true},
		{"{" IMAGE ",\"gang\":{}}", true, true, true},
		{"{" IMAGE ",\"devices\":2,\"gang\":{\"barrier\":false}}", false, true, true},
		{"{" IMAGE ",\"devices\":2,\"gang\":{\"join\":false}}", true, false, true},
		{"{" IMAGE ",\"devices\":2,\"gang\":{\"fail_fast\":false}}", true, true, false},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct chips_request *q = key_read(r, rows[i].request);

		assert_int_equal(q->has_barrier, rows[i].has_barrier);
		assert_int_equal(q->has_join, rows[i].has_join);
		assert_int_equal(q->fail_fast, rows[i].fail_fast);
		assert_int_equal(q->window_bytes + q->n_buffers, 0);
	}
	r->s.caps = 0;
	assert_non_null(key_read(r, "{" IMAGE ",\"gang\":{}}"));
	assert_null(key_read(r, "{" IMAGE ",\"devices\":2}"));
	assert_string_equal(
		told(r),
		"3:4 'devices' of 'j' is more than one, and the driver does not support gangs\n");
}

static void a_window_has_buffers(void **state)
{
	static const char *const requests[] = {
		"{" IMAGE
		",\"gang\":{\"window\":\"64K\",\"buffers\":[{\"name\":\"x\",\"bytes\":4096,"
		"\"align\":64},{\"name\":\"y\",\"bytes\":\"1K\"}]}}",
		/* beside it, for a job on one device */
		"{" IMAGE ",\"window\":65536,\"buffers\":[{\"name\":\"x\",\"bytes\":\"4K\","
		"\"align\":\"64\"},{\"name\":\"y\",\"bytes\":1024,\"align\":0}]}",
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		const struct chips_request *q = key_read(r, requests[i]);

		assert_non_null(q);
		assert_int_equal(q->window_bytes, 65536);
		assert_int_equal(q->n_buffers, 2);
		assert_string_equal(q->buffers[0].name, "x");
		assert_int_equal(q->buffers[0].bytes, 4096);
		assert_int_equal(q->buffers[0].align, 64);
		assert_string_equal(q->buffers[1].name, "y");
		assert_int_equal(q->buffers[1].bytes, 1024);
		assert_int_equal(q->buffers[1].align, 0);
	}
}

#define NAME_63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static void what_is_wrong_in_a_gang_is_reported(void **state)
{
#define BUFFERS	   "3:4 'buffers' of 'j' "
#define OBJECTS	   BUFFERS "must be objects with a 'name' of at most 63 bytes and 'bytes'\n"
#define SIZE	   " must be a size [like \"64K\", or a number of bytes]\n"
#define GANG(keys) "{" IMAGE ",\"devices\":2,\"gang\":{" keys "}}"
	static const struct row rows[] = {
		{"{" IMAGE ",\"gang\":[]}", "3:4 'gang' of 'j' must be an object\n"},
		{"{" IMAGE ",\"gang\":true}", "3:4 'gang' of 'j' must be an object\n"},
		{GANG("\"barrier\":1"), "3:4 'barrier' of 'j' must be true or false\n"},
		{GANG("\"join\":\"no\""), "3:4 'join' of 'j' must be true or false\n"},
		{GANG("\"fail_fast\":0"), "3:4 'fail_fast' of 'j' must be true or false\n"},
		{GANG("\"barier\":true"),
		 "3:4 'gang' of 'j' has an unknown key 'barier' [did you mean 'barrier'?]\n"},
		{GANG("\"zzzzzz\":true"), "3:4 'gang' of 'j' has an unknown key 'zzzzzz'\n"},
		{GANG("\"window\":-1"), "3:4 'window' of 'j'" SIZE},
		{GANG("\"window\":0"), ""},
		{GANG("\"window\":1.5"), "3:4 'window' of 'j'" SIZE},
		{GANG("\"window\":\"1 elephant\""), "3:4 'window' of 'j'" SIZE},
		{GANG("\"buffers\":{}"), BUFFERS "must be a list of objects\n"},
		{GANG("\"buffers\":[]"), ""},
		{GANG("\"buffers\":[5]"), OBJECTS},
		{GANG("\"buffers\":[{}]"), OBJECTS},
		{GANG("\"buffers\":[{\"name\":\"\"}]"), OBJECTS},
		{GANG("\"buffers\":[{\"name\":5}]"), OBJECTS},
		{GANG("\"buffers\":[{\"name\":\"" NAME_63 "\"}]"), ""},
		{GANG("\"buffers\":[{\"name\":\"" NAME_63 "h\"}]"), OBJECTS},
		{GANG("\"buffers\":[{\"name\":\"a\",\"bytes\":\"x\"}]"), "3:4 'bytes' of 'j'" SIZE},
		{GANG("\"buffers\":[{\"name\":\"a\",\"align\":3}]"),
		 BUFFERS "has an 'align' that is no power of two\n"},
		{GANG("\"buffers\":[{\"name\":\"a\",\"align\":1}]"), ""},
		{GANG("\"buffers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"a\"}]"),
		 BUFFERS "has two buffers named 'a'\n"},
		{GANG("\"buffers\":[{\"name\":\"a\",\"byte\":1}]"),
		 BUFFERS "has an unknown key 'byte' [did you mean 'bytes'?]\n"},
		{"{" IMAGE ",\"gang\":{},\"window\":1}",
		 "3:4 'window' of 'j' is outside of 'gang' [move it into 'gang']\n"},
		{"{" IMAGE ",\"gang\":{},\"buffers\":[]}",
		 "3:4 'buffers' of 'j' is outside of 'gang' [move it into 'gang']\n"},
	};

	check(*state, rows, ARRAY_LEN(rows));
}

/* The position of the key, else that of its object `gang`, else that of the job. */
static void an_error_has_the_place_of_its_key(void **state)
{
	struct rig *r = *state;

	r->rules.backend_keys = r->keys;
	r->rules.n_backend_keys = 1;
	r->keys[0] = (struct backend_key){.key = "gang", .pos = {"cfg.hjson", 5, 6}};
	r->keys[1] = (struct backend_key){.key = "queue_timeout", .pos = {"cfg.hjson", 8, 9}};
	key_read(r, GANG("\"barrier\":1"));
	assert_string_equal(told(r), "5:6 'barrier' of 'j' must be true or false\n");
	key_read(r, "{" IMAGE ",\"queue_timeout\":[]}");
	assert_int_equal(r->diags.first->pos.line, 5); /* that is not one of its keys */
	r->rules.n_backend_keys = 2;
	key_read(r, "{" IMAGE ",\"queue_timeout\":[]}");
	assert_true(r->diags.first->pos.line == 8 && r->diags.first->pos.col == 9);
}

/* ---- options of a worker, and its image ---- */

static void options_of_a_job_go_before_those_of_its_pool(void **state)
{
	static const struct {
		const char *request, *options;
	} rows[] = {
		{"{" IMAGE "}", "{\"a\":2,\"b\":1}"}, /* in one order: equal options, equal texts */
		{"{" IMAGE ",\"options\":{\"c\":{},\"a\":5}}", "{\"a\":5,\"b\":1,\"c\":{}}"},
		{"{" IMAGE ",\"runtime\":\"x\"}", "{\"a\":2,\"b\":1,\"runtime\":\"x\"}"},
		{"{" IMAGE ",\"runtime\":\"x\",\"options\":{\"runtime\":\"y\"}}",
		 "{\"a\":2,\"b\":1,\"runtime\":\"x\"}"},
	};
	static const struct row wrong[] = {
		{"{" IMAGE ",\"options\":5}",
		 "3:4 'options' of 'j' must be an object, for the driver\n"},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(key_read(r, rows[i].request)->open_options, rows[i].options);
	check(r, wrong, 1);
}

static void what_is_loaded_is_all_that_makes_an_image(void **state)
{
	static const char *const requests[] = {
		"{\"image\":\"a\"}",
		"{\"program\":\"a\"}",
		"{\"callable\":\"a\"}",
		"{\"image\":\"b\"}",
		"{\"image\":\"a\",\"program\":\"a\"}",
		"{\"image\":{\"x\":1,\"y\":2}}",
		"{\"image\":\"a\",\"options\":{\"c\":1}}",
		"{\"program\":\"-\"}",
	};
	uint64_t keys[ARRAY_LEN(requests)];
	struct rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		keys[i] = key_read(r, requests[i])->image_key;
		for (size_t k = 0; k < i; k++)
			if (keys[i] == keys[k])
				fail_msg("%s and %s", requests[i], requests[k]);
	}
	assert_true(key_read(r, "{\"image\":{\"y\":2,\"x\":1}}")->image_key == keys[5]);
	assert_true(key_read(r, "{\"image\":\"a\",\"args\":[1]}")->image_key == keys[0]);
}

/* ---- jobs that do not belong here ---- */

static void what_does_not_run_on_a_device_is_reported(void **state)
{
#define NOTHING                                                                                  \
	"3:4 'j' has nothing to run on a device [a job on a device needs 'program', 'image' or " \
	"'callable'; a command borrows devices with 'devices']\n"
	static const struct row rows[] = {
		{"{}", NOTHING},
		{NULL, NOTHING},
		{"[]", "3:4 'devices' of 'j' cannot be read as JSON\n"},
		{"{", "3:4 'devices' of 'j' cannot be read as JSON\n"},
		{"{" IMAGE "," IMAGE "}", "3:4 'devices' of 'j' cannot be read as JSON\n"},
		{"{" IMAGE ",\"devices_env\":\"A\"}",
		 "3:4 'devices_env' of 'j' is for a command that borrows devices [a job on a "
		 "device finds its number in DVSCHED_DEVICE]\n"},
	};
	struct rig *r = *state;

	check(r, rows, ARRAY_LEN(rows));
	r->rules.is_interactive = true;
	assert_null(key_read(r, "{" IMAGE "}"));
	assert_string_equal(told(r),
			    "3:4 'j' runs on a device, and cannot have your terminal [a command "
			    "that borrows 'devices' can]\n");
	assert_null(chips_request_read(r->mem, &r->s, &r->spec, NULL));
}

static void devices_that_are_only_lent_run_nothing(void **state)
{
	static const struct row rows[] = {
		{"{\"program\":[]}", "3:4 'program' of 'j' cannot run on the devices of 'npu', "
				     "which are only lent to commands [a 'command' borrows devices "
				     "with 'devices': devices: 1]\n"},
		{"{\"callable\":[]}",
		 "3:4 'callable' of 'j' cannot run on the devices of 'npu', which are only lent to "
		 "commands "
		 "[a 'command' borrows devices with 'devices': devices: 1]\n"},
	};
	struct rig *r = *state;

	r->s.caps = DVS_CAP_LEND_ONLY;
	check(r, rows, ARRAY_LEN(rows));
	r->spec.is_request = false;
	assert_true(key_read(r, "{\"devices\":2}")->is_borrowed);
}

/* ---- commands ---- */

static void a_command_has_limits_of_its_own_only(void **state)
{
	struct rig *r = *state;
	const struct chips_request *q;

	r->spec.is_request = false;
	r->s.stall_s = 5;
	r->rules.timeout_s = 3; /* shorter than the stall clock, which is for devices */
	q = key_read(r, "{\"devices\":2}");
	assert_true(q->is_borrowed && q->run_s == 3 && q->queue_s == 7 && q->n_devices == 2);
	assert_true(!q->has_barrier && !q->has_join && !q->open_options && !q->env_name);
	r->rules.timeout_s = 0;
	assert_true(key_read(r, "{\"devices\":1}")->run_s == 0);
	r->rules.is_interactive = true;
	assert_non_null(key_read(r, "{\"devices\":1}"));
}

static void a_command_has_few_keys(void **state)
{
#define FOREIGN                                                                                \
	" is only for jobs that run on a device, and this job has a command [a command takes " \
	"'devices', "                                                                          \
	"'same_domain', 'queue_timeout' and 'devices_env']\n"
#define NAMES                                                                                      \
	"3:4 'devices_env' of 'j' must be names of variables, each once [like \"MY_DEVICES\", or " \
	"\"A,B\"]\n"
#define RUNS                                                                             \
	" runs on a device, and this job has a command [a command borrows devices with " \
	"'devices']\n"
	static const struct row rows[] = {
		{"{\"devices\":1,\"same_domain\":true,\"queue_timeout\":1,\"devices_env\":\"A\"}",
		 ""},
		{"{\"devices\":1," IMAGE "}", "3:4 'image' of 'j'" FOREIGN},
		{"{\"devices\":1,\"open_timeout\":1}", "3:4 'open_timeout' of 'j'" FOREIGN},
		{"{\"devices\":1,\"devices_env\":5}", NAMES},
		{"{\"devices\":1,\"devices_env\":[\"A\",1]}", NAMES},
		{"{\"devices\":1,\"devices_env\":[\"A\",\"A\"]}", NAMES},
		{"{\"devices\":1,\"devices_env\":[]}", ""},
		{"{" IMAGE "}", "3:4 'image' of 'j'" RUNS},
	};
	struct rig *r = *state;

	r->spec.is_request = false;
	check(r, rows, ARRAY_LEN(rows));
	assert_string_equal(
		key_read(r, "{\"devices\":1,\"devices_env\":[\"A\",\"B\",\"C\"]}")->env_name,
		"A,B,C");
	assert_string_equal(key_read(r, "{\"devices\":1,\"devices_env\":[]}")->env_name, "");
}

/* ---- outputs that are not compared ---- */

static void a_job_that_passes_whatever_its_kernel_does_is_warned_of(void **state)
{
#define NO_EXPECT                                                                                 \
	"3:4 no output has an 'expect': the job passes whatever its kernel writes [{ f32: [64], " \
	"out: true, "                                                                             \
	"expect: { fill: 42, rtol: 1e-5 } }]\n"
#define SAME(i, what)                                                                            \
	"3:4 args[" i "] already has the value that is expected at the end: a kernel that does " \
	"nothing passes [leave out '" what "', or give another value]\n"
	static const struct row rows[] = {
		{"5", ""},
		{"[]", ""},
		{"[{\"in\":true}]", ""},
		{"[{\"out\":true}]", NO_EXPECT},
		{"[{\"out\":true},{\"out\":true,\"expect\":{\"fill\":1}}]", ""},
		{"[{\"out\":true,\"fill\":0,\"expect\":{\"fill\":1}}]", ""},
		{"[{\"out\":true,\"fill\":1,\"expect\":{\"fill\":1}}]", SAME("0", "fill")},
		{"[{},{\"out\":true,\"fill\":1.0,\"expect\":{\"fill\":1}}]", SAME("1", "fill")},
		{"[{\"fill\":1.5,\"expect\":{\"fill\":1,\"atol\":0.5}}]", SAME("0", "fill")},
		{"[{\"fill\":1.75,\"expect\":{\"fill\":1,\"atol\":0.5}}]", ""},
		{"[{\"fill\":-3,\"expect\":{\"fill\":-2,\"rtol\":0.5}}]", SAME("0", "fill")},
		{"[{\"fill\":-3.25,\"expect\":{\"fill\":-2,\"rtol\":0.5}}]", ""},
		{"[{\"fill\":4,\"expect\":{\"fill\":2,\"atol\":1,\"rtol\":0.5}}]",
		 SAME("0", "fill")},
		{"[{\"fill\":0.5,\"expect\":{\"fill\":2,\"atol\":1,\"rtol\":0.5}}]",
		 SAME("0", "fill")},
		{"[{\"fill\":\"iota\",\"expect\":{\"fill\":\"iota\"}}]", SAME("0", "fill")},
		{"[{\"fill\":\"iota\",\"expect\":{\"fill\":\"ones\"}}]", ""},
		{"[{\"fill\":\"iota\",\"expect\":{\"fill\":1}}]", ""},
		{"[{\"fill\":1,\"expect\":{\"fill\":\"iota\"}}]", ""},
		{"[{\"fill\":1,\"expect\":{}}]", ""},
		{"[{\"expect\":{\"fill\":0}}]", ""},
		{"[{\"file\":\"a\",\"expect\":{\"file\":\"a\"}}]", SAME("0", "file")},
		{"[{\"file\":\"a\",\"expect\":{\"file\":\"b\"}}]", ""},
		{"[{\"file\":\"a\",\"expect\":{}}]", ""},
		{"[{\"expect\":{\"file\":\"a\"}}]", ""},
	};
	struct rig *r = *state;
	char request[256];

	r->s.caps |= DVS_CAP_TENSORS;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(request, sizeof(request), "{" IMAGE ",\"args\":%s}", rows[i].request);
		assert_non_null(key_read(r, request)); /* it runs, though */
		if (strcmp(told(r), rows[i].told) != 0)
			fail_msg("%s: %s", request, told(r));
	}
	r->s.caps &= ~DVS_CAP_TENSORS; /* such a driver may mean anything by these keys */
	key_read(r, "{" IMAGE ",\"args\":[{\"out\":true}]}");
	assert_string_equal(told(r), "");
}

#define KEYS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYS_TEST(devices_are_as_many_as_there_are),
		KEYS_TEST(what_names_the_attempt_is_read_as_of_the_first),
		KEYS_TEST(one_domain_must_have_them_all),
		KEYS_TEST(clocks_are_the_jobs_or_the_pools),
		KEYS_TEST(what_is_no_duration_is_reported),
		KEYS_TEST(a_run_is_longer_than_the_stall_clock),
		KEYS_TEST(ranks_wait_and_meet_by_default),
		KEYS_TEST(a_window_has_buffers),
		KEYS_TEST(what_is_wrong_in_a_gang_is_reported),
		KEYS_TEST(an_error_has_the_place_of_its_key),
		KEYS_TEST(options_of_a_job_go_before_those_of_its_pool),
		KEYS_TEST(what_is_loaded_is_all_that_makes_an_image),
		KEYS_TEST(what_does_not_run_on_a_device_is_reported),
		KEYS_TEST(devices_that_are_only_lent_run_nothing),
		KEYS_TEST(a_command_has_limits_of_its_own_only),
		KEYS_TEST(a_command_has_few_keys),
		KEYS_TEST(a_job_that_passes_whatever_its_kernel_does_is_warned_of),
	};

	return RUN(tests);
}
