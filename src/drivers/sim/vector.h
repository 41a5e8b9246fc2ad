/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of numbers of a job: its `args`, vectors of `alloc`, buffers of the window. */
#ifndef DRIVERS_SIM_VECTOR_H
#define DRIVERS_SIM_VECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/fields.h"
#include "drivers/tensor.h"

struct sim_vector {
	char name[64];
	enum tensor_type type;
	size_t n; /* elements */
	void *at;
	bool is_owned;		     /* at is freed with the vector; false: part of a window */
	const struct tensor *tensor; /* the one of the job's `args`; NULL: none */
};

struct sim_vectors {
	struct sim_vector *at;
	size_t n, cap;
};

/* Values with which an operation fills or compares a vector: `fill`, `values`; `rtol`, `atol`. */
struct sim_values {
	json_t *values;	   /* NULL: fill */
	double fill, step; /* step: 1 for "iota" */
	bool is_there;
	double rtol, atol;
};

int32_t sim_values_read(const struct fields *r, struct sim_values *ret);

/* Adds a vector of zeros. NULL with err. */
struct sim_vector *sim_vectors_add(struct sim_vectors *v, const char *name, enum tensor_type type,
				   size_t n, struct dvs_text *err);
/* Adds a vector on memory that is not its own. */
struct sim_vector *sim_vectors_add_view(struct sim_vectors *v, const char *name,
					enum tensor_type type, void *at, size_t bytes);
/* NULL with err: no vector has this name. */
struct sim_vector *sim_vectors_need(const struct sim_vectors *v, const char *name,
				    struct dvs_text *err);
void sim_vectors_remove(struct sim_vectors *v, struct sim_vector *one);
void sim_vectors_done(struct sim_vectors *v);
uint64_t sim_vector_bytes(const struct sim_vector *v);

double sim_vector_get(const struct sim_vector *v, size_t i);
void sim_vector_set(struct sim_vector *v, size_t i, double to);
int32_t sim_vector_fill(struct sim_vector *v, const struct sim_values *with, struct dvs_text *err);
/* 0, or SIM_MISMATCH with the first difference and the number of differences. */
int32_t sim_vector_compare(const struct sim_vector *v, const struct sim_values *with,
			   struct dvs_text *err);

#endif
