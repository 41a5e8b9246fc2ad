/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/headroom/expected.h"

#include <unistd.h>

/* A job that takes less than this is not worth an account of it. */
enum { LEAST_MIB = 16 };

uint64_t expected_least_kib(uint64_t available_bytes, uint32_t max_parallel)
{
	uint64_t least_kib = available_bytes / 1024 / 2 / max_parallel;

	return least_kib < LEAST_MIB * 1024 ? LEAST_MIB * 1024 : least_kib;
}

void expected_init(struct expected *e, const struct plan *plan, uint32_t max_parallel,
		   const struct watermark_limits *limits)
{
	struct free_space_source source;
	struct free_space left;
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*e = (struct expected){.is_off = limits->memory == 0};
	if (e->is_off)
		return;
	free_space_source_init(&source, NULL, NULL);
	free_space_read(&source, &left);
	if (!max_parallel)
		max_parallel = n_cpus > 0 ? (uint32_t)n_cpus : 1;
	if (left.memory_total)
		e->past = past_memory_read(plan,
					   expected_least_kib(left.memory_bytes, max_parallel));
}

void expected_done(struct expected *e)
{
	past_memory_free(e->past);
	e->past = NULL;
}

/* Up to one of eight steps between two powers of two: jobs of equal needs are one class of the
 * scheduler. */
static uint64_t expected_round(uint64_t mib)
{
	uint64_t step = 1;

	while (mib / step >= 16)
		step *= 2;
	return (mib + step - 1) / step * step;
}

uint32_t expected_mib(const struct job_spec *spec, void *ctx)
{
	const struct expected *e = ctx;
	const struct tree_limits *limits = spec->rules->limits;
	uint64_t mib = 0;

	if (e->is_off)
		return 0;
	if (limits && limits->memory_bytes)
		mib = limits->memory_bytes >> 20;
	else if (e->past)
		mib = expected_round((past_memory_kib(e->past, spec->id) + 1023) / 1024);
	return mib < UINT32_MAX / 2 ? (uint32_t)mib : UINT32_MAX / 2;
}
