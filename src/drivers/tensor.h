/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's `args`, for drivers whose kernels take tensors and scalars:
 *
 *   args: [ { f32: [128, 128], fill: 2 }          an input; also fill: "iota", file: "a.bin"
 *           { f32: [128, 128], out: true, expect: { fill: 42, rtol: 1e-5 } }
 *           { i64: 16384 } ]                      a scalar
 *
 * Each may have a `name`, for drivers that use names. An output that has `fill` or `file` is read
 * by the kernel, too. Any other output begins as bytes of 0xff (not a number, -1), or of 0x55 where
 * 0xff is expected, so that unwritten memory is never taken for a result.
 */
#ifndef DRIVERS_TENSOR_H
#define DRIVERS_TENSOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum tensor_type {
	TENSOR_F16,
	TENSOR_BF16,
	TENSOR_F32,
	TENSOR_F64,
	TENSOR_I8,
	TENSOR_I16,
	TENSOR_I32,
	TENSOR_I64,
	TENSOR_U8,
	TENSOR_U16,
	TENSOR_U32,
	TENSOR_U64,
	TENSOR_TYPE_COUNT
};

enum { TENSOR_DIMS = 5 };

/* Content of a tensor. */
enum tensor_source {
	TENSOR_UNSET, /* not given */
	TENSOR_FILL,  /* one value everywhere; the value of a scalar */
	TENSOR_IOTA,  /* 0, 1, 2, … */
	TENSOR_FILE,  /* raw bytes, as many as the tensor has */
};

struct tensor_content {
	enum tensor_source source;
	double real;
	int64_t integer; /* exact, for types of integers */
	const char *file;
};

struct tensor {
	const char *name; /* NULL: none was given */
	enum tensor_type type;
	bool is_scalar, is_out;
	unsigned n_dims;
	uint32_t dims[TENSOR_DIMS];
	uint64_t n, bytes; /* elements, bytes; of a scalar: 1 and its size */
	struct tensor_content content;
	struct tensor_content expect; /* UNSET: not compared */
	double rtol, atol;	      /* |is - wanted| <= atol + rtol * |wanted| */
};

const char *tensor_type_name(enum tensor_type t); /* "f32" */
size_t tensor_type_size(enum tensor_type t);

/* args: a JSON array, or NULL for none. All results are in mem. An error names the argument:
 * "args[2]: …". */
int tensors_read(const json_t *args, struct arena *mem, struct tensor **ret, size_t *ret_n,
		 struct error *err);
/* One element, as the nearest double. Values beyond the range of an integer type become its least
 * or largest value. */
double tensor_get(enum tensor_type type, const void *from);
void tensor_set(enum tensor_type type, void *to, double value);
/* Writes the content before the kernel runs: t->bytes bytes. */
int tensor_fill(const struct tensor *t, void *to, struct error *err);
/* got: the content afterwards. -1 with the number of wrong elements and the first of them. */
int tensor_check(const struct tensor *t, const void *got, struct error *err);

#endif
