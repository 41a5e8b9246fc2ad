/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels for driver `sim`: a job with `image: "/path/to/x.so"` runs dvs_kernel() of that library,
 * on a thread of the worker that stands for the device. Build it with
 *
 *   cc -shared -fPIC -I<prefix>/include kernel.c -o kernel.so
 *
 * What it may do: compute on its buffers, print to standard output (the job's log), wait for the
 * other ranks, report how far it is. What it must not do: keep threads or open files after it has
 * returned; the library is unmapped when its slot is given up.
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

/* Each of the job's `args` in their order (a scalar has one element), then the window's buffers. */
struct dvs_kernel_buffer {
	const char *name;
	void *at;
	uint64_t bytes;
	uint64_t n;	  /* elements */
	uint32_t type;	  /* enum dvs_kernel_type; u8 for what is in the window */
	uint32_t is_out;  /* the job says `out: true` */
	uint64_t to_next; /* from this rank's to the next rank's, in bytes; 0: not in the window */
};

struct dvs_kernel_args {
	uint32_t size; /* of this struct: look at no more */
	int32_t device, rank, n_ranks;
	uint32_t attempt; /* from 1 */
	uint32_t n_buffers;
	const char *job_id;
	const char *odir;   /* the job's directory */
	const char *params; /* JSON of the job's key `params`; "{}" if there is none */
	const struct dvs_kernel_buffer *buffers;
	void *window; /* this rank's; NULL: none. Rank r's is at window + (r - rank) * stride */
	uint64_t window_bytes, window_stride;

	void *host; /* first argument of each */
	/* done of total steps (0: not known); also tells the watchdogs that something moves. */
	void (*progress)(void *host, uint64_t done, uint64_t total);
	/* 1: end soon, with any code. */
	int32_t (*is_cancelled)(void *host);
	/* Until all ranks are here. 0, or a code to return from the kernel: it will not be. */
	int32_t (*barrier)(void *host);
};

/* 0: success. 1 … 999: the kernel's own failure. Codes of a device (docs/reference/devices.md) mean
 * what they mean there. */
int dvs_kernel(const struct dvs_kernel_args *args);

#ifdef __cplusplus
}
#endif

#endif
