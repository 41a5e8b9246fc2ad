/* SPDX-License-Identifier: Apache-2.0 */
/* Every fault, in a process of its own. */
#include "sim_bed.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/mem.h"
#include "drivers/sim/options.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/dvs-fault-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return fs_remove_tree(dir);
}

/* options with one fault; `'` for `"`. */
static const char *options_with(const char *fault)
{
	static char text[600];

	snprintf(text, sizeof(text), "{'state_dir': '%s', 'faults': [%s]}", dir, fault);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	return text;
}

static const char program[] = "{\"program\": [\"compute 1ms\"]}";

/* waitpid()'s status; a child that stops is reported as stopped, and killed. */
static int run_in_child(const char *options, const char *json)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct sim_bed b;
		int32_t code = bed_open_device(&b, 0, options);

		code = code ? code : bed_run(&b, json);
		bed_close(&b);
		_exit(code == 0 ? 0 : 100);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	if (WIFSTOPPED(status)) {
		int ignored;

		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &ignored, 0), pid);
	}
	return status;
}

static const char *const places[] = {"open",   "load", "prepare", "launch",
				     "finish", "poll", "run",	  "close"};

static void a_process_ends_where_it_should(void **state)
{
	int status;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char fault[128];

		snprintf(fault, sizeof(fault), "{'on': '%s', 'do': 'exit', 'code': 7}", places[i]);
		status = run_in_child(options_with(fault), program);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
			fail_msg("%s: status %x", places[i], (unsigned)status);
		snprintf(fault, sizeof(fault), "{'on': '%s', 'do': 'crash', 'sig': 'KILL'}",
			 places[i]);
		status = run_in_child(options_with(fault), program);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			fail_msg("%s: status %x", places[i], (unsigned)status);
	}
	status = run_in_child(options_with("{'on': 'run', 'do': 'crash'}"), program);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_true(WIFSTOPPED(
		run_in_child(options_with("{'on': 'run', 'do': 'stop_heartbeat'}"), program)));
}

static void a_program_may_end_its_process(void **state)
{
	int status = run_in_child("{}", "{\"program\": [{\"exit\": 5}]}");

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	status = run_in_child("{}", "{\"program\": [{\"raise\": \"USR1\"}]}");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

static const struct code_row {
	int32_t code;
	enum dvs_class class, fresh;
	int32_t is_usable; /* the process, afterwards */
} codes[] = {
	{507018, DVS_POISON, DVS_POISON, 0},
	{507015, DVS_JOB, DVS_JOB, 0},
	{507899, DVS_POISON, DVS_WEDGE, 0},
	{507014, DVS_STALL, DVS_STALL, 0},
	{-100, DVS_STALL, DVS_STALL, 1},
	{-5, DVS_JOB, DVS_JOB, 1},
	{107019, DVS_TIMEOUT, DVS_TIMEOUT, 1},
	{207007, DVS_BUSY, DVS_BUSY, 1},
	{507033, DVS_POISON, DVS_WEDGE, 0},
	{507053, DVS_WEDGE, DVS_WEDGE, 0},
	{3, DVS_JOB, DVS_JOB, 1},
	{1006, DVS_DEADLOCK, DVS_DEADLOCK, 1},
};

static void codes_mean_what_they_mean_on_the_device(void **state)
{
	const char *name, *hint;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		const struct code_row *r = &codes[i];
		struct sim_bed b;
		char fault[128];

		snprintf(fault, sizeof(fault), "{'on': 'finish', 'do': 'code', 'code': %d}",
			 r->code);
		bed_open(&b, options_with(fault));
		assert_int_equal(bed_run(&b, program), r->code);
		assert_int_equal(b.class, r->class);
		assert_int_equal(sim()->classify(r->code, 1, &name, &hint), r->fresh);
		assert_int_equal(sim()->is_usable(b.ctx), r->is_usable);
		bed_close(&b);
	}
}

static void poison_lasts_until_the_process_is_gone(void **state)
{
	const char *options = options_with("{'on': 'run', 'do': 'poison', 'attempt': 1}");
	int32_t is_verified = 1;
	struct sim_bed b;

	(void)state;
	bed_open(&b, options);
	assert_int_equal(bed_run(&b, program), 507018);
	for (int i = 0; i < 3; i++)
		assert_int_equal(bed_run_job(&b, &(struct bed_job){.json = program, .attempt = 2}),
				 507899);
	assert_int_not_equal(sim()->reset(b.ctx, 1, &is_verified, &(struct dvs_text){b.text, 512}),
			     0);
	assert_int_equal(is_verified, 0);
	bed_close(&b);
	bed_open(&b, options);
	assert_int_equal(bed_run_job(&b, &(struct bed_job){.json = program, .attempt = 2}), 0);
	bed_close(&b);
}

static int32_t health_of(int32_t device, const char *options)
{
	struct dvs_device d = {.size = sizeof(d)};
	char text[200];

	assert_int_equal(sim()->health(device, options, &d, &(struct dvs_text){text, 200}), 0);
	return (int32_t)d.health;
}

static void a_wedge_outlives_the_worker_until_it_is_reset_by_force(void **state)
{
	const char *options = options_with(
		"{'on': 'run', 'do': 'wedge', 'clears_on': 'force_reset', 'job': 'job'}");
	int32_t is_verified = 0;
	struct sim_bed b, other;
	struct dvs_text err = {b.text, sizeof(b.text)};

	(void)state;
	bed_open(&b, options);
	assert_int_equal(bed_run(&b, program), 507010);
	assert_int_equal(b.class, DVS_WEDGE);
	assert_int_equal(health_of(0, options), DVS_HEALTH_BAD);
	assert_int_equal(bed_open_device(&other, 0, options), 507033);
	assert_int_equal(bed_open_device(&other, 1, options), 0);
	bed_close(&other);
	assert_int_not_equal(sim()->reset(b.ctx, 0, &is_verified, &err), 0);
	assert_int_equal(sim()->reset(b.ctx, 1, &is_verified, &err), 0);
	assert_int_equal(is_verified, 1);
	assert_int_equal(health_of(0, options), DVS_HEALTH_GOOD);
	assert_int_equal(bed_run_job(&b, &(struct bed_job){.json = program, .id = "other"}), 0);
	bed_close(&b);
}

static void one_that_never_clears_does_not(void **state)
{
	const char *options = options_with("{'on': 'run', 'do': 'wedge', 'device': 3}");
	int32_t is_verified = 1;
	struct sim_bed b;
	struct dvs_text err = {b.text, sizeof(b.text)};

	(void)state;
	assert_int_equal(bed_open_device(&b, 3, options), 0);
	assert_int_equal(bed_run(&b, program), 507010);
	assert_int_not_equal(sim()->reset(b.ctx, 1, &is_verified, &err), 0);
	assert_int_equal(is_verified, 0);
	bed_close(&b);
	assert_int_equal(health_of(3, options), DVS_HEALTH_BAD);
}

static void a_hang_hears_no_cancel(void **state)
{
	struct sim_bed b;
	struct dvs_text err = {b.text, sizeof(b.text)};
	int32_t is_over;
	char text[200];

	(void)state;
	bed_open(&b, "{\"inner_watch\": {\"idle\": \"20ms\"},"
		     " \"faults\": [{\"on\": \"run\", \"do\": \"hang\"}]}");
	assert_int_equal(bed_prepare(&b, &(struct bed_job){.json = program}), 0);
	assert_int_equal(bed_launch(&b), 0);
	sim()->abort(b.ctx, b.epoch);
	do {
		assert_int_equal(sim()->poll(b.ctx, b.epoch, &is_over, &err), 0);
		assert_int_equal(is_over, 0);
		sim()->diagnose(b.ctx, &(struct dvs_text){text, sizeof(text)});
		bed_nap();
	} while (!strstr(text, "inner watchdog latched -100"));
	bed_close(&b); /* comes back: the thread stays */
}

static void without_options_nothing_is_injected_and_the_seed_is_0(void **state)
{
	struct sim_options o;
	struct dvs_text err = {0};

	(void)state;
	assert_int_equal(sim_options_read("{}", &o, &err), 0);
	assert_int_equal(o.faults.n, 0);
	assert_int_equal(o.faults.seed, 0);
	assert_true(o.open.ms == 0 && o.memory == 0 && !o.state_dir);
	assert_true(o.watch.idle_ns == 0 && o.watch.sync_ns == 0);
	sim_options_done(&o);
	assert_int_equal(sim_options_read("{\"seed\": 7, \"open_delay\": \"20ms\"}", &o, &err), 0);
	assert_int_equal(o.faults.seed, 7);
	assert_true(o.open.ms == 20);
	sim_options_done(&o);
}

static void times_are_drawn_from_a_distribution(void **state)
{
	static const struct {
		const char *json;
		double u, ms;
	} cases[] = {
		{"{\"ms\": 5}", 0.9, 5},
		{"{\"dist\": \"uniform\", \"ms\": 5, \"max_ms\": 25}", 0.75, 20},
		/* The tail of shape 1: a quarter takes four times as long, or longer. */
		{"{\"dist\": \"pareto\", \"ms\": 5, \"max_ms\": 400}", 0.75, 20},
		{"{\"dist\": \"pareto\", \"ms\": 5, \"max_ms\": 400}", 0.999, 400},
		{"{\"dist\": \"pareto\", \"ms\": 5, \"max_ms\": 400, \"shape\": 2}", 0.75, 10},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *from = json_loads(cases[i].json, 0, NULL);
		struct dvs_text err = {0};
		struct sim_delay d;

		assert_int_equal(sim_delay_read(&(struct fields){from, "it", 1, &err}, &d), 0);
		assert_int_equal(sim_delay_draw(&d, cases[i].u), (uint64_t)(cases[i].ms * 1e6));
		json_decref(from);
	}
}

static void delays_are_drawn_alike_whatever_the_time(void **state)
{
	static const char options[] =
		"{\"seed\": 5, \"faults\": [{\"on\": \"malloc\", \"p\": 0.2, \"do\": \"delay\","
		" \"dist\": \"pareto\", \"ms\": 0.1, \"max_ms\": 3},"
		" {\"on\": \"finish\", \"p\": 0.2, \"do\": \"delay\", \"dist\": \"uniform\","
		" \"ms\": 0, \"max_ms\": 2}]}";
	static const char job[] = "{\"program\": [{\"alloc\": 64}, {\"alloc\": 64}]}";
	char *first[20];
	unsigned n_struck = 0;
	struct sim_bed b;

	(void)state;
	for (int round = 0; round < 2; round++) {
		bed_open(&b, options);
		for (int i = 0; i < 20; i++) {
			char id[16];

			snprintf(id, sizeof(id), "job%d", i);
			assert_int_equal(bed_run_job(&b, &(struct bed_job){.json = job, .id = id}),
					 0);
			n_struck += strstr(b.result, "took_ms") != NULL;
			if (round == 0) {
				first[i] = xstrdup(b.result);
			} else {
				assert_string_equal(b.result, first[i]);
				free(first[i]);
			}
		}
		bed_close(&b);
	}
	assert_true(n_struck > 10 && n_struck < 40);
}

static void what_struck_is_in_the_result(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_run_once(&b,
		     "{\"faults\": [{\"on\": \"open\", \"do\": \"delay\", \"ms\": 1},"
		     " {\"on\": \"run\", \"do\": \"slow\", \"factor\": 3}]}",
		     program);
	assert_string_equal(b.result,
			    "{\"faults\":[{\"do\":\"delay\",\"ms\":1,\"on\":\"open\","
			    "\"took_ms\":1.0},{\"do\":\"slow\",\"factor\":3,\"on\":\"run\"}]}");
}

static void faults_choose_their_victims(void **state)
{
	static const char options[] =
		"{\"faults\": [{\"on\": \"run\", \"do\": \"code\", \"code\": 3, \"job\": \"a*\","
		" \"attempt\": [1, 2], \"device\": 1}]}";
	static const struct {
		int32_t device;
		const char *id;
		uint32_t attempt;
		int32_t code;
	} rows[] = {
		{1, "ab", 1, 3}, {1, "ab", 2, 3}, {1, "ab", 3, 0}, {1, "b", 1, 0}, {0, "ab", 1, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim_bed b;

		assert_int_equal(bed_open_device(&b, rows[i].device, options), 0);
		assert_int_equal(bed_run_job(&b, &(struct bed_job){.json = program,
								   .id = rows[i].id,
								   .attempt = rows[i].attempt}),
				 rows[i].code);
		bed_close(&b);
	}
}

static void a_stall_recovers_unless_somebody_watches(void **state)
{
	static const char fault[] =
		"\"faults\": [{\"on\": \"run\", \"do\": \"stall_then_recover\", \"ms\": 60}]";
	char options[300];
	struct sim_bed b;

	(void)state;
	snprintf(options, sizeof(options), "{%s}", fault);
	assert_int_equal(bed_run_once(&b, options, program), 0);
	snprintf(options, sizeof(options), "{\"inner_watch\": {\"idle\": \"20ms\"}, %s}", fault);
	assert_int_equal(bed_run_once(&b, options, program), -100);
	assert_non_null(strstr(b.text, "in its own work (code 100)"));
}

static void silent_corruption_is_found_by_who_compares(void **state)
{
	static const char options[] = "{\"faults\": [{\"on\": \"run\", \"do\": \"corrupt\"}]}";
	struct sim_bed b;

	(void)state;
	assert_int_equal(bed_run_once(&b, options,
				      "{\"args\": [{\"f32\": [9], \"fill\": 1, \"out\": true,"
				      " \"expect\": {\"fill\": 1}}]}"),
			 1001);
	assert_string_equal(b.text, "0: 1 of 9 elements wrong; element 4 is 2, not 1");
	assert_int_equal(b.class, DVS_JOB);
}

static void the_environment_adds_faults(void **state)
{
	struct sim_bed b;

	(void)state;
	setenv("DVS_SIM_FAULTS", "[{\"on\": \"run\", \"do\": \"code\", \"code\": 5}]", 1);
	assert_int_equal(bed_run_once(&b, "{}", program), 5);
	setenv("DVS_SIM_FAULTS", "[", 1);
	assert_int_not_equal(bed_open_device(&b, 0, "{}"), 0);
	assert_string_equal(b.text, "DVS_SIM_FAULTS is not JSON");
	unsetenv("DVS_SIM_FAULTS");
}

static void term_can_be_ignored(void **state)
{
	struct sim_bed b;

	(void)state;
	bed_open(&b, "{\"faults\": [{\"on\": \"term\", \"do\": \"ignore\"}]}");
	assert_int_equal(raise(SIGTERM), 0);
	bed_close(&b);
	signal(SIGTERM, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_ends_where_it_should),
		cmocka_unit_test(a_program_may_end_its_process),
		cmocka_unit_test(codes_mean_what_they_mean_on_the_device),
		cmocka_unit_test(poison_lasts_until_the_process_is_gone),
		cmocka_unit_test(a_wedge_outlives_the_worker_until_it_is_reset_by_force),
		cmocka_unit_test(one_that_never_clears_does_not),
		cmocka_unit_test(a_hang_hears_no_cancel),
		cmocka_unit_test(without_options_nothing_is_injected_and_the_seed_is_0),
		cmocka_unit_test(times_are_drawn_from_a_distribution),
		cmocka_unit_test(delays_are_drawn_alike_whatever_the_time),
		cmocka_unit_test(what_struck_is_in_the_result),
		cmocka_unit_test(faults_choose_their_victims),
		cmocka_unit_test(a_stall_recovers_unless_somebody_watches),
		cmocka_unit_test(silent_corruption_is_found_by_who_compares),
		cmocka_unit_test(the_environment_adds_faults),
		cmocka_unit_test(term_can_be_ignored),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
