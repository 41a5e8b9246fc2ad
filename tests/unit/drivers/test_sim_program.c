/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_bed.h"

static const struct good {
	const char *what, *json;
} good[] = {
	{"nothing at all", "{}"},
	{"an empty program", "{\"program\": []}"},
	{"words", "{\"program\": [\"compute 1ms\", \"barrier\", \"wait peers\"]}"},
	{"a drawn time",
	 "{\"program\": [{\"compute\": {\"dist\": \"pareto\", \"ms\": 1, \"max_ms\": 3}}]}"},
	{"busy computing", "{\"program\": [{\"compute\": \"2ms\", \"busy\": true}]}"},
	{"args", "{\"args\": [{\"f32\": [4], \"fill\": 2},"
		 " {\"f32\": [4], \"out\": true, \"fill\": 2, \"expect\": {\"fill\": 2}}]}"},
	{"an output",
	 "{\"args\": [{\"name\": \"a\", \"f32\": [100], \"fill\": 2},"
	 " {\"name\": \"c\", \"f32\": [100], \"out\": true,"
	 " \"expect\": {\"fill\": 5, \"rtol\": 1e-5}}],"
	 " \"program\": [{\"expect\": \"a\", \"fill\": 2}, {\"set\": \"c\", \"fill\": 5}]}"},
	{"numbers", "{\"program\": [{\"alloc\": \"4K\", \"name\": \"x\", \"fill\": 2},"
		    " {\"expect\": \"x\", \"fill\": 2}, {\"set\": \"x\", \"fill\": 5},"
		    " {\"expect\": \"x\", \"fill\": 5}, {\"free\": \"x\"}]}"},
	{"a list", "{\"program\": [{\"alloc\": 12, \"name\": \"x\", \"values\": [0, 1, 2]},"
		   " {\"expect\": \"x\", \"fill\": \"iota\"}]}"},
	{"what differs by less than a millionth",
	 "{\"program\": [{\"alloc\": 4, \"name\": \"x\", \"fill\": 1000000},"
	 " {\"expect\": \"x\", \"fill\": 1000000.9}]}"},
	{"not for this rank", "{\"program\": [{\"fail\": \"no\", \"only\": 1},"
			      " {\"fail\": \"no\", \"only\": [2, 3]}]}"},
};

static void good_programs_pass(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_open(&b, "{}");
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (bed_run(&b, good[i].json) != 0)
			fail_msg("%s: %d %s", good[i].what, b.code, b.text);
	bed_close(&b);
}

static const struct bad {
	const char *json;
	enum dvs_class class;
	const char *text;
} bad[] = {
	{"not JSON", DVS_CONFIG, "the job: not JSON: "},
	{"[]", DVS_CONFIG, "the job: must be a JSON object"},
	{"{\"programme\": []}", DVS_CONFIG, "unknown key 'programme'; did you mean 'program'?"},
	{"{\"program\": 3}", DVS_CONFIG, "'program' must be a list of operations"},
	{"{\"program\": [3]}", DVS_CONFIG, "program[0] must be an object or a text"},
	{"{\"program\": [{}]}", DVS_CONFIG, "program[0]: there is no operation ''"},
	{"{\"program\": [\"barrier\", \"dance\"]}", DVS_CONFIG,
	 "program[1]: there is no operation 'dance'"},
	{"{\"program\": [{\"compute\": \"soon\"}]}", DVS_CONFIG,
	 "program[0]: 'compute' must be a duration"},
	{"{\"program\": [{\"compute\": -1}]}", DVS_CONFIG, "must be a duration from 0ms to a day"},
	{"{\"program\": [{\"compute\": {\"dist\": \"odd\"}}]}", DVS_CONFIG, "'dist' must be"},
	{"{\"program\": [{\"compute\": \"1s\", \"fast\": true}]}", DVS_CONFIG,
	 "'compute' has no key 'fast'"},
	{"{\"program\": [{\"put\": \"a\"}]}", DVS_CONFIG, "'put' needs 'to'"},
	{"{\"program\": [{\"add\": [\"a\", \"b\"], \"to\": \"c\"}]}", DVS_CONFIG,
	 "there is no operation 'add'"},
	{"{\"program\": [{\"raise\": \"NOISE\"}]}", DVS_CONFIG, "must be a signal"},
	{"{\"program\": [{\"print\": 3}]}", DVS_CONFIG, "'print' must be a text"},
	{"{\"program\": [{\"alloc\": \"much\"}]}", DVS_CONFIG, "must be a size"},
	{"{\"args\": [{\"fill\": 1}]}", DVS_CONFIG, "args[0]"},
	{"{\"image\": 3}", DVS_CONFIG, "'image' must be a text"},
	{"{\"image\": \"/nowhere/x.so\"}", DVS_CONFIG, "/nowhere/x.so"},
	{"{\"program\": [{\"free\": \"x\"}]}", DVS_CONFIG, "there is no vector 'x'"},
	{"{\"program\": [{\"fail\": \"because\"}]}", DVS_JOB, "because"},
	{"{\"program\": [{\"code\": 507014, \"text\": \"core 3\"}]}", DVS_STALL, "core 3"},
	{"{\"program\": [{\"alloc\": \"400\", \"name\": \"x\", \"fill\": 2},"
	 " {\"expect\": \"x\", \"fill\": 3}]}",
	 DVS_JOB, "x[0] is 2, expected 3 (100 of 100 differ)"},
	{"{\"program\": [{\"alloc\": 4, \"name\": \"x\", \"fill\": 1000000},"
	 " {\"expect\": \"x\", \"fill\": 1000001.1}]}",
	 DVS_JOB, "x[0] is 1000000, expected 1000001"},
	{"{\"program\": [{\"alloc\": 4, \"name\": \"x\", \"fill\": 0},"
	 " {\"expect\": \"x\", \"fill\": 1e-9}]}", /* atol is 0 */
	 DVS_JOB, "x[0] is 0, expected 1e-09"},
	{"{\"program\": [{\"alloc\": 8, \"name\": \"x\", \"values\": [1, 2, 3]}]}", DVS_CONFIG,
	 "'x' has 2 elements, and 'values' 3"},
};

static void bad_ones_end_with_a_text_and_the_device_goes_on(void **state)
{
	struct sim_bed b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		bed_open(&b, "{}");
		assert_int_not_equal(bed_run(&b, bad[i].json), 0);
		if (!strstr(b.text, bad[i].text) || b.class != bad[i].class)
			fail_msg("%s: class %d, %s", bad[i].json, b.class, b.text);
		if (sim()->is_usable(b.ctx))
			assert_int_equal(bed_run(&b, "{\"program\": [\"compute 1ms\"]}"), 0);
		bed_close(&b);
	}
}

/* Neither its vectors nor their names are there any more. */
static void nothing_of_a_run_is_left_for_the_next_one(void **state)
{
	static const char args[] = "{\"args\": [{\"name\": \"c\", \"f32\": [100], \"out\": true, "
				   "\"expect\": {\"fill\": 5}}], \"program\": [%s]}";
	char good_job[300], bad_job[300];
	struct sim_bed b;

	(void)state;
	snprintf(
		good_job, sizeof(good_job), args,
		"{\"set\": \"c\", \"fill\": 5}, {\"alloc\": \"4K\", \"name\": \"x\", \"fill\": 5}");
	snprintf(bad_job, sizeof(bad_job), args, "");
	bed_open(&b, "{}");
	for (unsigned i = 0; i < 3; i++) {
		if (bed_run(&b, good_job) != 0)
			fail_msg("%s", b.text);
		assert_int_not_equal(bed_run(&b, bad_job), 0);
		assert_non_null(strstr(b.text, "100 of 100 elements wrong; element 0 is nan"));
		assert_int_not_equal(
			bed_run(&b, "{\"program\": [{\"expect\": \"x\", \"fill\": 5}]}"), 0);
	}
	bed_close(&b);
}

static void poll_never_waits(void **state)
{
	struct dvs_text err = {0};
	struct sim_bed b;
	int32_t is_over = 1;

	(void)state;
	bed_open(&b, "{}");
	assert_int_equal(
		bed_prepare(&b, &(struct bed_job){.json = "{\"program\": [\"compute 1h\"]}"}), 0);
	assert_int_equal(bed_launch(&b), 0);
	assert_int_equal(sim()->poll(b.ctx, b.epoch, &is_over, &err), 0);
	assert_int_equal(is_over, 0);
	while (b.evidence != 1)
		bed_nap();
	assert_int_equal(sim()->abort(b.ctx, b.epoch), 0);
	assert_int_equal(bed_poll_until_over(&b), 0);
	assert_int_not_equal(bed_finish(&b), 0);
	assert_string_equal(b.text, "cancelled in operation 0");
	bed_close(&b);
}

static void a_run_that_was_never_launched_is_finished(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_open(&b, "{}");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			bed_prepare(&b, &(struct bed_job){.json = "{\"program\": [\"hang\"]}"}), 0);
		bed_finish(&b);
	}
	assert_int_equal(bed_run(&b, "{}"), 0);
	bed_close(&b);
}

static void progress_grows_and_ends(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_open(&b, "{}");
	assert_int_equal(bed_run(&b, "{\"program\": [\"compute 70ms\", \"compute 1ms\"]}"), 0);
	assert_true(b.n_progress > 4);
	assert_int_equal(b.done, 2000);
	assert_int_equal(b.total, 2000);
	assert_int_equal(b.evidence, 0);
	bed_close(&b);
}

static void memory_is_counted_and_bounded(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_open(&b, "{\"memory\": \"64K\"}");
	assert_int_equal(bed_run(&b, "{\"program\": [{\"alloc\": \"48K\"}]}"), 0);
	assert_int_equal(b.committed, 48 << 10);
	assert_int_equal(bed_run(&b, "{\"program\": [{\"alloc\": \"48K\", \"leak\": true}]}"), 0);
	assert_int_equal(bed_run(&b, "{\"program\": [{\"alloc\": \"48K\"}]}"), 207018);
	assert_int_equal(b.class, DVS_JOB);
	bed_close(&b);
}

static void what_a_program_says_is_in_the_result(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_open(&b, "{}");
	assert_int_equal(bed_run(&b, "{\"program\": [{\"result\": {\"gflops\": 3}}]}"), 0);
	assert_string_equal(b.result, "{\"gflops\":3}");
	bed_close(&b);
}

static void calls_in_the_wrong_order_are_errors(void **state)
{
	struct dvs_text err = {0};
	struct sim_bed b;
	int32_t is_over;

	(void)state;
	bed_open(&b, "{}");
	assert_int_not_equal(bed_launch(&b), 0);
	assert_int_not_equal(sim()->poll(b.ctx, 7, &is_over, &err), 0);
	assert_int_not_equal(bed_finish(&b), 0);
	assert_int_not_equal(sim()->unload(b.ctx, 9), 0);
	assert_int_equal(bed_prepare(&b, &(struct bed_job){.json = "{}"}), 0);
	assert_int_equal(bed_launch(&b), 0);
	assert_int_not_equal(bed_launch(&b), 0);
	assert_int_equal(bed_finish(&b), 0);
	bed_close(&b);
}

static const char *const bad_options[][2] = {
	{"[]", "options: must be a JSON object"},
	{"{\"n_device\": 2}", "unknown key 'n_device'; did you mean 'n_devices'?"},
	{"{\"n_devices\": -1}", "'n_devices' must be a whole number"},
	{"{\"inner_watch\": {\"rule\": \"odd\"}}", "'rule' must be"},
	{"{\"faults\": {}}", "faults must be a list"},
	{"{\"faults\": [{\"do\": \"hang\"}]}", "faults[0]: 'on' must be"},
	{"{\"faults\": [{\"on\": \"run\", \"do\": \"no_show\"}]}", "cannot happen on 'run'"},
	{"{\"faults\": [{\"on\": \"run\", \"do\": \"code\"}]}", "'code' must be there"},
	{"{\"faults\": [{\"on\": \"run\", \"do\": \"hang\", \"p\": 2}]}", "'p' must be"},
	{"{\"faults\": [{\"on\": \"run\", \"do\": \"wedge\"}]}", "needs 'state_dir'"},
	{"{\"open_delay\": \"often\"}", "'open_delay' must be a duration"},
};

static void bad_options_are_refused_by_all_who_read_them(void **state)
{
	struct dvs_device device[1] = {{.size = sizeof(device[0])}};
	struct sim_bed b;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_options); i++) {
		char text[256] = "";
		struct dvs_text err = {text, sizeof(text)};

		assert_int_not_equal(sim()->probe(bad_options[i][0], device, 1, &n, &err), 0);
		if (!strstr(text, bad_options[i][1]))
			fail_msg("%s: %s", bad_options[i][0], text);
		assert_int_not_equal(bed_open_device(&b, 0, bad_options[i][0]), 0);
		assert_string_equal(b.text, text);
		assert_int_equal(sim()->inner_watch_ns(bad_options[i][0]), 0);
	}
}

static void each_code_has_its_number(void **state)
{
	static const struct {
		int32_t code;
		enum dvs_class class;
		const char *name;
	} codes[] = {
		{1, DVS_JOB, "failed"},
		{999, DVS_JOB, "failed"},
		{1001, DVS_JOB, "mismatch"},
		{1002, DVS_CONFIG, "bad request"},
		{1003, DVS_CONFIG, "no image"},
		{1004, DVS_CONFIG, "no such device"},
		{1005, DVS_POISON, "misuse"},
		{1006, DVS_DEADLOCK, "deadlock"},
		{1007, DVS_PEER, "peer"},
		{1008, DVS_TIMEOUT, "cancelled"},
		{1009, DVS_JOB, "no memory on the host"},
		{1010, DVS_LOST, "device state"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		const char *name = "", *hint;

		assert_int_equal(sim()->classify(codes[i].code, 0, &name, &hint), codes[i].class);
		assert_string_equal(name, codes[i].name);
	}
}

static void probe_says_all_that_are_there(void **state)
{
	struct dvs_device d[8] = {{0}};
	struct dvs_text err = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(DVS_FAULT_DOMAINS, 1048576); /* what devices may say */
	for (size_t i = 0; i < ARRAY_LEN(d); i++)
		d[i].size = sizeof(d[i]);
	assert_int_equal(sim()->probe("{\"n_devices\": 20, \"fault_domains\": [[0,1],[2]]}", d,
				      ARRAY_LEN(d), &n, &err),
			 0);
	assert_int_equal(n, 20);
	assert_int_equal(d[7].id, 7);
	assert_int_equal(d[1].fault_domain, 0);
	assert_int_equal(d[2].fault_domain, 1);
	assert_int_equal(d[3].fault_domain, -1);
	assert_int_equal(d[0].health, DVS_HEALTH_GOOD);
	assert_int_equal(sim()->probe("{}", d, ARRAY_LEN(d), &n, &err), 0);
	assert_int_equal(n, 4);
	assert_int_equal(d[0].fault_domain, -1);
	assert_int_equal(d[0].mem_total, 0);
	assert_int_equal(sim()->inner_watch_ns("{}"), 0);
	assert_int_equal(sim()->health(4, "{\"n_devices\": 4}", d, &err), 1004);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_programs_pass),
		cmocka_unit_test(bad_ones_end_with_a_text_and_the_device_goes_on),
		cmocka_unit_test(nothing_of_a_run_is_left_for_the_next_one),
		cmocka_unit_test(poll_never_waits),
		cmocka_unit_test(a_run_that_was_never_launched_is_finished),
		cmocka_unit_test(progress_grows_and_ends),
		cmocka_unit_test(memory_is_counted_and_bounded),
		cmocka_unit_test(what_a_program_says_is_in_the_result),
		cmocka_unit_test(calls_in_the_wrong_order_are_errors),
		cmocka_unit_test(bad_options_are_refused_by_all_who_read_them),
		cmocka_unit_test(each_code_has_its_number),
		cmocka_unit_test(probe_says_all_that_are_there),
	};

	return RUN(tests);
}
