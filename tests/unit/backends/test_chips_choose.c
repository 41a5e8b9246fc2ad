/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/unit.h"
#include "backends/chips/chips.h"

enum { N = 6 };

struct rig {
	struct chips c;
	struct chips_device devices[N];
	struct unit units[N];
	struct chips_request q;
	struct job job;
	struct chips_job j;
	struct past past[4];
	struct unit *chosen[N];
	bool is_ready;
	char text[64];
};

static char opened_with[] = "{}", other_options[] = "{\"runtime\":\"trb\"}";

static void rig_init(struct rig *r)
{
	*r = (struct rig){.q = {.n_devices = 1, .open_options = "{}", .image_key = 7}};
	r->c = (struct chips){
		.clock = clock_real(), .units = r->units, .n_units = N, .past = {.at = r->past}};
	r->j = (struct chips_job){.chips = &r->c, .job = &r->job, .request = &r->q};
	for (int i = 0; i < N; i++) {
		r->devices[i] = (struct chips_device){.id = i, .domain = i / 2};
		r->units[i] = (struct unit){.chips = &r->c,
					    .device = &r->devices[i],
					    .state = UNIT_IDLE,
					    .open_options = opened_with};
	}
}

/* The chosen devices, "1 2"; "none". */
static const char *choose(struct rig *r, const bool *reserved)
{
	size_t at = 0;

	if (!chips_choose(&r->c, &r->j, reserved, r->chosen, &r->is_ready))
		return "none";
	r->text[0] = '\0';
	for (uint32_t i = 0; i < r->q.n_devices; i++)
		at += (size_t)snprintf(r->text + at, sizeof(r->text) - at, "%s%d", i ? " " : "",
				       r->chosen[i]->device->id);
	return r->text;
}

static void what_has_least_to_do_comes_first(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.units[0].state = UNIT_CLOSED;
	r.units[1].open_options = other_options;
	r.units[4].image_key = 7;
	r.q.n_devices = 6;
	assert_string_equal(choose(&r, NULL), "4 2 3 5 0 1");
}

static void who_borrows_gets_what_nobody_has_open(void **state)
{
	struct holder somebody = {0};
	struct rig r;

	(void)state;
	rig_init(&r);
	r.q.is_borrowed = true;
	r.q.image_key = 0; /* as of a worker that has loaded nothing */
	r.units[1].holder = &somebody;
	r.units[4].state = UNIT_CLOSED;
	r.q.n_devices = 3;
	assert_string_equal(choose(&r, NULL), "4 0 2");
	r.q.n_devices = 6;
	assert_string_equal(choose(&r, NULL), "none");
}

static void only_free_and_usable_ones(void **state)
{
	struct holder somebody = {0};
	struct rig r;

	(void)state;
	rig_init(&r);
	r.units[0].holder = &somebody;
	r.units[1].health.state = HEALTH_QUARANTINED;
	r.units[2].state = UNIT_DYING; /* freed when it is reaped, not before */
	r.units[3].retry_at_s = 1e12;  /* another dvsched has it */
	r.units[4].state = UNIT_LENT;
	assert_string_equal(choose(&r, NULL), "5");
	r.q.n_devices = 2;
	assert_string_equal(choose(&r, NULL), "none"); /* all or nothing */
}

static void a_retry_goes_elsewhere_if_there_is_an_elsewhere(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.past[0] = (struct past){0, 0, DVS_STALL};
	r.c.past.n = 1;
	assert_string_equal(choose(&r, NULL), "1");
	for (int i = 1; i < N; i++)
		r.units[i].health.state = HEALTH_DEAD;
	assert_string_equal(choose(&r, NULL), "0");
}

static void one_domain_if_that_is_asked_for(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.q.n_devices = 2;
	r.q.same_domain = true;
	r.units[0].health.state = HEALTH_DEAD;
	assert_string_equal(choose(&r, NULL), "2 3");
	r.q.n_devices = 3;
	assert_string_equal(choose(&r, NULL), "none");
	r.q.n_devices = 1;
	r.devices[1].domain = -1; /* a domain of its own */
	assert_string_equal(choose(&r, NULL), "1");
}

static void what_is_reserved_is_left_alone(void **state)
{
	static const bool reserved[N] = {true, true, true, true, true, false};
	struct rig r;

	(void)state;
	rig_init(&r);
	assert_string_equal(choose(&r, reserved), "5");
	r.q.n_devices = 2;
	assert_string_equal(choose(&r, reserved), "none");
}

static void suspects_and_canaries_come_last(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.units[0].health.state = HEALTH_SUSPECT;
	r.units[1].health.state = HEALTH_PROBATION;
	assert_string_equal(choose(&r, NULL), "2");
	r.q.n_devices = 6;
	assert_string_equal(choose(&r, NULL), "2 3 4 5 0 1");
}

/* For a gang one on probation is worse than two suspects, for a single job it is not. */
static void a_gang_rather_takes_suspects_than_a_canary(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	r.q.n_devices = 2;
	r.q.same_domain = true;
	r.units[0].health.state = HEALTH_PROBATION;
	r.units[0].image_key = r.units[1].image_key = 7;
	r.units[2].health.state = r.units[3].health.state = HEALTH_SUSPECT;
	r.units[4].health.state = HEALTH_DEAD;
	assert_string_equal(choose(&r, NULL), "2 3");
	r.units[2].health.state = HEALTH_DEAD;
	assert_string_equal(choose(&r, NULL), "1 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_least_to_do_comes_first),
		cmocka_unit_test(who_borrows_gets_what_nobody_has_open),
		cmocka_unit_test(only_free_and_usable_ones),
		cmocka_unit_test(a_retry_goes_elsewhere_if_there_is_an_elsewhere),
		cmocka_unit_test(one_domain_if_that_is_asked_for),
		cmocka_unit_test(what_is_reserved_is_left_alone),
		cmocka_unit_test(suspects_and_canaries_come_last),
		cmocka_unit_test(a_gang_rather_takes_suspects_than_a_canary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
