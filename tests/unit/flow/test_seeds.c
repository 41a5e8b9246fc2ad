/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds: any length, the given ones first, the same base the same seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "flow/seeds.h"

#define TWO_TO_256_LESS_ONE \
	"115792089237316195423570985008687907853269984665640564039457584007913129639935"

static const char *next_seed(struct seeds *s, const char *block, const char *test, uint32_t index)
{
	return seeds_next(s, seeds_of_test(s, block, test), index);
}

static void low_bits_are_those_of_python(void **state)
{
	(void)state;
	assert_int_equal(seed_low_bits("0"), 0);
	assert_int_equal(seed_low_bits("7"), 7);
	assert_int_equal(seed_low_bits("4294967296"), 0);
	assert_int_equal(seed_low_bits("4294967303"), 7);
	assert_int_equal(seed_low_bits("-1"), 0xffffffffu);
	assert_int_equal(seed_low_bits(" -1_0 "), 0xfffffff6u);
	assert_int_equal(seed_low_bits(TWO_TO_256_LESS_ONE), 0xffffffffu);
	assert_int_equal(seed_low_bits("12345678901234567890123456789012"), 2426419732u);
	assert_int_equal(seed_low_bits("1234567890123456789012345678901_2"), 2426419732u);
	assert_int_equal(seed_low_bits("9999912345678901234567890123456789012"), 2426419732u);
	assert_int_equal(seed_low_bits("10000000000000000000000000000001"), 0x80000001u);
}

static void a_seed_is_written_as_the_number_that_it_is(void **state)
{
	static const char *const cases[][2] = {
		{"0", "0"},   {"7", "7"},
		{"007", "7"}, {"+8", "8"},
		{"-0", "0"},  {" -0_3 ", "-3"},
		{"000", "0"}, {TWO_TO_256_LESS_ONE, TWO_TO_256_LESS_ONE},
	};
	struct arena *mem = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(seed_number(mem, cases[i][0]), cases[i][1]);
	assert_null(seed_number(mem, "0x1"));
	arena_free(mem);
}

static void given_seeds_go_first_then_the_fixed_one(void **state)
{
	static const char *const given[] = {"11", "12", NULL};
	struct seeds s = {.given = given, .fixed = "5", .base = "b", .mem = arena_new()};

	(void)state;
	assert_string_equal(next_seed(&s, "uart", "a", 0), "11");
	assert_string_equal(next_seed(&s, "uart", "a", 1), "12");
	assert_string_equal(next_seed(&s, "uart", "b", 0), "5");
	assert_string_equal(next_seed(&s, "uart", "b", 1), "5");
	arena_free(s.mem);
}

/* Independent of other jobs and of the order. */
static void a_base_repeats_each_seed(void **state)
{
	struct arena *mem = arena_new();
	struct seeds a = {.base = "1", .mem = mem}, b = {.base = "1", .mem = mem},
		     c = {.base = "2", .mem = mem};
	const char *x = next_seed(&a, "uart", "smoke", 3);

	(void)state;
	next_seed(&b, "uart", "other", 0);
	assert_string_equal(next_seed(&b, "uart", "smoke", 3), x);
	assert_string_not_equal(next_seed(&a, "uart", "smoke", 4), x);
	assert_string_not_equal(next_seed(&a, "aes", "smoke", 3), x);
	assert_string_not_equal(next_seed(&c, "uart", "smoke", 3), x);
	assert_string_equal(seed_number(mem, x), x);
	assert_true(strlen(x) > 60 && strlen(x) < 79);
	arena_free(mem);
}

/* Plans of earlier versions have them: --seed-base repeats these, too. */
static void a_base_gives_these_seeds(void **state)
{
	static const char *const seeds[] = {
		"75798670804185491564015890721539888694900817455233313863439181058946782205266",
		"44223543408606382581220680220147513464657490254073325749898604824642427948047",
		"103716690671697824997876862578682875177991865354498523426816683847647455162348",
		"21059910753676789884168279239133558932904003232479045489444603145980676069111",
	};
	struct seeds s = {.base = "7", .mem = arena_new()};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(seeds); i++)
		assert_string_equal(next_seed(&s, "block", "test", i), seeds[i]);
	arena_free(s.mem);
}

static void where_a_name_ends_matters(void **state)
{
	struct arena *mem = arena_new();
	struct seeds s = {.base = "1", .mem = mem};

	(void)state;
	assert_string_not_equal(next_seed(&s, "ab", "c", 0), next_seed(&s, "a", "bc", 0));
	arena_free(mem);
}

static void new_bases_differ(void **state)
{
	struct arena *mem = arena_new();

	(void)state;
	assert_string_not_equal(seeds_new_base(mem), seeds_new_base(mem));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(low_bits_are_those_of_python),
		cmocka_unit_test(a_seed_is_written_as_the_number_that_it_is),
		cmocka_unit_test(given_seeds_go_first_then_the_fixed_one),
		cmocka_unit_test(a_base_repeats_each_seed),
		cmocka_unit_test(a_base_gives_these_seeds),
		cmocka_unit_test(where_a_name_ends_matters),
		cmocka_unit_test(new_bases_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
