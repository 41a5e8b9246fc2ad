/* SPDX-License-Identifier: Apache-2.0 */
/* Units of resources with numbers: each belongs to one job at a time, the lowest first. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "bed.h"
#include "cmocka_all.h"
#include "scheduler/backend.h"

static const uint32_t ports[] = {7, 8, 9, 20};

static void set_ports(struct bed *b, struct resource_limit *limit, uint32_t n)
{
	*limit = (struct resource_limit){.name = "PORT", .count = n, .units = ports};
	b->plan->limits = limit;
	b->plan->n_limits = 1;
}

/* The units of an attempt, in the results and in its environment. */
static void assert_had(const struct bed *b, const char *id, const char *json)
{
	const struct job_attempt *a = bed_find(b, id)->attempts;

	assert_non_null(a);
	if (json)
		assert_string_equal(job_attempt_resources(a), json);
	else
		assert_null(job_attempt_resources(a));
}

static struct fake_outcome of_length(const struct job *job, uint32_t attempt, void *ctx)
{
	(void)attempt, (void)ctx;
	return (struct fake_outcome){.status = JOB_PASSED,
				     .duration_s = job->spec->id[0] == 'l' ? 10 : 1};
}

static void the_lowest_free_units_are_given_out(void **state)
{
	struct resource_limit limit;
	struct bed b;

	(void)state;
	bed_init(&b, 5);
	set_ports(&b, &limit, 4);
	bed_resource(&b, bed_job(&b, "s1"), "PORT", 1);
	bed_resource(&b, bed_job(&b, "l2"), "PORT", 2);
	bed_resource(&b, bed_job(&b, "s3"), "PORT", 1);
	bed_resource(&b, bed_job(&b, "s4"), "PORT", 2);
	bed_job(&b, "s5");
	bed_backend(&b, NULL, of_length, 0);
	bed_go(&b);
	assert_had(&b, "s1", "{\"PORT\":[7]}");
	assert_had(&b, "l2", "{\"PORT\":[8,9]}");
	assert_had(&b, "s3", "{\"PORT\":[20]}");
	assert_had(&b, "s4", "{\"PORT\":[7,20]}"); /* released units, while l2 goes on */
	assert_had(&b, "s5", NULL);
	bed_done(&b);
}

/* Checks the environment of the attempt when it is submitted. */
static struct fake_outcome looks_at_env(const struct job *job, uint32_t attempt, void *ctx)
{
	const char *const *env = sched_job_env(job);
	struct bed *b = ctx;
	struct str *seen = b->ctx;

	for (; env && *env; env++)
		str_printf(seen, "%s ", *env);
	return (struct fake_outcome){.status = attempt == 1 ? JOB_FAILED : JOB_PASSED,
				     .reason = attempt == 1 ? REASON_EXIT : REASON_NONE,
				     .duration_s = 1};
}

static void a_retry_gets_units_of_its_own(void **state)
{
	_cleanup_(str_done) struct str seen = {0};
	struct resource_limit limit;
	struct job_spec *spec;
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	set_ports(&b, &limit, 2);
	spec = bed_job(&b, "a");
	bed_resource(&b, spec, "PORT", 2);
	bed_rules(spec)->retry.max = 1;
	b.ctx = &seen;
	bed_backend(&b, NULL, looks_at_env, 0);
	bed_go(&b);
	assert_string_equal(seen.s, "DVSCHED_RESOURCE_PORT=7,8 DVSCHED_RESOURCE_PORT=7,8 ");
	assert_had(&b, "a", "{\"PORT\":[7,8]}");
	bed_done(&b);
}

/* No unit is held by two jobs, with busy backends, failures and retries. */
struct holders {
	unsigned n[32], n_asked;
};

static void count_units(struct bed *b, const struct job *job, enum job_status was)
{
	struct holders *h = b->ctx;
	const char *at = job->attempts ? job_attempt_resources(job->attempts) : NULL;
	bool begins = job_status(job) == JOB_RUNNING;

	if (!at || (!begins && was != JOB_RUNNING))
		return;
	for (at = strchr(at, '['); *at != ']';) {
		unsigned long unit = strtoul(at + 1, (char **)(uintptr_t)&at, 10);

		assert_in_range(unit, 7, 20);
		h->n[unit] += begins ? 1 : -1u;
		assert_true(h->n[unit] <= 1);
	}
}

static struct fake_outcome by_chance(const struct job *job, uint32_t attempt, void *ctx)
{
	unsigned x = job->n * 2654435761u + attempt * 40503u;
	struct holders *h = ((struct bed *)ctx)->ctx;

	if (h->n_asked++ % 3 == 0)
		return (struct fake_outcome){.submit = SUBMIT_BUSY};
	return (struct fake_outcome){
		.status = x >> 9 & 1 ? JOB_PASSED : JOB_KILLED,
		.reason = x >> 9 & 1 ? REASON_NONE : REASON_LAUNCH,
		.duration_s = 1 + (x >> 11) % 7,
	};
}

static void a_unit_is_with_one_job_at_a_time(void **state)
{
	struct holders holders = {0};
	struct resource_limit limit;
	struct bed b;

	(void)state;
	bed_init(&b, 200);
	set_ports(&b, &limit, 4);
	for (unsigned i = 0; i < 200; i++) {
		struct job_spec *spec = bed_job(&b, "j%u", i);

		bed_rules(spec)->retry.max = 2;
		if (i % 5)
			bed_resource(&b, spec, "PORT", 1 + i % 3);
	}
	b.on_change = count_units;
	b.ctx = &holders;
	bed_backend(&b, NULL, by_chance, 3);
	bed_go(&b);
	for (size_t i = 0; i < ARRAY_LEN(holders.n); i++)
		assert_int_equal(holders.n[i], 0);
	bed_done(&b);
}

static void there_are_no_more_than_have_a_number(void **state)
{
	struct resource_limit limit, more = {.name = "PORT", .count = 5};
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	set_ports(&b, &limit, 4);
	bed_resource(&b, bed_job(&b, "a"), "PORT", 1);
	b.options.limits = &more;
	b.options.n_limits = 1;
	assert_int_equal(bed_load(&b), -1);
	assert_string_equal(bed_message(&b), "-R PORT=5: only 4 of them have a number");
	bed_done(&b);
}

static void the_command_lines_numbers_stand(void **state)
{
	static const uint32_t own[] = {1, 2};
	struct resource_limit limit, fewer = {.name = "PORT", .count = 2, .units = own};
	struct bed b;

	(void)state;
	bed_init(&b, 1);
	set_ports(&b, &limit, 4);
	bed_resource(&b, bed_job(&b, "a"), "PORT", 2);
	b.options.limits = &fewer;
	b.options.n_limits = 1;
	bed_go(&b);
	assert_had(&b, "a", "{\"PORT\":[1,2]}");
	bed_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_free_units_are_given_out),
		cmocka_unit_test(a_retry_gets_units_of_its_own),
		cmocka_unit_test(a_unit_is_with_one_job_at_a_time),
		cmocka_unit_test(there_are_no_more_than_have_a_number),
		cmocka_unit_test(the_command_lines_numbers_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
