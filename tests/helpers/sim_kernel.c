/* SPDX-License-Identifier: Apache-2.0 */
/* An image for driver sim; NUMBER distinguishes two of them. */
#include <dvsched/sim_kernel.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n_calls;

/* Each buffer of f32 that is an output gets NUMBER plus how often this image has run. */
static void write_number(const struct dvs_kernel_buffer *b)
{
	float *at = b->at;

	for (uint64_t i = 0; b->is_out && b->type == DVS_KERNEL_F32 && i < b->n; i++)
		at[i] = (float)(NUMBER + n_calls);
}

/* Its rank into the window, and the sum over all ranks back. */
static int sum_ranks(const struct dvs_kernel_args *a)
{
	int sum = 0, code;

	*(int *)a->window = a->rank + 1;
	if ((code = a->barrier(a->host)) != 0)
		return code;
	for (int r = 0; r < a->n_ranks; r++)
		sum += *(int *)((char *)a->window + (r - a->rank) * (int64_t)a->window_stride);
	return sum == a->n_ranks * (a->n_ranks + 1) / 2 ? 0 : 7;
}

int dvs_kernel(const struct dvs_kernel_args *a)
{
	if (strstr(a->params, "spin"))
		while (!a->is_cancelled(a->host))
			;
	if (strstr(a->params, "fail"))
		return 9;
	if (strstr(a->params, "return"))
		return (int)strtol(strpbrk(a->params, "0123456789"), NULL, 10);
	for (uint32_t i = 0; i < a->n_buffers; i++)
		write_number(&a->buffers[i]);
	n_calls++;
	a->progress(a->host, 1, 1);
	return a->window ? sum_ranks(a) : 0;
}
