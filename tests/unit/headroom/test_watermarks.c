/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "headroom/watermarks.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static const struct free_space plenty = {
	.n_disks = 2,
	.disk = {{"/scratch", 900 * GIB, 1000 * GIB, 900000, 1000000},
		 {"/tmp", 9 * GIB, 10 * GIB, 9000, 10000}},
	.memory_bytes = 30 * GIB,
	.memory_total = 32 * GIB,
};
static const struct watermark_limits usual = {WATERMARK_DEFAULT, WATERMARK_DEFAULT,
					      WATERMARK_DEFAULT};

static void each_measure_has_a_default_that_fits_its_size(void **state)
{
	static const struct {
		const char *name;
		struct free_space_disk tmp;
		uint64_t memory, total;
		double pressure;
		enum watermark low;
		const char *why;
	} cases[] = {
		{"enough",
		 {"/tmp", 64 * MIB, 10 * GIB, 1000, 100000},
		 256 * MIB,
		 32 * GIB,
		 0.5,
		 0,
		 ""},
		{"space",
		 {"/tmp", 64 * MIB - 1024, 10 * GIB, 9000, 10000},
		 GIB,
		 32 * GIB,
		 0,
		 WATERMARK_SPACE,
		 "the file system of /tmp has 63 MiB free, less than 64 MiB (the default; "
		 "--min-free-space changes it)"},
		{"small disk",
		 {"/tmp", 10240, 1 * MIB, 9000, 10000},
		 GIB,
		 32 * GIB,
		 0,
		 WATERMARK_SPACE,
		 "the file system of /tmp has 10240 bytes free, less than 10485 bytes (the "
		 "default; --min-free-space changes it)"},
		{"inodes",
		 {"/tmp", GIB, 10 * GIB, 99, 10000},
		 GIB,
		 32 * GIB,
		 0,
		 WATERMARK_INODES,
		 "the file system of /tmp has 99 inodes free, less than 100 (the default; "
		 "--min-free-inodes changes it)"},
		{"no limit of inodes", {"/tmp", GIB, 10 * GIB, 0, 0}, GIB, 32 * GIB, 0, 0, ""},
		{"an unknown disk", {"/tmp", 0, 0, 0, 0}, GIB, 32 * GIB, 0, 0, ""},
		{"memory",
		 {"/tmp", GIB, 10 * GIB, 9000, 10000},
		 255 * MIB,
		 32 * GIB,
		 0,
		 WATERMARK_MEMORY,
		 "255 MiB of memory are available, less than 256 MiB (the default; "
		 "--min-free-memory changes it)"},
		{"small machine", {"/tmp", GIB, 10 * GIB, 9000, 10000}, 21 * MIB, GIB, 0, 0, ""},
		{"pressure",
		 {"/tmp", GIB, 10 * GIB, 9000, 10000},
		 GIB,
		 32 * GIB,
		 0.6,
		 WATERMARK_PRESSURE,
		 "processes waited for memory in 60 % of the last 10 s"},
		{"unknown memory", {"/tmp", GIB, 10 * GIB, 9000, 10000}, 0, 0, 0, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct watermarks w = {.limits = usual};
		struct free_space left = plenty;
		struct str why = {0};

		left.disk[1] = cases[i].tmp;
		left.memory_bytes = cases[i].memory;
		left.memory_total = cases[i].total;
		left.memory_pressure = cases[i].pressure;
		if (watermarks_take(&w, &left, &why) != cases[i].low)
			fail_msg("%s", cases[i].name);
		assert_string_equal(why.s ? why.s : "", cases[i].why);
		str_done(&why);
	}
}

/* A reason that reads "has 0 KiB free, less than 0 KiB" explains nothing. */
static void two_sizes_of_a_reason_differ(void **state)
{
	static const struct {
		uint64_t is, limit;
		const char *want;
	} cases[] = {
		{0, 1, "0 bytes free, less than 1 byte"},
		{1023, 1024, "1023 bytes free, less than 1 KiB"},
		{1024, 2047, "1024 bytes free, less than 2047 bytes"},
		{3 * MIB, 64 * MIB, "3072 KiB free, less than 64 MiB"},
		{64 * MIB - 1, 64 * MIB, "63 MiB free, less than 64 MiB"},
		{64 * MIB, 64 * MIB + 1024, "65536 KiB free, less than 65537 KiB"},
		{20 * GIB - MIB, 20 * GIB, "20479 MiB free, less than 20480 MiB"},
		{11 * GIB, 20 * GIB, "11.0 GiB free, less than 20.0 GiB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct watermarks w = {.limits = {.space = cases[i].limit}};
		struct free_space left = {.n_disks = 1,
					  .disk = {{"/d", cases[i].is, 1000 * GIB, 0, 0}}};
		char want[120];
		struct str why = {0};

		assert_int_equal(watermarks_take(&w, &left, &why), WATERMARK_SPACE);
		snprintf(want, sizeof(want), "the file system of /d has %s (--min-free-space)",
			 cases[i].want);
		assert_string_equal(why.s, want);
		str_done(&why);
	}
}

static void a_limit_of_zero_is_none(void **state)
{
	struct free_space left = {.n_disks = 1,
				  .disk = {{"/scratch", 0, GIB, 0, 1000}},
				  .memory_total = GIB,
				  .memory_pressure = 1};
	struct watermarks w = {.limits = {0}};
	struct str why = {0};

	(void)state;
	assert_int_equal(watermarks_take(&w, &left, &why), WATERMARK_ENOUGH);
	w.limits.space = 1;
	assert_int_equal(watermarks_take(&w, &left, &why), WATERMARK_SPACE);
	str_done(&why);
}

/* Otherwise the run would stop and continue at every check. */
static void what_was_short_must_be_an_eighth_above_its_limit(void **state)
{
	static const struct {
		uint64_t free_mib, memory_mib;
		enum watermark low;
	} steps[] = {
		{80, 900, WATERMARK_ENOUGH}, {79, 900, WATERMARK_SPACE},
		{85, 900, WATERMARK_SPACE},  {89, 700, WATERMARK_SPACE},
		{90, 700, WATERMARK_MEMORY}, {85, 810, WATERMARK_MEMORY},
		{85, 900, WATERMARK_ENOUGH}, {85, 810, WATERMARK_ENOUGH},
	};
	struct watermarks w = {.limits = {.space = 80 * MIB, .memory = 800 * MIB}};
	struct free_space left = plenty;
	struct str why = {0};

	(void)state;
	left.n_disks = 1;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		left.disk[0].free_bytes = steps[i].free_mib * MIB;
		left.memory_bytes = steps[i].memory_mib * MIB;
		if (watermarks_take(&w, &left, &why) != steps[i].low)
			fail_msg("step %zu", i);
	}
	str_done(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_measure_has_a_default_that_fits_its_size),
		cmocka_unit_test(two_sizes_of_a_reason_differ),
		cmocka_unit_test(a_limit_of_zero_is_none),
		cmocka_unit_test(what_was_short_must_be_an_eighth_above_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
