/* SPDX-License-Identifier: Apache-2.0 */
/* Multiplies its first two arguments, element by element. */
#include <dvsched/sim_kernel.h>

#include "isa.h"
#include "runtime.h"

int dvs_kernel(const struct dvs_kernel_args *args)
{
	const float *a = args->buffers[0].at, *b = args->buffers[1].at;
	float *out = args->buffers[2].at;

	(void)runtime;
	for (uint64_t i = 0; i < args->buffers[2].n; i++)
		out[i] = isa_mul(a[i], b[i]);
	return 0;
}
