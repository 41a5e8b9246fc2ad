/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of numbers that a job computes on: its `args`, what `alloc` makes, buffers of the window.
 */
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
	bool is_owned;		     /* not a part of a window */
	const struct tensor *tensor; /* which of the job's `args` it is; NULL: none */
};

struct sim_vectors {
	struct sim_vector *at;
	size_t n, cap;
};

/* What an operation fills a vector with or compares it to: `fill`, `values`; `rtol`, `atol`. */
struct sim_values {
	json_t *values;	   /* NULL: fill */
	double fill, step; /* step: 1 for "iota" */
	bool is_there;
	double rtol, atol;
};

int32_t sim_values_read(const struct fields *r, struct sim_values *ret);

/* Zeroed memory; NULL with err. type, name: as in the struct. */
struct sim_vector *sim_vectors_add(struct sim_vectors *v, const char *name, enum tensor_type type,
				   size_t n, struct dvs_text *err);
/* On memory that is somebody else's. */
struct sim_vector *sim_vectors_add_view(struct sim_vectors *v, const char *name,
					enum tensor_type type, void *at, size_t bytes);
/* NULL with err: there is none. */
struct sim_vector *sim_vectors_need(const struct sim_vectors *v, const char *name,
				    struct dvs_text *err);
void sim_vectors_remove(struct sim_vectors *v, struct sim_vector *one);
void sim_vectors_done(struct sim_vectors *v);
uint64_t sim_vector_bytes(const struct sim_vector *v);

double sim_vector_get(const struct sim_vector *v, size_t i);
void sim_vector_set(struct sim_vector *v, size_t i, double to);
int32_t sim_vector_fill(struct sim_vector *v, const struct sim_values *with, struct dvs_text *err);
/* SIM_MISMATCH with the first difference and how many there are. */
int32_t sim_vector_compare(const struct sim_vector *v, const struct sim_values *with,
			   struct dvs_text *err);

#endif
