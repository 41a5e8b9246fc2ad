/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a pool: docs/reference/devices.md. */
#include "chips_pool.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

static bool is_in(const struct pool *p, const char *path, const char *name)
{
	size_t n = strlen(p->dir);

	return path && strncmp(path, p->dir, n) == 0 && path[n] == '/' &&
	       strcmp(path + n + 1, name) == 0;
}

/* ---- values ---- */

static void each_key_has_its_default(void **state)
{
	static const double usual_s[CLOCK_COUNT] = {[CLOCK_OPEN] = 300,
						    [CLOCK_LOAD] = 60,
						    [CLOCK_JOIN] = 60,
						    [CLOCK_FINISH] = 60,
						    [CLOCK_RESET] = 60};
	struct pool *p = *state;
	const struct chips_settings *s = pool_read(p, "");

	assert_string_equal(pool_told(p), "");
	assert_string_equal(s->name, "npu");
	assert_string_equal(s->driver, "sim");
	assert_string_equal(s->driver_name, "sim");
	assert_string_equal(s->driver_version, "7");
	assert_memory_equal(s->budget_s, usual_s, sizeof(usual_s));
	assert_true(s->stall_s == 0 && s->wall_s == 0 && s->session_s == 0 && s->grace_s == 2);
	assert_true(s->max_runs == 0 && s->max_age_s == 0 && s->max_growth == 0 && s->idle_s == 30);
	assert_true(s->has_affinity && s->max_streak == 32);
	assert_true(s->reserve_after_s == 5 && s->peer_grace_s == 2);
	assert_true(s->health.marks == 2 && s->health.window_s == 600 &&
		    s->health.quarantine_s == 300);
	assert_true(s->watch == WATCH_EVIDENCE && s->deadlock_s == 60);
	assert_string_equal(s->lend_variables[0], "ASCEND_RT_VISIBLE_DEVICES");
	assert_null(s->lend_variables[1]);
	assert_true(s->is_exclusive && is_in(p, s->lock_dir, "locks"));
	assert_true(is_in(p, s->state_dir, "state") && !s->machine_dir);
	assert_int_equal(s->n_devices, 4); /* all that the driver has */
	assert_int_equal(s->pos.line, 2);
	assert_int_equal(s->stall_pos.line, 2);
	assert_true(pool_driver.limit_s == 20);
}

static void each_key_is_read(void **state)
{
	struct pool *p = *state;
	const struct chips_settings *s;

	pool_driver.facts.caps = DVS_CAP_GANG;
	s = pool_read(
		p, "budgets: { queue: 1, open: 2, load: 3, join: 4, run: 9, finish: 6, reset: 7\n"
		   " stall: 8, wall: 40, session: 100 }\n"
		   "pool: { max_runs: 3, max_age: 90, max_growth: \"2K\", idle: 0,\n"
		   " affinity: false, max_streak: 5, numa: false }\n"
		   "gang: { reserve_after: 11, peer_grace: 12 }\n"
		   "health: { marks: 3, window: 13, probation: 14 }\n"
		   "watchdog: \"idle\", deadlock: 15, exclusive: \"none\", devices_env: \"A, B\"\n"
		   "devices: [2, 0]");
	assert_string_equal(pool_told(p), "");
	for (int i = 0; i < CLOCK_COUNT; i++)
		assert_true(s->budget_s[i] == (i == CLOCK_RUN ? 9 : i + 1));
	assert_true(s->stall_s == 8 && s->wall_s == 40 && s->session_s == 100);
	assert_true(s->max_runs == 3 && s->max_age_s == 90 && s->max_growth == 2048);
	assert_true(s->idle_s == 0 && !s->has_affinity && s->max_streak == 5);
	assert_true(s->reserve_after_s == 11 && s->peer_grace_s == 12);
	assert_true(s->health.marks == 3 && s->health.window_s == 13 &&
		    s->health.quarantine_s == 14);
	assert_true(s->watch == WATCH_IDLE && s->deadlock_s == 15);
	assert_true(!s->is_exclusive && !s->lock_dir);
	assert_string_equal(s->lend_variables[0], "A");
	assert_string_equal(s->lend_variables[1], "B");
	assert_null(s->lend_variables[2]);
	assert_int_equal(s->n_devices, 2);
	assert_int_equal(s->devices_pos.line, 10);
	assert_int_equal(s->caps, DVS_CAP_GANG);
	assert_true(s->stall_pos.line == 4 && s->stall_pos.col == 9);
	s = pool_read(p, "\nbudgets: { run: 9 }");
	assert_true(s->stall_pos.line == 4 && s->stall_pos.col == 10); /* where the key might be */
}

/* The least and the most that a number may be. */
static void numbers_have_bounds(void **state)
{
	static const struct pool_case good[] = {
		{"pool: { max_runs: 0, max_streak: 1 }", ""},
		{"pool: { max_runs: 4294967295, max_streak: 4294967295 }", ""},
		{"health: { marks: 1 }", ""},
		{"health: { marks: 8 }", ""},
	};
	static const char *const bad[] = {
		"pool: { max_runs: -1 }",   "pool: { max_runs: 4294967296 }",
		"pool: { max_streak: 0 }",  "pool: { max_streak: 4294967296 }",
		"health: { marks: 0 }",	    "health: { marks: 9 }",
		"watchdog: \"lazy\"",	    "exclusive: \"all\"",
		"budgets: { open: \"x\" }", "gang: { peer_grace: -1 }",
	};

	pool_check(*state, good, ARRAY_LEN(good));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pool *p = *state;

		assert_null(pool_read(p, bad[i]));
		assert_int_equal(p->diags.n_errors, 1);
		assert_int_equal(p->diags.first->pos.line, 3);
	}
}

static void unknown_keys_are_errors_everywhere(void **state)
{
	static const char *const texts[] = {"budget: {}", "budgets: { opn: 1 }", "pool: { age: 1 }",
					    "gang: { grace: 1 }", "health: { mark: 1 }"};
	struct pool *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		pool_read(p, texts[i]);
		assert_int_equal(p->diags.n_errors, 1);
		assert_non_null(strstr(pool_told(p), "unknown key"));
	}
}

/* A pool that the run does not use, with a driver that this machine does not have. */
static void keys_are_checked_without_a_look_at_the_machine(void **state)
{
	static const struct pool_case cases[] = {
		{"driver: \"/no/such/driver.so\", devices: \"0-99\", names: {}, numbered_by: "
		 "\"A\"\n"
		 "fault_domains: [], state_dir: \"mine\", seed: 1, options: { any: 1 }",
		 ""},
		{"drver: \"sim\"",
		 "2:1 'npu' needs a 'driver' [driver: \"sim\", or the path of a library; "
		 "docs/reference/devices.md]\n"
		 "2:3 unknown key 'drver' in npu [did you mean 'driver'?]\n"},
		{"driver: \"none\", options: 5, exclusive: 5",
		 "2:42 'exclusive' must be \"flock\" or \"none\", not 5\n"
		 "2:28 'options' must be an object, for the driver\n"},
		{"driver: \"none\", pool: { numa: 5, idl: 1 }",
		 "2:36 unknown key 'idl' in pool [did you mean 'idle'?]\n"},
	};
	struct pool *p = *state;
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pool_check_keys(p, cases[i].text);
		assert_string_equal(pool_told(p), cases[i].told);
	}
	assert_string_equal(pool_driver.driver, ""); /* not asked */
	snprintf(path, sizeof(path), "%s/mine", p->dir);
	assert_false(fs_exists(path));
}

static void a_pool_that_is_no_object_or_is_not_there_is_an_error(void **state)
{
	struct pool *p = *state;

	setenv("DVSCHED_LOCK_DIR", "/dev/null/locks", 1); /* nor is this error at any place */
	assert_null(pool_read_value(p, "5"));
	assert_true(p->diags.n_errors >= 2);
	p->env.settings = NULL;
	diags_done(&p->diags);
	diags_init(&p->diags);
	assert_null(chips_settings_read(p->mem, &p->env, &p->diags));
	assert_string_equal(
		pool_told(p),
		"0:0 the backend 'npu' is not configured [backends: { npu: { driver: \"sim\" } }; "
		"docs/reference/devices.md]\n");
}

/* ---- the order of clocks ---- */

static void what_is_nearer_to_the_device_ends_first(void **state)
{
#define HINT                                                                               \
	" [the clock that is nearest to the device must end first: it alone can say what " \
	"happened "                                                                        \
	"there]\n"
	static const struct {
		double inner_s;
		struct pool_case one;
	} cases[] = {
		{0, {"budgets: { stall: 5, run: 6 }", ""}},
		{0,
		 {"budgets: { stall: 5, run: 5 }",
		  "3:19 'stall' (5.00s) must be shorter than 'run' (5.00s)" HINT}},
		{0, {"budgets: { stall: 5 }", ""}},
		{4, {"budgets: { stall: 5, run: 6 }", ""}},
		{5,
		 {"budgets: { stall: 5, run: 6 }", "3:19 the driver's own watchdog (5.00s) must be "
						   "shorter than 'stall' (5.00s)" HINT}},
		{5,
		 {"budgets: { run: 5 }", "3:17 the driver's own watchdog (5.00s) must be shorter "
					 "than 'run' (5.00s)" HINT}},
		{5, {"", ""}},
		/* run + finish + grace: 5 + 6 + 2 */
		{0, {"budgets: { run: 5, finish: 6, wall: 14 }", ""}},
		{0,
		 {"budgets: { run: 5, finish: 6, wall: 13 }",
		  "3:37 run + finish + grace (13.0s) must be shorter than 'wall' (13.0s)" HINT}},
		{0, {"budgets: { finish: 6, wall: 1 }", ""}},
		/* queue, open, load, join, run, finish: a reset is no step of a run */
		{0, {"budgets: { queue: 1, run: 5, stall: 4, session: 487 }", ""}},
		{0,
		 {"budgets: { queue: 1, run: 5, session: 486 }",
		  "3:39 the sum of all budgets (8m06s) must be shorter than 'session' "
		  "(8m06s)" HINT}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pool_driver.facts.inner_watch_ns = (uint64_t)(cases[i].inner_s * 1e9);
		pool_check(*state, &cases[i].one, 1);
	}
}

/* ---- the driver ---- */

static void a_driver_is_a_name_or_a_path(void **state)
{
	struct pool *p = *state;

	assert_non_null(pool_read_all(p, "driver: \"./lib/../mine.so\""));
	assert_true(is_in(p, p->s->driver, "mine.so")); /* relative to the configuration */
	assert_string_equal(pool_driver.driver, p->s->driver);
	assert_non_null(pool_read_all(p, "driver: \"/lib/mine.so\""));
	assert_string_equal(p->s->driver, "/lib/mine.so");
}

static void a_driver_that_is_none_is_an_error(void **state)
{
	struct pool *p = *state;

	assert_null(pool_read_all(p, "devices: 1"));
	assert_string_equal(pool_told(p),
			    "2:1 'npu' needs a 'driver' [driver: \"sim\", or the path of a "
			    "library; docs/reference/devices.md]\n");
	assert_null(pool_read_all(p, "driver: 5"));
	assert_int_equal(p->diags.n_errors, 1); /* the key exists with a wrong type */
	assert_null(pool_read_all(p, "driver: \"smi\""));
	assert_int_equal(p->diags.n_errors, 1);
	assert_int_equal(p->diags.first->pos.col, 11);
	assert_string_equal(p->diags.first->hint, "did you mean 'sim'?");
	assert_null(pool_read_all(p, "driver: \"zzzzzzzz\""));
	assert_non_null(strstr(p->diags.first->hint, "`dvsched chips drivers` lists the drivers"));
}

static void a_library_that_a_built_in_name_hides_is_warned_of(void **state)
{
	struct pool *p = *state;
	char dir[64];

	snprintf(dir, sizeof(dir), "%s/drivers", p->dir);
	pool_put(p, "drivers/sim.so", "");
	setenv("DVSCHED_DRIVERS", dir, 1);
	assert_non_null(pool_read(p, ""));
	unsetenv("DVSCHED_DRIVERS");
	assert_int_equal(p->diags.n_warnings, 1);
	assert_non_null(strstr(pool_told(p), "2:11 driver 'sim' is the built-in one, not "));
	assert_non_null(strstr(pool_told(p), "/drivers/sim.so"));
	assert_string_equal(p->s->driver, "sim");
}

/* Keys of drivers are beside those of the pool or in `options`; the driver gets one object. */
static void a_driver_is_given_its_options(void **state)
{
	struct pool *p = *state;
	char text[256];

	assert_non_null(
		pool_read(p, "seed: 3, platform: \"a\", options: { x: [1, {}], y: \"z\" }"));
	snprintf(text, sizeof(text),
		 "{\"platform\":\"a\",\"seed\":3,\"x\":[1, {}],\"y\":\"z\",\"state_dir\":\"%s/"
		 "state\"}",
		 p->dir);
	assert_string_equal(p->s->options, text);
	assert_string_equal(pool_driver.options, text);
	assert_non_null(pool_read(p, ""));
	snprintf(text, sizeof(text), "{\"state_dir\":\"%s/state\"}", p->dir);
	assert_string_equal(p->s->options, text);
	assert_non_null(pool_read(p, "options: { state_dir: \"/mine\" }"));
	assert_string_equal(p->s->options, "{\"state_dir\":\"/mine\"}");
	assert_non_null(pool_read(p, "options: { x: 1\n x: 2\n state_dir: \"/mine\" }"));
	assert_int_equal(p->diags.n_warnings, 1); /* of two values of one key one counts */
	assert_string_equal(p->s->options, "{\"x\":2,\"state_dir\":\"/mine\"}");
	assert_null(pool_read(p, "options: 5"));
	assert_string_equal(pool_told(p), "3:10 'options' must be an object, for the driver\n");
}

/* The error of a driver has the position of the option that it names as a whole word. */
static void an_option_that_the_driver_refuses_has_its_place(void **state)
{
	static const struct {
		const char *error;
		unsigned line;
	} cases[] = {
		{"there is no soc like this", 5},
		{"soc", 5},
		{"'soc': no", 5},
		{"asoc, bsoc and soc", 5},
		{"mysoc", 2},
		{"soc_2", 2},
		{"soc2 is unknown", 2},
		{"_soc", 2},
		{"no seed", 4},
		{"seeds", 2},
		{"what is this", 2},
		{"seed and soc", 5},
	};
	struct pool *p = *state;

	pool_driver.facts.fault = DVS_CONFIG;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pool_driver.error = cases[i].error;
		assert_null(pool_read(p, "\nseed: 1\noptions: { soc: 1, so: 2 }"));
		assert_int_equal(p->diags.n_errors, 1);
		assert_int_equal(p->diags.n_infra, 0);
		assert_string_equal(p->diags.first->msg, cases[i].error);
		if (p->diags.first->pos.line != cases[i].line)
			fail_msg("%s: line %u", cases[i].error, p->diags.first->pos.line);
	}
}

static void a_driver_that_breaks_is_no_mistake_of_the_configuration(void **state)
{
	struct pool *p = *state;

	pool_driver.error = "driver sim died in probe()";
	assert_null(pool_read(p, "seed: 1"));
	assert_string_equal(pool_told(p), "2:11 driver sim died in probe()\n");
	assert_int_equal(p->diags.n_infra, 1);
}

/* A driver is not asked when the configuration is wrong anyway. */
static void no_driver_is_asked_after_an_error(void **state)
{
	struct pool *p = *state;

	assert_null(pool_read(p, "watchdog: \"lazy\""));
	assert_string_equal(pool_driver.driver, "");
}

/* ---- places ---- */

static void state_and_locks_have_their_places(void **state)
{
	struct pool *p = *state;
	char path[64];

	assert_non_null(pool_read(p, "state_dir: \"mine/of/it\""));
	assert_true(is_in(p, p->s->state_dir, "mine/of/it"));
	snprintf(path, sizeof(path), "%s/mine/of/it", p->dir);
	assert_int_equal(access(path, W_OK), 0); /* it was made */
	assert_true(is_in(p, p->s->lock_dir, "locks"));
}

static void a_place_that_cannot_be_used_is_no_mistake_of_the_configuration(void **state)
{
	struct pool *p = *state;
	char path[64];

	pool_put(p, "file", "");
	assert_null(pool_read(p, "state_dir: \"file/below\""));
	assert_int_equal(p->diags.n_errors, 1);
	assert_int_equal(p->diags.n_infra, 1);
	assert_int_equal(p->diags.first->pos.line, 3);
	assert_non_null(strstr(pool_told(p), "cannot keep the health of devices in "));
	assert_non_null(strstr(pool_told(p), "'state_dir' or $DVSCHED_STATE_DIR names another"));
	snprintf(path, sizeof(path), "%s/open", p->dir);
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_null(pool_read(p, "state_dir: \"open\""));
	assert_int_equal(p->diags.n_infra, 1);
	assert_int_equal(p->diags.n_errors, 1);
	snprintf(path, sizeof(path), "%s/file/locks", p->dir);
	setenv("DVSCHED_LOCK_DIR", path, 1);
	assert_null(pool_read(p, ""));
	assert_int_equal(p->diags.n_infra, 1);
	assert_int_equal(p->diags.first->pos.line, 2);
	assert_non_null(pool_read(p, "exclusive: \"none\"")); /* it needs none */
}

/* ---- variables of borrowers ---- */

static void variables_of_borrowers_are_names(void **state)
{
#define WRONG                                                             \
	"3:14 'devices_env' must be names of variables, each once [like " \
	"\"CUDA_VISIBLE_DEVICES\", or \"A,B\"]\n"
	static const struct pool_case cases[] = {
		{"devices_env: \"A_1\"", ""},	     {"devices_env: \"\"", ""},
		{"devices_env: [\"A\", \"B\"]", ""}, {"devices_env: []", ""},
		{"devices_env: \"A,A\"", WRONG},     {"devices_env: [\"A\", \"A\"]", WRONG},
		{"devices_env: [1]", WRONG},	     {"devices_env: [\"\"]", WRONG},
		{"devices_env: [1, \"A\"]", WRONG},  {"devices_env: 5", WRONG},
		{"devices_env: \"1A\"", WRONG},	     {"devices_env: {}", WRONG},
	};
	struct pool *p = *state;

	pool_check(p, cases, ARRAY_LEN(cases));
	pool_read(p, "devices_env: [\"A\", \"B\"]");
	assert_string_equal(p->s->lend_variables[0], "A");
	assert_string_equal(p->s->lend_variables[1], "B");
	assert_null(p->s->lend_variables[2]);
	pool_read(p, "devices_env: \"\"");
	assert_null(p->s->lend_variables[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(each_key_has_its_default),
		POOL_TEST(each_key_is_read),
		POOL_TEST(numbers_have_bounds),
		POOL_TEST(unknown_keys_are_errors_everywhere),
		POOL_TEST(keys_are_checked_without_a_look_at_the_machine),
		POOL_TEST(a_pool_that_is_no_object_or_is_not_there_is_an_error),
		POOL_TEST(what_is_nearer_to_the_device_ends_first),
		POOL_TEST(a_driver_is_a_name_or_a_path),
		POOL_TEST(a_driver_that_is_none_is_an_error),
		POOL_TEST(a_library_that_a_built_in_name_hides_is_warned_of),
		POOL_TEST(a_driver_is_given_its_options),
		POOL_TEST(an_option_that_the_driver_refuses_has_its_place),
		POOL_TEST(a_driver_that_breaks_is_no_mistake_of_the_configuration),
		POOL_TEST(no_driver_is_asked_after_an_error),
		POOL_TEST(state_and_locks_have_their_places),
		POOL_TEST(a_place_that_cannot_be_used_is_no_mistake_of_the_configuration),
		POOL_TEST(variables_of_borrowers_are_names),
	};

	return RUN(tests);
}
