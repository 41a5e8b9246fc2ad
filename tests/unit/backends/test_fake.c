/* SPDX-License-Identifier: Apache-2.0 */
/* The fake backend of a configuration: random outcomes, refused settings, and its use of a loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "backends/backends.h"
#include "backends/fake/fake.h"
#include "base/mem.h"
#include "config/config.h"
#include "scheduler/loop_host.h"
#include "scheduler/sched.h"

enum { N_JOBS = 200 };

struct run {
	struct ev_loop *loop;
	struct cfg *cfg;
	struct cfg_fields *settings;
	struct diags diags;
	struct plan *plan;
	struct job_rules rules;
	struct backend_key keys[2];
	struct backend *fake;
	struct loop_host *host;
	struct sched *s;
};

static struct cfg *load(const char *text, struct diags *diags)
{
	char path[] = "/tmp/dvsched-fake-XXXXXX";
	int fd = mkstemp(path);
	struct cfg *c;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	c = cfg_load(path, &(struct cfg_options){0}, diags);
	unlink(path);
	return c;
}

static struct cfg_fields *fields_of(struct run *r)
{
	struct hjson_node *all = hjson_get(cfg_root(r->cfg), "backends");

	return cfg_fields_new(r->cfg, hjson_get(all, "fake"), "backends.fake", &r->diags);
}

/* settings: the value of `backends`; NULL: the key is missing. */
static void make(struct run *r, const char *settings)
{
	struct backend_env env = {.clock = clock_real()};

	*r = (struct run){.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV)};
	diags_init(&r->diags);
	if (settings) {
		char *text = xasprintf("{ backends: %s }", settings);

		r->cfg = load(text, &r->diags);
		free(text);
		assert_non_null(r->cfg);
		r->settings = fields_of(r);
	}
	env.loop = r->loop;
	env.settings = r->settings;
	r->fake = backend_fake_create(&env, &r->diags);
}

static void add_jobs(struct run *r, unsigned n)
{
	static const char *const argv[] = {"true", NULL};
	static const struct job_block block = {"fake", "/scratch/fake", NULL};

	r->rules.target = "t";
	r->rules.cpus = 1;
	r->plan = plan_new();
	r->plan->jobs = arena_array(r->plan->mem, n, sizeof(struct job_spec));
	r->plan->n_jobs = n;
	for (unsigned i = 0; i < n; i++)
		r->plan->jobs[i] = (struct job_spec){
			.id = arena_printf(r->plan->mem, "cfg:job.%u", i),
			.name = arena_printf(r->plan->mem, "job.%u", i),
			.block = &block,
			.rules = &r->rules,
			.argv = argv,
		};
}

static int load_plan(struct run *r)
{
	r->host = loop_host_new(r->loop, NULL);
	r->s = sched_new(&(struct sched_options){0}, loop_host_get(r->host));
	sched_add_backend(r->s, r->fake, 1);
	return sched_load(r->s, r->plan, &r->diags);
}

static void run(struct run *r, unsigned n_jobs)
{
	add_jobs(r, n_jobs);
	assert_int_equal(load_plan(r), 0);
	loop_host_run(r->host, r->s);
	assert_true(sched_is_done(r->s));
}

static void done(struct run *r)
{
	sched_free(r->s);
	loop_host_free(r->host);
	if (r->fake)
		r->fake->ops->destroy(r->fake);
	plan_free(r->plan);
	if (r->settings)
		cfg_fields_end(r->settings);
	cfg_free(r->cfg);
	diags_done(&r->diags);
	ev_loop_destroy(r->loop);
}

static void without_settings_all_pass_in_virtual_time(void **state)
{
	double start_s = clock_now(clock_real());
	struct run r;

	(void)state;
	make(&r, NULL);
	run(&r, N_JOBS);
	assert_true(r.fake->caps.is_virtual);
	assert_int_equal(sched_tally(r.s)[JOB_PASSED], N_JOBS);
	assert_true(sched_job(r.s, 0)->attempts->duration_s == 1);
	assert_true(clock_now(clock_real()) - start_s < N_JOBS); /* not one second each */
	done(&r);
}

static void in_real_time_a_job_takes_its_time(void **state)
{
	double start_s = clock_now(clock_real());
	struct run r;

	(void)state;
	make(&r, "{ fake: { time: \"real\", duration: \"30ms\" } }");
	run(&r, 5);
	assert_false(r.fake->caps.is_virtual);
	assert_int_equal(sched_tally(r.s)[JOB_PASSED], 5);
	assert_true(clock_now(clock_real()) - start_s >= 0.03);
	done(&r);
}

static char *letters_of(const char *settings)
{
	char *letters = xcalloc(N_JOBS + 1, 1);
	struct run r;

	make(&r, settings);
	run(&r, N_JOBS);
	for (unsigned i = 0; i < N_JOBS; i++)
		letters[i] = job_status_letter(job_status(sched_job(r.s, i)));
	done(&r);
	return letters;
}

static unsigned count(const char *letters, char letter)
{
	unsigned n = 0;

	while (*letters)
		n += *letters++ == letter;
	return n;
}

static void draws_go_by_the_seed_and_the_rate(void **state)
{
	char *one = letters_of("{ fake: { seed: 1, pass_rate: 0.5 } }");
	char *same = letters_of("{ fake: { seed: 1, pass_rate: 0.5, duration: \"1s..9s\" } }");
	char *other = letters_of("{ fake: { seed: 2, pass_rate: 0.5 } }");

	(void)state;
	assert_string_equal(one, same);
	assert_string_not_equal(one, other);
	assert_in_range(count(one, 'P'), N_JOBS / 4, N_JOBS * 3 / 4);
	assert_int_equal(count(one, 'P') + count(one, 'F'), N_JOBS);
	free(one);
	free(same);
	free(other);
}

static void durations_lie_in_their_range_and_differ(void **state)
{
	double least_s = 1e9, most_s = 0;
	struct run r;

	(void)state;
	make(&r, "{ fake: { duration: \"1s..10s\" } }");
	run(&r, N_JOBS);
	for (unsigned i = 0; i < N_JOBS; i++) {
		double s = sched_job(r.s, i)->attempts->duration_s;

		least_s = s < least_s ? s : least_s;
		most_s = s > most_s ? s : most_s;
	}
	assert_true(least_s > 0.999 && least_s < 2);
	assert_true(most_s > 9 && most_s < 10.001);
	done(&r);
}

static void the_first_glob_that_matches_decides(void **state)
{
	static const struct {
		unsigned job;
		enum job_status status;
		enum job_reason reason;
	} cases[] = {
		{0, JOB_FAILED, REASON_EXIT},	 {1, JOB_KILLED, REASON_SCRIPTED},
		{2, JOB_KILLED, REASON_TIMEOUT}, {3, JOB_KILLED, REASON_LAUNCH},
		{4, JOB_KILLED, REASON_REFUSED}, {5, JOB_KILLED, REASON_LOST},
		{6, JOB_PASSED, REASON_NONE},	 {7, JOB_FAILED, REASON_EXIT},
	};
	struct run r;

	(void)state;
	make(&r, "{ fake: { outcomes: { \"job.0\": \"fail\", \"cfg:job.1\": \"kill\", job.2: "
		 "\"timeout\"\n"
		 "\"job.3\": \"launch\", \"job.4\": \"refuse\", \"job.5\": \"lost\", \"job.6\": "
		 "\"pass\"\n"
		 "\"job.[0-6]\": \"timeout\", \"*\": \"fail\" } } }");
	run(&r, 8);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(job_status(sched_job(r.s, cases[i].job)), cases[i].status);
		assert_int_equal(sched_job(r.s, cases[i].job)->reason, cases[i].reason);
	}
	done(&r);
}

static void a_jobs_own_words_win(void **state)
{
	struct run r;

	(void)state;
	make(&r, "{ fake: { outcomes: { \"*\": \"pass\" } } }");
	r.keys[0] = (struct backend_key){"fake", "outcome", "fail", "\"fail\"", {0}};
	r.keys[1] = (struct backend_key){"fake", "duration", "3s", "\"3s\"", {0}};
	r.rules.backend_keys = r.keys;
	r.rules.n_backend_keys = 2;
	run(&r, 1);
	assert_int_equal(job_status(sched_job(r.s, 0)), JOB_FAILED);
	assert_true(sched_job(r.s, 0)->attempts->duration_s == 3);
	done(&r);
}

static void a_jobs_timeout_comes_before_its_end(void **state)
{
	struct run r;

	(void)state;
	make(&r, "{ fake: { duration: \"9s\" } }");
	r.rules.timeout_s = 4;
	run(&r, 1);
	assert_int_equal(sched_job(r.s, 0)->reason, REASON_TIMEOUT);
	assert_true(sched_job(r.s, 0)->attempts->duration_s == 4);
	done(&r);
}

static void bad_keys_of_a_job_are_reported_where_they_stand(void **state)
{
	static const struct {
		const char *key, *value, *message, *hint;
	} cases[] = {
		{"outcome", "fial", "the fake backend has no outcome 'fial'",
		 "did you mean 'fail'?"},
		{"outcome", "unheard-of", "the fake backend has no outcome 'unheard-of'",
		 "one of pass, fail, kill, timeout, launch, refuse, lost"},
		{"duratoin", "3s", "unknown key 'duratoin' in fake", "did you mean 'duration'?"},
		{"duration", "9s..3s", "'9s..3s' is not a duration or a range of them",
		 "like \"3s\" or \"1s..10s\""},
		{"duration", "soon", "'soon' is not a duration or a range of them",
		 "like \"3s\" or \"1s..10s\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct run r;

		make(&r, NULL);
		r.keys[0] = (struct backend_key){
			"fake", cases[i].key, cases[i].value, "null", {"a.hjson", 7, 9}};
		r.rules.backend_keys = r.keys;
		r.rules.n_backend_keys = 1;
		add_jobs(&r, 3);
		assert_int_equal(load_plan(&r), -1);
		assert_int_equal(r.diags.n_errors, 1); /* not once per job */
		assert_string_equal(r.diags.first->msg, cases[i].message);
		assert_string_equal(r.diags.first->hint, cases[i].hint);
		assert_int_equal(r.diags.first->pos.line, 7);
		done(&r);
	}
}

static void bad_settings_are_refused(void **state)
{
	static const char *const cases[] = {
		"{ fake: { tiem: \"real\" } }",
		"{ fake: { time: \"imaginary\" } }",
		"{ fake: { pass_rate: 1.5 } }",
		"{ fake: { duration: \"10s..1s\" } }",
		"{ fake: { duration: [] } }",
		"{ fake: { outcomes: { \"*\": \"perhaps\" } } }",
		"{ fake: { outcomes: [\"pass\"] } }",
		"{ fake: 3 }",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct run r;
		struct cfg_fields *again;
		unsigned n;

		make(&r, cases[i]);
		cfg_fields_end(r.settings); /* unknown keys, as their backend does */
		r.settings = NULL;
		n = r.diags.n_errors;
		assert_true(n >= 1);
		assert_non_null(r.diags.first->pos.file);
		again = fields_of(&r);
		backend_fake_check_settings("fake", again);
		cfg_fields_end(again);
		assert_int_equal(r.diags.n_errors, 2 * n); /* the same ones */
		done(&r);
	}
}

static void the_registry_has_types_and_names_in_one_order(void **state)
{
	size_t n = 0;

	(void)state;
	for (; backend_types[n]; n++)
		assert_string_equal(backend_types[n]->name, backend_names[n]);
	assert_true(n >= 5);
	assert_null(backend_names[n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_settings_all_pass_in_virtual_time),
		cmocka_unit_test(in_real_time_a_job_takes_its_time),
		cmocka_unit_test(draws_go_by_the_seed_and_the_rate),
		cmocka_unit_test(durations_lie_in_their_range_and_differ),
		cmocka_unit_test(the_first_glob_that_matches_decides),
		cmocka_unit_test(a_jobs_own_words_win),
		cmocka_unit_test(a_jobs_timeout_comes_before_its_end),
		cmocka_unit_test(bad_keys_of_a_job_are_reported_where_they_stand),
		cmocka_unit_test(bad_settings_are_refused),
		cmocka_unit_test(the_registry_has_types_and_names_in_one_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
