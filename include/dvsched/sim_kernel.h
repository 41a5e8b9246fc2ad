/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels for driver `sim`: a job with `image: "/path/to/x.so"` runs dvs_kernel() of that library,
 * on a thread of the worker that simulates the device. Build it with
 *
 *   cc -shared -fPIC -I<prefix>/include kernel.c -o kernel.so
 *
 * A kernel may compute on its buffers, print to standard output (the job's log), wait for the other
 * ranks and report progress. It must not keep threads or open files after it has returned: the
 * library is unmapped when its slot is reused.
 */
#ifndef DVSCHED_SIM_KERNEL_H
#define DVSCHED_SIM_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dvs_kernel_type {
	DVS_KERNEL_F16, /* 5 bits of exponent, 10 of mantissa */
	DVS_KERNEL_BF16,
	DVS_KERNEL_F32,
	DVS_KERNEL_F64,
	DVS_KERNEL_I8,
	DVS_KERNEL_I16,
	DVS_KERNEL_I32,
	DVS_KERNEL_I64,
	DVS_KERNEL_U8,
	DVS_KERNEL_U16,
	DVS_KERNEL_U32,
	DVS_KERNEL_U64
};

/* One for each of the job's `args` in their order (a scalar has one element), then one for each
 * buffer of the window. */
struct dvs_kernel_buffer {
	const char *name;
	void *at;
	uint64_t bytes;
	uint64_t n;	  /* elements */
	uint32_t type;	  /* enum dvs_kernel_type; u8 for buffers of the window */
	uint32_t is_out;  /* the job has `out: true` for it */
	uint64_t to_next; /* bytes from this rank's buffer to the next rank's; 0: not in the window
			   */
};

struct dvs_kernel_args {
	uint32_t size; /* of this struct: read no more than this */
	int32_t device, rank, n_ranks;
	uint32_t attempt; /* from 1 */
	uint32_t n_buffers;
	const char *job_id;
	const char *odir;   /* the job's directory */
	const char *params; /* JSON of the job's key `params`; "{}" if there is none */
	const struct dvs_kernel_buffer *buffers;
	void *window; /* of this rank; NULL: none. That of rank r is at window + (r - rank) * stride
		       */
	uint64_t window_bytes, window_stride;

	void *host; /* first argument of each function */
	/* Reports progress: done of total steps (0: unknown). The watchdogs see it, too. */
	void (*progress)(void *host, uint64_t done, uint64_t total);
	/* 1: the kernel should return soon, with any code. */
	int32_t (*is_cancelled)(void *host);
	/* Waits for all ranks. 0, or a code that the kernel must return: the barrier cannot be
	 * reached. */
	int32_t (*barrier)(void *host);
};

/* 0: success. 1 … 999: the kernel's own failure. Codes of a device (docs/reference/devices.md) mean
 * what they mean there. */
int dvs_kernel(const struct dvs_kernel_args *args);

#ifdef __cplusplus
}
#endif

#endif
