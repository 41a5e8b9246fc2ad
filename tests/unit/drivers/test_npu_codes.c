/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/npu_codes.h"

#include "../base/unit.h"

struct expectation {
	int32_t code;
	enum dvs_class class, fresh;
};

/* The codes of the manuals and of experience, as an independent second table. */
static const struct expectation known[] = {
	{0, DVS_OK, DVS_OK},
	{100000, DVS_CONFIG, DVS_CONFIG},
	{100001, DVS_CONFIG, DVS_CONFIG},
	{100002, DVS_OK, DVS_OK},
	{107001, DVS_CONFIG, DVS_CONFIG},
	{107002, DVS_CONFIG, DVS_CONFIG},
	{107003, DVS_CONFIG, DVS_CONFIG},
	{107017, DVS_CONFIG, DVS_CONFIG},
	{107019, DVS_TIMEOUT, DVS_TIMEOUT},
	{107020, DVS_TIMEOUT, DVS_TIMEOUT},
	{107022, DVS_POISON, DVS_POISON},
	{107023, DVS_POISON, DVS_POISON},
	{207000, DVS_UNSUPPORTED, DVS_UNSUPPORTED},
	{207001, DVS_JOB, DVS_JOB},
	{207004, DVS_CONFIG, DVS_CONFIG},
	{207005, DVS_BUSY, DVS_BUSY},
	{207006, DVS_CONFIG, DVS_CONFIG}, /* a permission does not change while the job waits */
	{207007, DVS_BUSY, DVS_BUSY},
	{207008, DVS_BUSY, DVS_BUSY},
	{207009, DVS_BUSY, DVS_BUSY},
	{207010, DVS_BUSY, DVS_BUSY},
	{207018, DVS_JOB, DVS_JOB},
	{507000, DVS_POISON, DVS_POISON},
	{507001, DVS_POISON, DVS_POISON},
	{507010, DVS_WEDGE, DVS_WEDGE},
	{507014, DVS_STALL, DVS_STALL},
	{507015, DVS_JOB, DVS_JOB},
	{507016, DVS_JOB, DVS_JOB},
	{507017, DVS_STALL, DVS_STALL},
	{507018, DVS_POISON, DVS_POISON},
	{507033, DVS_POISON, DVS_WEDGE},
	{507034, DVS_STALL, DVS_STALL},
	{507035, DVS_JOB, DVS_JOB},
	{507036, DVS_JOB, DVS_JOB},
	{507042, DVS_JOB, DVS_JOB},
	{507043, DVS_JOB, DVS_JOB},
	{507044, DVS_JOB, DVS_JOB},
	{507045, DVS_JOB, DVS_JOB},
	{507046, DVS_TIMEOUT, DVS_TIMEOUT},
	{507047, DVS_TIMEOUT, DVS_TIMEOUT},
	{507048, DVS_STALL, DVS_STALL},
	{507049, DVS_JOB, DVS_JOB},
	{507050, DVS_JOB, DVS_JOB},
	{507053, DVS_WEDGE, DVS_WEDGE},
	{507054, DVS_WEDGE, DVS_WEDGE},
	{507055, DVS_WEDGE, DVS_WEDGE},
	{507056, DVS_WEDGE, DVS_WEDGE},
	{507057, DVS_WEDGE, DVS_WEDGE},
	{507899, DVS_POISON, DVS_WEDGE},
	{507900, DVS_POISON, DVS_WEDGE},
	{507901, DVS_POISON, DVS_WEDGE},
	{-1, DVS_POISON, DVS_POISON},
	{-2, DVS_JOB, DVS_JOB},
	{-5, DVS_JOB, DVS_JOB},
	{-9, DVS_JOB, DVS_JOB},
	{-11, DVS_JOB, DVS_JOB},
	{-100, DVS_STALL, DVS_STALL},
	{-101, DVS_JOB, DVS_JOB},
	{-103, DVS_JOB, DVS_JOB},
	{-104, DVS_JOB, DVS_JOB},
};

static void every_code_has_its_class_in_an_old_process_and_in_a_fresh_one(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
		const char *name = NULL, *hint = NULL;

		assert_int_equal(npu_classify(known[i].code, 0, &name, &hint), known[i].class);
		assert_non_null(name);
		assert_int_equal(npu_classify(known[i].code, 1, &name, &hint), known[i].fresh);
	}
}

static void a_code_that_nobody_knows_is_poison_and_says_so(void **state)
{
	static const int32_t unknown[] = {1, -12, -99, -105, 507034 + 1000, INT32_MAX, INT32_MIN};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		const char *name = "x", *hint = NULL;

		assert_null(npu_code_find(unknown[i]));
		assert_int_equal(npu_classify(unknown[i], 0, &name, &hint), DVS_POISON);
		assert_null(name);
		assert_non_null(hint);
	}
}

static void an_unknown_refusal_marks_no_device(void **state)
{
	const char *hint = NULL;

	(void)state;
	assert_int_equal(npu_classify(107099, 1, NULL, &hint), DVS_CONFIG);
	assert_non_null(hint);
	assert_int_equal(npu_classify(207099, 1, NULL, NULL), DVS_POISON);
}

static void the_first_error_is_the_cause(void **state)
{
	static const struct {
		int32_t seen[4], cause;
	} cases[] = {
		{{0}, 0},
		{{100002}, 0},
		{{507015, 507899, 507901}, 507015},
		{{507015, 507018, 207001}, 507015},
		{{507046, 507014}, 507046},
		/* The code that was seen first is a consequence of the code that was queried later.
		 */
		{{507899, 507015}, 507015},
		{{107022, 507010, 507899}, 507010},
		{{507899, 507901}, 507899},
		/* An error of the clean-up is not the cause. */
		{{207001, 107002}, 207001},
		{{207001, 507899}, 207001},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		int32_t cause = 0;

		for (unsigned k = 0; k < ARRAY_LEN(cases[i].seen); k++)
			cause = npu_code_cause(cause, cases[i].seen[k]);
		assert_int_equal(cause, cases[i].cause);
	}
}

static void the_rows_are_in_order_and_none_overlaps(void **state)
{
	const struct npu_code *was = npu_code_row(0), *row;

	(void)state;
	assert_true(was->first <= was->last);
	for (unsigned i = 1; (row = npu_code_row(i)); i++, was = row) {
		assert_true(row->first <= row->last);
		assert_true(was->last < row->first);
	}
}

/* An exception of a core is a failure of the job, but the process cannot be used any more. */
static void what_a_process_does_not_survive_is_distinguished_from_whose_fault_it_is(void **state)
{
	static const int32_t poisons[] = {507015, 507018, 507046, 507899, -1};
	static const int32_t harmless[] = {-100, -5, 107020, 207005, 207018, 100000};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(poisons); i++)
		assert_true(npu_code_find(poisons[i])->poisons);
	for (unsigned i = 0; i < ARRAY_LEN(harmless); i++)
		assert_false(npu_code_find(harmless[i])->poisons);
}

static void what_only_follows_another_error_is_marked(void **state)
{
	static const int32_t fallout[] = {-1,	  107022, 107023, 207001,
					  207018, 507899, 507900, 507901};
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(fallout); i++)
		assert_true(npu_code_find(fallout[i])->is_fallout);
	for (unsigned i = 0; npu_code_row(i); i++)
		n += npu_code_row(i)->is_fallout;
	assert_int_equal(n, ARRAY_LEN(fallout));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_class_in_an_old_process_and_in_a_fresh_one),
		cmocka_unit_test(a_code_that_nobody_knows_is_poison_and_says_so),
		cmocka_unit_test(an_unknown_refusal_marks_no_device),
		cmocka_unit_test(the_first_error_is_the_cause),
		cmocka_unit_test(the_rows_are_in_order_and_none_overlaps),
		cmocka_unit_test(
			what_a_process_does_not_survive_is_distinguished_from_whose_fault_it_is),
		cmocka_unit_test(what_only_follows_another_error_is_marked),
	};

	return RUN(tests);
}
