/* SPDX-License-Identifier: Apache-2.0 */
/* The rule that distinguishes a hanging helper from a slow one, check by check. */
#include "io/vigil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static enum vigil_act look(struct vigil_memory *m, struct vigil_sight sight)
{
	return vigil_judge(m, &vigil_limits_default, &sight);
}

static unsigned looks_of(double s)
{
	return (unsigned)(s / vigil_limits_default.look_s);
}

static void who_answers_is_well_in_any_state(void **state)
{
	struct vigil_memory m = {0};

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(
			look(&m, (struct vigil_sight){.state = "RSD"[i % 3], .has_answered = true}),
			VIGIL_WAIT);
}

static void who_is_slow_but_moves_is_well(void **state)
{
	struct vigil_memory m = {0};

	(void)state;
	for (uint64_t i = 1; i < 10000; i++)
		assert_int_equal(look(&m, (struct vigil_sight){.state = 'R', .cpu_ticks = i}),
				 VIGIL_WAIT);
	for (uint64_t i = 1; i < 10000; i++)
		assert_int_equal(look(&m, (struct vigil_sight){.state = 'D', .switches = i}),
				 VIGIL_WAIT);
}

static void a_limit_of_the_work_shortens_the_wait_but_not_the_warning(void **state)
{
	struct vigil_limits l = vigil_limits_default;

	(void)state;
	vigil_shorten(&l, 1000);
	assert_true(l.kill_s == 900);
	vigil_shorten(&l, 300);
	assert_true(l.kill_s == 300);
	vigil_shorten(&l, 3);
	assert_true(l.kill_s == 65 && l.warn_s == 60);
}

static void a_silent_slot_is_reported_once_and_killed_much_later(void **state)
{
	static const char states[] = "DSRt";

	(void)state;
	for (size_t s = 0; states[s]; s++) {
		struct vigil_sight sight = {.state = states[s], .cpu_ticks = 7, .switches = 9};
		struct vigil_memory m = {.cpu_ticks = 7, .switches = 9};

		for (unsigned i = 1; i < looks_of(900); i++)
			assert_int_equal(look(&m, sight),
					 i == looks_of(60) ? VIGIL_WARN : VIGIL_WAIT);
		assert_int_equal(look(&m, sight), VIGIL_KILL);
	}
}

static void one_sign_of_life_begins_anew(void **state)
{
	struct vigil_sight hangs = {.state = 'D', .switches = 9},
			   moved = {.state = 'D', .switches = 10};
	struct vigil_memory m = {.switches = 9};

	(void)state;
	for (unsigned i = 1; i < looks_of(900); i++)
		look(&m, hangs);
	assert_int_equal(look(&m, moved), VIGIL_WAIT);
	for (unsigned i = 1; i < looks_of(900); i++)
		assert_int_equal(look(&m, moved), i == looks_of(60) ? VIGIL_WARN : VIGIL_WAIT);
}

static void who_is_stopped_is_continued_three_times_and_then_killed(void **state)
{
	struct vigil_sight stopped = {.state = 'T', .has_answered = true};
	struct vigil_sight runs = {.state = 'S', .has_answered = true};
	struct vigil_memory m = {0};

	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		assert_int_equal(look(&m, stopped), VIGIL_WAIT);
		assert_int_equal(look(&m, stopped), VIGIL_WAIT);
		assert_int_equal(look(&m, stopped), n < 3 ? VIGIL_CONTINUE : VIGIL_KILL);
		assert_int_equal(look(&m, runs), VIGIL_WAIT);
	}
}

/* As after a suspend of all processes: the helper continues a moment later than this process. */
static void a_short_stop_is_none(void **state)
{
	struct vigil_sight stopped = {.state = 'T'}, runs = {.state = 'S', .has_answered = true};
	struct vigil_memory m = {0};

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(look(&m, stopped), VIGIL_WAIT);
		assert_int_equal(look(&m, stopped), VIGIL_WAIT);
		assert_int_equal(look(&m, runs), VIGIL_WAIT);
	}
}

static void who_has_ended_is_gone(void **state)
{
	struct vigil_memory m = {0};

	(void)state;
	assert_int_equal(look(&m, (struct vigil_sight){.state = 'Z'}), VIGIL_GONE);
	assert_int_equal(look(&m, (struct vigil_sight){.state = 0}), VIGIL_GONE);
}

/* A descriptor may be missing, or a mount may cover /proc. */
static void who_cannot_be_looked_at_is_there(void **state)
{
	struct rlimit files, none;
	struct vigil_sight sight;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = (struct rlimit){0, files.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	sight = vigil_look(getpid());
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(sight.state, '?');
	sight.has_answered = true;
	assert_int_equal(look(&(struct vigil_memory){0}, sight), VIGIL_WAIT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_answers_is_well_in_any_state),
		cmocka_unit_test(who_is_slow_but_moves_is_well),
		cmocka_unit_test(a_limit_of_the_work_shortens_the_wait_but_not_the_warning),
		cmocka_unit_test(a_silent_slot_is_reported_once_and_killed_much_later),
		cmocka_unit_test(one_sign_of_life_begins_anew),
		cmocka_unit_test(who_is_stopped_is_continued_three_times_and_then_killed),
		cmocka_unit_test(a_short_stop_is_none),
		cmocka_unit_test(who_has_ended_is_gone),
		cmocka_unit_test(who_cannot_be_looked_at_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
